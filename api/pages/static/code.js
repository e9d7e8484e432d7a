// Reads an address code in any writing, without the server. geo/code.py is the specification, and its vectors
// (tests/vectors) test this module, too: symbols, check, keyboard accents, digits spoken on the telephone.

import { fold } from './fold.js';

const ALPHABET = '0123456789FHKMPRTVX';
const RADIX = BigInt(ALPHABET.length);
const LENGTH = 8;
const SPOKEN_LENGTH = 11;
const LONGEST = 200;
const MOST = 64;
const END = RADIX ** 7n;
const CONFUSED = '17 27 38 49 56 5F 68 08 06 7T 1T FP FT PR KR KX VX HM HK 4H PT PV TV 3R';

const LINK = /^\s*https?:\/\/[^\s/?#]+\/a\/([\w.~%-]{1,40})\/?(?:[?#]\S*)?\s*$/i;
const ANNOUNCED = /^\s*(?:(?:mã(?:\s+(?:địa\s+chỉ|đc)(?:\s+số)?)?|ma|code)(?![\p{L}\p{N}_])[\s:#]*|#\s*)/iu;
const DIGITS = { khong: 0, mot: 1, hai: 2, ba: 3, bon: 4, tu: 4, nam: 5, lam: 5, nham: 5, sau: 6, bay: 7, tam: 8, chin: 9 };

const LOOKALIKES = { O: '0', I: '1', L: '1', S: '5', Z: '2', B: '8', G: '6' };
const STROKE = '\u0335';
const [ACUTE, GRAVE, HOOK, TILDE, DOT, CIRCUMFLEX, HORN, BREVE] = '\u0301\u0300\u0309\u0303\u0323\u0302\u031b\u0306';
const ACCENTS = [ACUTE, GRAVE, HOOK, TILDE, DOT, CIRCUMFLEX, HORN, BREVE, STROKE];
const VNI = Object.fromEntries(ACCENTS.map((accent, at) => [accent, '123456789'[at]]));
const TELEX = { ...Object.fromEntries(ACCENTS.map((accent, at) => [accent, 'SFRXJ WWD'[at]])), [CIRCUMFLEX]: '' };
const ACCENTED = 'AEIOUYD';
const FOLLOWERS = 'IKMOPT';

/** `XXXX-XXXX` of a canonical code. */
export const shown = (code) => `${code.slice(0, 4)}-${code.slice(4)}`;

export const isDemo = (code) => code[0] === '0';

/** Returns {code}, or {error, suggestions} for an invalid text; suggestions are codes one slip away. */
export function readCode(text) {
  const stripped = stripAnnouncement(text);
  const written = validated(stripped);
  if (written.code || written.error !== 'code_wrong_length') return written.code ? written : { ...written, suggestions: suggestions(stripped) };
  const spoken = fromSpoken(stripped);
  if (spoken.code) return spoken;
  return { error: spoken.error === 'code_wrong_length' ? written.error : spoken.error, suggestions: suggestions(stripped) };
}

function stripAnnouncement(text) {
  const link = LINK.exec(text);
  if (link) return link[1];
  const composed = text.normalize('NFC');
  const word = ANNOUNCED.exec(composed);
  const rest = word ? composed.slice(word[0].length) : text;
  return spokenDigits(rest) ?? rest;
}

function spokenDigits(text) {
  const words = text.replace(/[,-]/g, ' ').split(/\s+/).filter(Boolean);
  if (words.length !== SPOKEN_LENGTH) return null;
  const digits = words.map((word) => DIGITS[fold(word)]);
  return digits.includes(undefined) ? null : digits.join('');
}

function validated(text) {
  const read = readings(text);
  return read ? only(read, LENGTH, ALPHABET, isCanonical) : { error: 'code_wrong_length' };
}

function fromSpoken(text) {
  const read = readings(text.replaceAll('.', ' '));
  if (!read) return { error: 'code_wrong_length' };
  const found = only(read, SPOKEN_LENGTH, '0123456789', isSpoken);
  if (found.error) return found;
  const serial = BigInt(found.code.slice(0, -2));
  return serial < END ? { code: fromSerial(serial) } : { error: 'code_out_of_range' };
}

function only(read, length, alphabet, passes) {
  const valid = read.filter(passes);
  if (valid.length === 1) return { code: valid[0] };
  if (valid.length) return { error: 'code_ambiguous' };
  const symbols = [...read[0]];
  if (symbols.length !== length) return { error: 'code_wrong_length' };
  if (symbols.some((symbol) => !alphabet.includes(symbol))) return { error: 'code_foreign_symbol' };
  return { error: 'code_wrong_check' };
}

/** Returns valid codes that one typing mistake turns into the text, the likeliest first. */
export function suggestions(text) {
  const read = readings(text);
  const asSpoken = readings(text.replaceAll('.', ' '));
  if (!read || !asSpoken) return [];
  const valid = read.filter(isCanonical);
  if (valid.length) return valid.length > 1 ? valid : [];
  const ranks = new Map();
  const spoken = [...asSpoken[0]].length === SPOKEN_LENGTH;
  for (const each of spoken ? asSpoken : read) {
    for (const [rank, code] of spoken ? correctedSpoken(each) : corrected([...each])) ranks.set(code, Math.min(rank, ranks.get(code) ?? rank));
  }
  return [...ranks].sort((one, other) => one[1] - other[1]).slice(0, MOST).map(([code]) => code);
}

const isSymbol = (symbol) => symbol.length === 1 && ALPHABET.includes(symbol);
const isCanonical = (code) => code.length === LENGTH && [...code].every(isSymbol) && checksum(code) === 1;

function checksum(symbols) {
  let total = 0;
  for (const symbol of symbols) total = (2 * total + ALPHABET.indexOf(symbol)) % ALPHABET.length;
  return total;
}

/** Returns the valid code with exactly one symbol between the two parts, seven symbols in all. */
function completed(before, after) {
  const missing = 1 - checksum(`${before}0${after}`) + ALPHABET.length;
  let inverse = 1; // of 2 to the power of the number of symbols that follow: 10 times 2 is 1 modulo 19
  for (let at = 0; at < after.length; at += 1) inverse = (inverse * 10) % ALPHABET.length;
  return before + ALPHABET[(missing * inverse) % ALPHABET.length] + after;
}

function fromSerial(serial) {
  let symbols = '';
  for (let rest = serial, at = 0; at < LENGTH - 1; at += 1, rest /= RADIX) symbols = ALPHABET[Number(rest % RADIX)] + symbols;
  return completed(symbols, '');
}

function isSpoken(digits) {
  if (!/^[0-9]{11}$/.test(digits)) return false;
  const serial = BigInt(digits.slice(0, -2));
  return digits.slice(-2) === String(98n - ((serial * 100n) % 97n)).padStart(2, '0');
}

function* corrected(symbols) {
  const foreign = symbols.flatMap((symbol, at) => (isSymbol(symbol) ? [] : [at]));
  if (foreign.length > 1) return;
  if (symbols.length === LENGTH - 1 && !foreign.length) yield* withMissing(symbols.join(''));
  else if (symbols.length === LENGTH) {
    yield* withWrong(symbols, foreign.length ? foreign : symbols.keys());
    if (!foreign.length) yield* withSwapped(symbols);
  } else if (symbols.length === LENGTH + 1) yield* withSurplus(symbols, foreign.length ? foreign : symbols.keys());
}

function* withWrong(symbols, places) {
  for (const place of places) {
    const code = completed(symbols.slice(0, place).join(''), symbols.slice(place + 1).join(''));
    const confused = CONFUSED.includes(symbols[place] + code[place]) || CONFUSED.includes(code[place] + symbols[place]);
    yield [confused ? 0 : place === LENGTH - 1 ? 2 : 3, code];
  }
}

function* withSwapped(symbols) {
  for (const [first, second] of pairs(LENGTH)) {
    const code = swapped(symbols, first, second);
    if (checksum(code) === 1) yield [second === first + 1 ? 1 : 2 + second - first, code];
  }
}

function* withMissing(reading) {
  for (let place = 0; place < LENGTH; place += 1) {
    const code = completed(reading.slice(0, place), reading.slice(place));
    yield [reading.slice(Math.max(place - 1, 0), place + 1).includes(code[place]) ? 0 : 1, code];
  }
}

function* withSurplus(symbols, places) {
  for (const place of places) {
    const code = symbols.filter((_, at) => at !== place).join('');
    if (checksum(code) === 1) yield [code.slice(Math.max(place - 1, 0), place + 1).includes(symbols[place]) ? 0 : 1, code];
  }
}

function* correctedSpoken(digits) {
  if (!/^[0-9]+$/.test(digits) || isSpoken(digits)) return;
  const candidates = [];
  for (let place = 0; place < SPOKEN_LENGTH; place += 1) {
    for (const digit of '0123456789') candidates.push([0, digits.slice(0, place) + digit + digits.slice(place + 1)]);
  }
  for (const [first, second] of pairs(SPOKEN_LENGTH)) candidates.push([second - first, swapped([...digits], first, second)]);
  for (const [rank, meant] of candidates) {
    const serial = BigInt(meant.slice(0, -2));
    if (isSpoken(meant) && serial < END) yield [rank, fromSerial(serial)];
  }
}

function* pairs(many) {
  for (let first = 0; first < many; first += 1) for (let second = first + 1; second < many; second += 1) yield [first, second];
}

function swapped(symbols, first, second) {
  const made = [...symbols];
  [made[first], made[second]] = [symbols[second], symbols[first]];
  return made.join('');
}

/** Returns every reading of a text, VNI first; null if it is too long. */
function readings(text) {
  if ([...text].length > LONGEST) return null;
  const letters = writtenLetters(text);
  const hopeless = letters.reduce((sum, letter) => sum + [...letter].length, 0) > SPOKEN_LENGTH;
  const found = new Set();
  for (const keys of [VNI, TELEX]) {
    for (const typed of products(typedLetters(letters, keys))) {
      found.add([...typed].map((symbol) => LOOKALIKES[symbol] ?? symbol).join(''));
      if (hopeless) return [...found];
    }
  }
  return [...found];
}

/** Returns letters, each followed by its accents; '' for each separator. */
function writtenLetters(text) {
  const written = [''];
  for (const raw of text.normalize('NFKD')) {
    for (const char of raw === 'đ' || raw === 'Đ' ? ['D', STROKE] : [raw >= 'a' && raw <= 'z' ? raw.toUpperCase() : raw]) {
      const last = written.at(-1);
      if (/^[\p{Cf}\u034f\ufe0e\ufe0f]$/u.test(char)) continue;
      if (/^[\s\u001c-\u001f\u0085\p{Pd}\u2212\u2053\u2043]$/u.test(char)) written.push('');
      else if (ACCENTS.includes(char) && last && ACCENTED.includes(last[0]) && last.length < 3) written[written.length - 1] += char;
      else written.push(char);
    }
  }
  return written;
}

/** Returns for each letter the ways to type it and its accents. */
function typedLetters(written, keys) {
  const ways = [];
  for (let at = 0; at < written.length; at += 1) {
    const [letter = '', ...marks] = written[at];
    const accents = marks.map((mark) => keys[mark] || letter);
    const follower = written[at + 1] ?? '';
    const taken = accents.length > 0 && follower.length === 1 && FOLLOWERS.includes(follower);
    const between = taken ? follower : '';
    ways.push(permutations(accents).flatMap((order) => {
      const places = taken ? Array.from({ length: accents.length + 1 }, (_, place) => accents.length - place) : [accents.length];
      return places.map((place) => letter + order.slice(0, place).join('') + between + order.slice(place).join(''));
    }));
    if (taken) at += 1;
  }
  return ways;
}

const permutations = (items) => (items.length < 2 ? [items]
  : items.flatMap((item, at) => permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest])));

function* products(ways, at = 0) {
  if (at === ways.length) { yield ''; return; }
  for (const way of ways[at]) for (const rest of products(ways, at + 1)) yield way + rest;
}
