"""The style sheet of the report, for phones, desktops and A4."""

from typing import Final

STYLE: Final = """
:root{--ink:#1b2733;--soft:#51606d;--line:#d5dce2;--enamel:#14418b}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink);
background:#fff;-webkit-text-size-adjust:100%}
header,main,footer{max-width:1040px;margin:0 auto;padding:0 16px}
header{padding-top:24px}
header p{margin:0;color:var(--soft)}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 8px}
h2{font-size:1.25rem;margin:32px 0 8px;break-after:avoid}
.warn{display:inline-block;margin:4px 8px 4px 0!important;padding:4px 10px;border-radius:6px;
background:#fdf1d7;color:#6b4200!important;font-size:.9rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:8px;margin:16px 0}
dl>div{border:1px solid var(--line);border-radius:8px;padding:8px 12px;break-inside:avoid}
dt{font-size:.85rem;color:var(--soft)}
dd{margin:0;font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25}
small{display:block;font-size:.78rem;font-weight:400;color:var(--soft)}
figure{margin:16px 0;break-inside:avoid}
.map>svg{display:block;width:100%;height:auto;max-height:820px;border:1px solid var(--line);
border-radius:8px;background:#f3f7fa}
.map a:hover path{stroke:#1b2733;stroke-width:2}
figcaption{font-size:.85rem;color:var(--soft);margin-top:8px}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0;padding:0;list-style:none}
.legend svg{vertical-align:-3px}
.trend svg{display:block;width:100%;max-width:720px;height:auto}
@media screen and (max-width:760px){
.choropleth-wide{display:none}
.choropleth-phone{display:inline}
.trend svg{font-size:23px}
}
ul{padding-left:20px}
a{color:var(--enamel)}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{text-align:left;font-size:.82rem;color:var(--soft);font-weight:600}
th,td{padding:5px 8px 5px 0;border-bottom:1px solid var(--line);vertical-align:baseline}
td:first-child{color:var(--soft);width:2.5em}
.n{text-align:right}
.n,td:nth-child(3){white-space:nowrap}
td:nth-child(3) i{display:none}
td b{display:inline-block;height:.6em;background:#26499d;margin-right:6px;border-radius:2px;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
i{font-size:.8rem;color:var(--soft)}
section{border-top:3px solid var(--enamel);margin-top:48px}
footer{border-top:1px solid var(--line);margin-top:40px;padding-top:12px;padding-bottom:24px;
font-size:.85rem;color:var(--soft)}
@media(max-width:640px){
th:nth-child(5),td:nth-child(5),th:nth-child(7),td:nth-child(7){display:none}
h1{font-size:1.45rem}
td b{display:none}
td:nth-child(3) i{display:block}
}
@page{size:A4;margin:14mm 13mm}
@media print{
body{font-size:10.5pt}
header,main,footer{max-width:none;padding-left:0;padding-right:0}
header{padding-top:0}
.map>svg{max-height:165mm;-webkit-print-color-adjust:exact;print-color-adjust:exact}
figcaption svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.warn{border:1px solid #b8860b}
dl{grid-template-columns:repeat(6,1fr);gap:6px}
dl>div{padding:5px 8px}
dd{font-size:1.05rem}
small{font-size:.68rem}
table{font-size:8.8pt}
th,td{padding-top:3px;padding-bottom:3px}
thead{display:table-header-group}
tr{break-inside:avoid}
section{break-before:page;margin-top:0;border-top:0}
section .map>svg{max-height:112mm}
section .ranking{columns:2;column-gap:7mm}
section table{font-size:7.6pt}
section th{font-size:7pt}
section th,section td{padding:1.5px 4px 1.5px 0}
section td:first-child{width:1.8em}
section td:nth-child(3) i{font-size:6.4pt}
section th:nth-child(5),section td:nth-child(5),section th:nth-child(7),section td:nth-child(7){
display:none}
section td:nth-child(3) i{display:inline}
section td b{display:none}
a{color:inherit;text-decoration:none}
}
"""
"""A self-contained style sheet."""
