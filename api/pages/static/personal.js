// Detects personal data before sending; the server refuses the same (registry/core/personal.py).

import { _ } from './ui.js';

const NUMBERS = /\d(?:[ .()]{0,3}\d){8}|(?:\b0|\+ ?84|\b84[ )])(?:[ .()-]{0,3}\d){8}|@|https?:|www\./i;
// Public places have such names as well: chợ Bà Chiểu, phố Bà Triệu (geo/lexicon/people.csv).
const PEOPLE = /(?:^|[^\p{L}])(?<!(?:phố|đường|ngõ|hẻm|kiệt|ngách|chợ|cầu|chùa|đền|đình|miếu|lăng|trường|bến|dốc|cống|kênh|rạch|núi|hồ|thôn|ấp|xóm|ngã ba|ngã tư|công viên|tượng)\s+)(?:ông|bà|anh|chị|cô|chú|bác|cụ|Ông|Bà|Anh|Chị|Cô|Chú|Bác|Cụ)\s+\p{Lu}/u;

export const LEAVE_OUT = _('Leave out names, telephone numbers and mail.');

/** Whether a text contains a telephone or identity number, a mail address or a link. */
export const isPersonal = (written) => NUMBERS.test(written.normalize('NFKC'));

/** Whether it names the owner of a house; streets are named after people as well. */
export const namesPerson = (written) => PEOPLE.test(written.normalize('NFC'));
