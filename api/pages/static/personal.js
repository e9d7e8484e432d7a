// What nobody may write into the register, told before it is sent; the server refuses the same (registry/core/personal.py).

import { _ } from './ui.js';

const NUMBERS = /\d(?:[ .()]{0,3}\d){8}|(?:\b0|\+ ?84|\b84[ )])(?:[ .()-]{0,3}\d){8}|@|https?:|www\./i;
// Places of the public are called so, too: chợ Bà Chiểu, phố Bà Triệu (geo/lexicon/people.csv).
const PEOPLE = /(?:^|[^\p{L}])(?<!(?:phố|đường|ngõ|hẻm|kiệt|ngách|chợ|cầu|chùa|đền|đình|miếu|lăng|trường|bến|dốc|cống|kênh|rạch|núi|hồ|thôn|ấp|xóm|ngã ba|ngã tư|công viên|tượng)\s+)(?:ông|bà|anh|chị|cô|chú|bác|cụ|Ông|Bà|Anh|Chị|Cô|Chú|Bác|Cụ)\s+\p{Lu}/u;

export const LEAVE_OUT = _('Leave out names, telephone numbers and mail.');

/** Whether a text holds a telephone or identity number, a mail address or a link. */
export const isPersonal = (written) => NUMBERS.test(written.normalize('NFKC'));

/** Whether it says whose house it is; streets are called after people as well. */
export const namesPerson = (written) => PEOPLE.test(written.normalize('NFC'));
