// Search in a pack (docs/pack.md) without a network. A Commune consists of a full pack and later changes.

import { fold } from './fold.js';
import { checked, PackError, unpacked } from './pack_file.js';
import { DWELLING_WORDS, NUMBER_WORDS, PLACE_WORDS, UNIT_WORDS } from './pack_words.js';

const MILLION = 1e6;
const METRES_A_DEGREE = 111_195;
const NOWHERE = -(2 ** 31);
const NONE = [];
const MOST = 20;

/** Returns the commune of these files, the full pack first; throws PackError. */
export async function openCommune(files, keys, register = null) {
  const layers = [];
  for (const file of files) {
    const { header, content } = await checked(file, keys, register);
    const below = layers.at(-1)?.header;
    if (below ? header.since !== below.cursor || header.commune !== below.commune : header.kind !== 'whole') throw new PackError('wrong_base');
    layers.push({ header, held: await unpacked(content) });
  }
  return new Commune(layers);
}

const eights = (text) => text.match(/.{8}/g) ?? [];

class Commune {
  constructor(layers) {
    const { header, held } = layers.at(-1);
    this.header = header;
    this.held = held;
    this.streets = held.streets;
    this.localities = held.localities;
    this.units = new Set([held.commune.words, ...held.before].filter(Boolean).flatMap((words) => words.split(', ').map(fold)).flatMap((unit) => [unit, unit.replace(KIND_OF_UNIT, '')]));
    this.doors = [];
    this.retired = new Map();
    const gone = new Set();
    for (const layer of layers.toReversed()) this.#add(layer.held, gone);
    if (layers.length > 1) this.doors = inOrder(this.doors);
    this.at = new Map(this.doors.map(({ code }, at) => [code, at])); // code → index of the door
    this.places = [...this.#named('street', this.streets), ...this.#named('locality', this.localities)];
    this.#sortIn();
  }

  /** Doors of a layer that no newer layer contains. */
  #add(held, gone) {
    const streetAt = new Map(this.streets.id.map((id, at) => [id, at]));
    const localityAt = new Map(this.localities.id.map((id, at) => [id, at]));
    const { doors } = held;
    const of = (name) => (Array.isArray(doors[name]) ? (at) => doors[name][at] : () => doors[name]);
    const get = Object.fromEntries(Object.keys(doors).map((name) => [name, of(name)]));
    const place = (known, ids, at) => (at === null ? null : known.get(ids[at]) ?? null);
    const before = new Map(held.labels_before.door.map((at, row) => [at, held.labels_before.label[row]]));
    const former = new Map();
    held.former_numbers.door.forEach((at, row) => former.set(at, [...former.get(at) ?? [], { number: held.former_numbers.number[row], street: held.former_numbers.street[row] }]));
    const entrances = entrancesOf(held);
    const several = new Map(held.several_numbers?.door.map((at, row) => [at, held.several_numbers.numbers[row]]));
    const codes = eights(doors.code);
    let [x, y] = [0, 0];
    for (let at = 0; at < codes.length; at += 1) {
      const [dx, dy] = [get.x(at), get.y(at)];
      if (dx !== null) { x += dx; y += dy; }
      const code = codes[at];
      if (!gone.has(code)) {
        this.doors.push({
          code,
          kind: get.kind(at),
          status: get.status(at),
          street: place(streetAt, held.streets.id, get.street(at)),
          locality: place(localityAt, held.localities.id, get.locality(at)),
          number: get.number(at),
          path: get.path(at) ?? get.number(at),
          inside: get.inside(at),
          parent: get.parent(at),
          units: held.before[get.before(at)] ?? null,
          before: before.get(at),
          households: get.households(at),
          x: dx === null ? NOWHERE : x,
          y: dx === null ? NOWHERE : y,
          method: get.method(at),
          accuracy: get.accuracy_m(at),
          verified: get.verified_on(at),
          hint: get.hint(at),
          uses: get.uses?.(at) ?? null, // older packs have none
          entrances: entrances.get(at) ?? NONE,
          former: former.get(at) ?? NONE,
          several: several.get(at) ?? NONE,
        });
      }
    }
    eights(held.retired.code).forEach((code, row) => { if (!gone.has(code)) this.retired.set(code, eights(held.retired.to[row])); });
    for (const code of [...codes, ...eights(held.retired.code), ...eights(held.removed ?? '')]) gone.add(code);
  }

  #named(kind, table) {
    return table.name.map((name, at) => ({ kind, at, name, former: table.former[at], doors: [], ways: ways(name, table.former[at]) }));
  }

  /** The doors of a street or locality. */
  #sortIn() {
    const streets = this.streets.id.length;
    this.doors.forEach((door, at) => {
      if (door.street !== null) this.places[door.street].doors.push(at);
      for (let within = door.locality; within !== null; within = this.localities.in[within]) this.places[streets + within].doors.push(at);
    });
  }

  label(door) { return this.#line(door, this.held.commune.words, false); }

  /** The label of 30 June 2025; null if unknown. */
  labelBefore(door) {
    if (door.before !== undefined) return door.before;
    return door.units === null ? null : this.#line(door, door.units, true);
  }

  #line(door, units, then) {
    const { streets, localities } = this;
    const street = door.street === null ? null : (then && streets.before[door.street]) || streets.name[door.street];
    const words = [door.inside, [door.number, street].filter(Boolean).join(' ')];
    let within = door.locality;
    if (then && within !== null && localities.before[within]) {
      words.push(localities.before[within]);
      within = null;
    }
    for (; within !== null; within = localities.in[within]) words.push(localities.name[within]);
    return [...words, units].filter(Boolean).join(', ');
  }

  /** The door with a code, or the successors of a retired one. */
  lookup(code) {
    const at = this.at.get(code);
    if (at !== undefined) return { door: this.doors[at] };
    return this.retired.has(code) ? { successors: this.#onward(code, new Set()) } : null;
  }

  #onward(code, seen) {
    seen.add(code);
    const heirs = this.retired.get(code).flatMap((heir) => (this.retired.has(heir) ? (seen.has(heir) ? [] : this.#onward(heir, seen)) : [heir]));
    return [...new Set(heirs)];
  }

  point(door) { return door.x === NOWHERE ? null : [door.x / MILLION, door.y / MILLION]; }

  /** Entrances other than the point; for a flat without its own, those of its building, `of`. */
  entrances(door) {
    const building = door.entrances.length || door.parent === null ? undefined : this.at.get(door.parent);
    if (building === undefined) return { list: door.entrances, of: null };
    return { list: this.doors[building].entrances, of: door.parent };
  }

  /** The doors nearest to a point, with metres, measured to the nearest entrance. */
  nearest([lon, lat], many = 10) {
    const across = Math.cos((lat * Math.PI) / 180) * METRES_A_DEGREE;
    const away = ({ x, y }) => Math.hypot((x / MILLION - lon) * across, (y / MILLION - lat) * METRES_A_DEGREE);
    const found = [];
    let furthest = Infinity;
    for (const door of this.doors) {
      const { list } = this.entrances(door);
      const ways = list.map(away);
      // The point is the main entrance, unless one of the entrances is.
      if (door.x !== NOWHERE && !list.some(({ kind }) => kind === 'main')) ways.push(away(door));
      if (ways.length) {
        const metres = ways.length === 1 ? ways[0] : Math.min(...ways);
        if (metres < furthest) {
          found.push({ door, metres });
          if (found.length > 4 * many) {
            found.sort(nearer).splice(many);
            furthest = found.at(-1).metres;
          }
        }
      }
    }
    return found.sort(nearer).slice(0, many);
  }

  /** Doors and places that a text names: number and street or hamlet, by current or former names, with or without
      diacritics. Each with `rank`, the best first. */
  search(text) {
    const words = this.#withoutUnits(text);
    if (!words.length) return [];
    const marked = text.normalize('NFC').toLowerCase();
    const glued = gluedSteps(text);
    const found = new Map();
    const keep = (hit) => {
      const key = hit.door ? hit.door.code : `${hit.place.kind} ${hit.place.at}`;
      if (!(found.get(key)?.rank >= hit.rank)) found.set(key, hit);
    };
    const matches = this.places.map((place) => [place, matched(place, words, marked)]).filter(([, match]) => match);
    for (const [place, match] of matches) {
      // A label contains street and hamlets.
      const rest = matches.reduce((left, [, { list }]) => less(left, list), match.rest);
      this.#doorsOf(place, { ...match, rest }, glued, keep);
    }
    if (!found.size) this.#otherwise(words, keep);
    const best = Math.max(...[...found.values()].map(({ isExact, rank }) => (isExact ? rank : 0)));
    return [...found.values()].filter(({ missing, place, rank }) => !missing || place.number || rank > best).sort((one, other) => other.rank - one.rank).slice(0, MOST);
  }

  /** The words of a text without the commune, district and province after the door, current or former. */
  #withoutUnits(text) {
    const [first, ...more] = text.split(',').map(fold);
    const parts = more.filter((part) => !this.units.has(part) && !this.units.has(part.replace(KIND_OF_UNIT, '')));
    let line = ` ${[first, ...parts].join(' ')} `;
    for (const unit of this.units) {
      if (KIND_OF_UNIT.test(unit) && line.includes(` ${unit} `) && line.trim() !== unit) line = line.replace(` ${unit} `, ' ');
    }
    return line.split(' ').filter(Boolean);
  }

  #doorsOf(place, { rank, rest, former }, glued, keep) {
    const words = rest.filter((word) => !KINDS.has(word));
    const typed = numberTyped(words);
    let some = false;
    for (const at of typed ? place.doors : NONE) {
      const door = this.doors[at];
      const fit = numberFit(door.path, typed);
      if (fit) keep({ door, former, isExact: fit === EXACT, rank: rank + fit });
      some ||= fit === EXACT;
      for (const { number } of door.former) {
        if (numberFit(number, typed) !== EXACT) continue;
        some = true;
        keep({ door, formerNumber: number, former, rank: rank + 1 });
      }
    }
    for (const at of some || !typed ? NONE : place.doors) {
      const door = this.doors[at];
      if (!door.several.some((number) => numberFit(number, typed) === EXACT)) continue;
      some = true;
      keep({ door, former, rank: rank + 2 });
    }
    if (!some && typed) some = this.#inside(place, typed.forward.split(' '), glued, (hit) => keep({ ...hit, former, rank: rank + EXACT }));
    // Without a number, or with one that does not exist there.
    if (!some) keep({ place, former, missing: typed && rest.every(isOfNumber) ? words.filter((word) => word !== 'so' && word !== 'nha') : null, rank: typed ? rank - 1 : rank + 1 });
  }

  /** Doors by what precedes their number, `401 S1 47`; without a match, all doors of the number.
      Answers whether there are any. */
  #inside(place, steps, glued, keep) {
    const numbers = new Map();
    for (const at of place.doors) {
      const { path } = this.doors[at];
      const rest = path === null ? null : without(folded(path).split(' '), steps, glued);
      if (rest) numbers.set(path, { rest, doors: [...numbers.get(path)?.doors ?? [], at] });
    }
    const some = [...numbers.values()].filter(({ doors }) => doors.some((at) => this.doors[at].inside));
    const called = some.map(({ rest, doors }) => ({ doors: doors.filter((at) => isInside(this.doors[at], rest)) })).filter(({ doors }) => doors.length);
    for (const { doors, rest } of called.length ? called : some) {
      const [{ number, path }] = doors.map((at) => this.doors[at]);
      if (!rest && doors.length <= MOST) for (const at of doors) keep({ door: this.doors[at] });
      else keep({ place: { ...place, at: `${place.at} ${path}`, number, name: `${number} ${place.name}`, doors }, missing: rest });
    }
    return some.length > 0;
  }

  /** Without a street or hamlet: a building, or a number alone. */
  #otherwise(words, keep) {
    const typed = numberTyped(words);
    if (!typed) return;
    const isNumber = /^(\S*\d\S*|\S)( (\S*\d\S*|\S))*$/.test(typed.forward);
    const wanted = typed.forward.split(' ').map((word) => ` ${word} `);
    for (const door of this.doors) {
      if (door.inside && wanted.every((word) => ` ${folded(door.inside)} `.includes(word))) keep({ door, rank: door.kind === 'building' ? 3 : 2 });
      else if (isNumber && numberFit(door.path, typed) === EXACT) keep({ door, rank: 1 });
    }
  }
}

/** Doors in the order of a full pack: by street, hamlet, number and building, including changed ones. */
function inOrder(doors) {
  const key = ({ street, locality, path, inside }) => [(street ?? -1) + 1, (locality ?? -1) + 1, path ?? '', ...(inside ?? '').split(', ').reverse()]
    .map((part) => String(part).replace(/^\D/, '!$&').replaceAll('/', '~').replace(/\d+/g, (digits) => digits.padStart(9, '0'))).join('\t');
  const sorted = doors.map((door) => [key(door), door]);
  return sorted.sort(([one], [other]) => (one < other ? -1 : Number(one > other))).map(([, door]) => door);
}

/** Index of the door → its entrances. */
function entrancesOf({ entrances }) {
  const found = new Map();
  let [x, y] = [0, 0];
  entrances?.door.forEach((at, row) => { // older packs have none
    x += entrances.x[row];
    y += entrances.y[row];
    const way = { kind: entrances.kind[row], x, y, point: [x / MILLION, y / MILLION], accuracy: entrances.accuracy_m[row], note: entrances.note[row], seen: entrances.seen_on[row] };
    found.set(at, [...found.get(at) ?? [], way]);
  });
  return found;
}

/** Metres between two close points, [lon, lat]. */
export const between = ([lon, lat], [x, y]) => Math.hypot((x - lon) * Math.cos((lat * Math.PI) / 180), y - lat) * METRES_A_DEGREE;

const nearer = (one, other) => one.metres - other.metres;

const known = new Map();
/** `fold`, cached for each text of a pack. */
function folded(text) {
  let key = known.get(text);
  if (key === undefined) known.set(text, key = fold(text));
  return key;
}

const EXACT = 3;
/** Words before the steps of a number. */
const FILLERS = new Set(NUMBER_WORDS);
/** Remainder of a place whose kind was written differently. */
const KINDS = new Set(PLACE_WORDS);
/** Words for a dwelling in a building. */
const DWELLINGS = new RegExp(`(?<= )(${DWELLING_WORDS.join('|')})(?= )`, 'g');
/** `p 13` and `p13`. */
const KIND_OF_UNIT = new RegExp(`^(${UNIT_WORDS.join('|')})( |(?=\\d))`);

const isOfNumber = (word) => /^\p{L}$|\d/u.test(word) || FILLERS.has(word) || word === 'duong' || word === 'pho';

/** The number in words, as typed and reversed: `ngách 34 ngõ 12` is 12/34. Null if there is none. */
function numberTyped(words) {
  const steps = words.filter((word) => !FILLERS.has(word));
  return steps.length ? { forward: steps.join(' '), backward: steps.toReversed().join(' ') } : null;
}

/** 3 if a number equals the typed one, 1 if it begins with it, else 0. */
function numberFit(path, { forward, backward }) {
  if (path === null) return 0;
  const key = folded(path);
  if (key === forward || key === backward) return EXACT;
  return key.startsWith(forward) ? 1 : 0;
}

/** Steps joined by slashes, `19/10/9`: none of them is a number by itself. */
const gluedSteps = (text) => new Set(text.split(/[\s,]+/).flatMap((token) => {
  const steps = token.split('/').map(fold);
  return steps.slice(1).map((step, at) => `${steps[at]} ${step}`);
}));

/** Words without a given sequence, if they contain it. */
function less(words, list) {
  const at = words.findIndex((_, from) => list.every((word, step) => words[from + step] === word));
  return at < 0 ? words : [...words.slice(0, at), ...words.slice(at + list.length)];
}

/** Steps without a number, as typed or reversed; null if they do not contain it. */
function without(number, steps, glued) {
  for (const order of [number, number.toReversed()]) {
    for (let at = 0; at + order.length <= steps.length; at += 1) {
      const end = at + order.length;
      const isWhole = ![at, end].some((cut) => glued.has(`${steps[cut - 1]} ${steps[cut]}`));
      if (isWhole && order.every((step, place) => steps[at + place] === step)) return [...steps.slice(0, at), ...steps.slice(end)];
    }
  }
  return null;
}

function isInside({ inside }, words) {
  const named = ` ${words.join(' ')} `.replace(DWELLINGS, '').split(' ').filter(Boolean);
  return inside !== null && named.every((word) => ` ${folded(inside)} `.includes(` ${word} `));
}

/** The words of a name, with and without its kind, the current name first. */
function ways(name, former) {
  return [name, ...former].map((written, at) => {
    const words = fold(written).split(' ');
    const shorter = [1, 2].map((less) => words.slice(less)).filter((rest) => rest.some((word) => /^\p{L}{2,}$/u.test(word)));
    return { written: written.normalize('NFC').toLowerCase(), former: at > 0 ? written : null, lists: [words, ...shorter] };
  });
}

/** How well words match a place, and the remaining words; null without a match. */
function matched(place, words, marked) {
  let best = null;
  for (const { written, former, lists } of place.ways) {
    for (const list of lists) {
      const at = within(words, list);
      if (at >= 0) {
        const rank = 10 * list.length + (former ? 0 : 2) + (marked.includes(written.split(' ').slice(-list.length).join(' ')) ? 1 : 0);
        if (!best || rank > best.rank) best = { rank, former, list, rest: [...words.slice(0, at), ...words.slice(at + list.length)] };
      }
    }
  }
  return best;
}

/** Position of a sequence among words; the very last word may be incomplete. */
function within(words, list) {
  for (let at = 0; at + list.length <= words.length; at += 1) {
    const last = at + list.length === words.length;
    if (list.every((word, step) => words[at + step] === word || (last && step === list.length - 1 && words[at + step].length > 1 && word.startsWith(words[at + step])))) return at;
  }
  return -1;
}
