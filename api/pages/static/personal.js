// What nobody may write into the register, told before it is sent; the server refuses the same (registry/personal.py).

const NUMBERS = /\d(?:[ .()]{0,3}\d){8}|(?:\b0|\+ ?84|\b84[ )])(?:[ .()-]{0,3}\d){8}|@|https?:|www\./i;
const PEOPLE = /(?:^|[^\p{L}])(?:ông|bà|anh|chị|cô|chú|bác|cụ|Ông|Bà|Anh|Chị|Cô|Chú|Bác|Cụ)\s+\p{Lu}/u;

/** Whether a text holds a telephone or identity number, a mail address or a link. */
export const isPersonal = (written) => NUMBERS.test(written.normalize('NFKC'));

/** Whether it says whose house it is; streets are called after people as well. */
export const namesPerson = (written) => PEOPLE.test(written.normalize('NFC'));
