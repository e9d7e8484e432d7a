// Words of the lexicon by what they open, folded, for packs that are asked without a network.
// <!-- generated: pack_words -->

export const NUMBER_WORDS = 'nghach,alley,house,ngach,kiet,lane,hem,ngh,ngo,nha,ng,no,sn,so'.split(',');
export const PLACE_WORDS = 'boulevard,quarter,avenue,khupho,street,duong,group,palei,buon,kdtm,khoi,khom,kpho,ktdc,lang,mbqh,phum,plei,pley,road,thon,ave,ban,bon,ccn,cdc,cho,cum,day,doi,kcn,kcx,kdc,kdt,khu,ktt,ktx,ltl,pho,soc,str,tdc,tdp,xom,ap,cc,cx,dg,dh,dl,ds,dt,dx,hl,kp,kv,lo,mb,ph,ql,rd,st,tk,tl,to,xl,d,p'.split(',');
export const DWELLING_WORDS = 'khu chung cu,nha chung cu,khu tap the,don nguyen,khu can ho,apartment,can ho ch,can ho so,ki tuc xa,shophouse,tang tret,building,chung cu,phong so,tang ham,toa thap,quay so,tang so,tap the,toa nha,can ho,can so,cao oc,sap so,block,floor,ki ot,kiosk,phong,tower,bloc,c cu,kios,kiot,lock,quay,room,tang,thap,unit,apt,blk,c c,can,ktt,ktx,lau,loc,sap,toa,cc,ch,dn,p'.split(',');
export const UNIT_WORDS = 'thanh pho truc thuoc trung uong,special zone,huyen dao,thanh pho,district,province,thi tran,township,commune,dac khu,phuong,t tran,thi xa,thu do,huyen,t pho,city,dist,quan,t xa,tinh,town,ward,t p,t t,t x,ttr,ph,tp,tt,tx,xa,f,h,p,q,t,x'.split(',');

// <!-- end -->
