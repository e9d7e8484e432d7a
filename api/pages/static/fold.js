// The key by which names are compared without diacritics, as in geo/text.py: lower case, no diacritics, words with
// single spaces, i for a final y after a consonant.

const STROKES = { đ: 'd', ð: 'd', ɖ: 'd', ƀ: 'b', ɓ: 'b', ł: 'l', ø: 'o', ß: 'ss' };
const APOSTROPHES = /[ʹʻʼʽˈˊˋ]/g;
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;

const LONE_Y = /(?<![\p{L}\p{N}])([bcdghklmnprstvx]{1,3}|qu)y(?![\p{L}\p{N}])/gu;

export function fold(text) {
  // Most texts are numbers, thousands of them in a pack.
  if (/^[\x20-\x7e]*$/.test(text)) return text.toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim().replace(LONE_Y, '$1i');
  return text.normalize('NFKD').toLowerCase().normalize('NFD')
    .replace(APOSTROPHES, ' ').replace(INVISIBLE, '').replace(/\p{M}/gu, '')
    .replace(/[đðɖƀɓłøß]/g, (letter) => STROKES[letter])
    .replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
    .replace(LONE_Y, '$1i');
}
