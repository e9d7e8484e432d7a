// The page /packs: search in the packs of this device, download and update them.

import { isDemo, readCode, shown } from './code.js';
import { fold } from './fold.js';
import { sendReports } from './outbox.js';
import { pin } from './map.js';
import { between, openCommune } from './pack.js';
import { dropMap, keepParts, mapBytes, mapOf, takeMap } from './packs_map.js';
import { entranceWords, position, reportButtons, reportNew, showOutbox } from './packs_reports.js';
import { sketch } from './sketch.js';
import { all, get, put, remove, whyNotKept as why } from './store.js';
import { _, call, make, mapApp, menu, number } from './ui.js';

const OLD_DAYS = 30;
const DAY_MS = 86_400_000;
const MOST_LAYERS = 20;
const root = document.querySelector('.hand');
const at = (id) => document.getElementById(id);
const communes = new Map(); // code → Commune
let opened = [];

// --- storage --------------------------------------------------------------------------------------

async function open() {
  opened = await all('opened');
  at('address').value = (await get('known', 'draft'))?.address ?? '';
  if (at('address').value) at('address').closest('details').open = true;
  const known = await get('known', 'keys');
  for (const pack of await all('packs')) {
    try {
      communes.set(pack.id, await openCommune(pack.files.map((file) => new Uint8Array(file)), known.keys, known.register));
    } catch (error) {
      say(`${pack.name}: ${error.message}`, 'wrong');
    }
  }
  showPacks();
  find();
}

function say(text, kind = 'thanks') {
  at('packs-notice').className = text ? kind : '';
  at('packs-notice').textContent = text;
}

// --- packs -----------------------------------------------------------------------------------------

async function fetched(url) {
  let response;
  try {
    response = await call(url);
  } catch {
    throw new Error(_('No network: nothing was taken.'));
  }
  if (response.ok) return response;
  if (response.status === 401 || response.status === 403) throw new Error(_('Sign in with a carrier’s key first.'));
  const problem = await response.json().catch(() => null);
  throw Object.assign(new Error(problem?.detail ?? _('The server does not answer.')), { status: response.status });
}

const packUrl = (code, since) => `/v1/packs/${code}?${new URLSearchParams({ ...('demo' in root.dataset ? { demo: 'true' } : {}), ...(since ? { since } : {}) })}`;

/** Downloads a pack, or the changes since the stored one. */
async function take(code) {
  say(_('Taking it…'), 'status');
  try {
    const [{ keys }, here] = [await (await fetched('/v1/packs/keys')).json(), await get('packs', code)];
    const known = await get('known', 'keys');
    if (known) await put('known', { ...known, keys });
    const since = here && here.files.length < MOST_LAYERS ? communes.get(code)?.header.cursor : null;
    const file = await (await fetched(packUrl(code, since)).catch((error) => {
      if (since && error.status === 410) return fetched(packUrl(code, null));
      throw error;
    })).arrayBuffer();
    await keep(file, keys);
    await takeMap(code).then(showPacks, (error) => say(_('The pack is here, its base map is not: {reason}', { reason: why(error) }), 'wrong'));
  } catch (error) {
    say(why(error), 'wrong');
    if (!communes.has(code) && !at('sign-in')) at('packs-notice').append(' ', make('a', { id: 'sign-in', href: '/desk/sign-in' }, _('Sign in with the account')));
  }
}

/** Verifies a file, stores it alone or as an update, and opens it. */
async function keep(file, keys) {
  const known = await get('known', 'keys');
  const bytes = new Uint8Array(file);
  const alone = await openCommune([bytes], keys, known?.register).catch((error) => error);
  const code = alone.header?.commune;
  const here = code ? null : await baseOf(bytes, keys, known?.register, alone);
  const files = here ? [...here.pack.files, file] : [file];
  const commune = here ? here.commune : alone;
  const { header } = commune;
  await put('packs', { id: header.commune, name: header.name, files });
  await put('known', { id: 'keys', keys, register: header.register });
  navigator.storage?.persist?.();
  communes.set(header.commune, commune);
  say(_('{commune} is here: {count:n} doors, as of {day}.', { commune: header.name, count: commune.doors.length, day: day(header.day) }));
  showPacks();
  find();
}

/** Applies changes to the stored pack; anything else is refused and nothing changes. */
async function baseOf(bytes, keys, register, refused) {
  if (refused.reason !== 'wrong_base') throw refused;
  for (const pack of await all('packs')) {
    const commune = await openCommune([...pack.files.map((file) => new Uint8Array(file)), bytes], keys, register).catch(() => null);
    if (commune) return { pack, commune };
  }
  throw refused;
}

const day = (iso) => iso.split('-').reverse().join('/');
const ageDays = (header) => Math.floor((Date.now() - Date.parse(`${header.day}T00:00:00+07:00`)) / DAY_MS);

function ageWords(header) {
  const days = ageDays(header);
  if (days < 0) return _('of {day}; this device’s clock is behind: set it', { day: day(header.day) });
  if (days > OLD_DAYS) return _('{days:n} days old: bring it up to date', { days });
  return _('of {day}', { day: day(header.day) });
}

async function showPacks() {
  const maps = new Map(await Promise.all([...communes.keys()].map(async (code) => [code, await mapBytes(code).catch(() => 0)])));
  at('packs').replaceChildren(...[...communes.values()].map(({ header, doors }) => make(
    'li', { 'data-commune': header.commune },
    make('div', {}, make('b', {}, header.name), ' · ', _('{count:n} doors', { count: doors.length }),
      make('br'), make('span', { class: ageDays(header) > OLD_DAYS || ageDays(header) < 0 ? 'old' : 'quiet' }, ageWords(header)),
      maps.get(header.commune) ? make('span', { class: 'quiet' }, ' · ', _('base map {size} MB', { size: number(Math.max(0.1, maps.get(header.commune) / 1e6), { maximumFractionDigits: 1 }) })) : null,
      header.demo ? make('span', { class: 'demo' }, _('Demonstration')) : null),
    make('div', { class: 'actions' },
      make('button', { type: 'button', class: 'button button-quiet', onclick: () => take(header.commune) }, _('Update')),
      make('button', { type: 'button', class: 'button button-quiet', onclick: () => drop(header.commune) }, _('Remove'))),
  )));
  if (!communes.size) at('packs').append(make('li', { class: 'quiet' }, _('None yet.')));
}

async function drop(code) {
  await remove('packs', code);
  await dropMap(code);
  communes.delete(code);
  if (!communes.size) await remove('known', 'keys'); // the next pack may belong to another register
  showPacks();
  find();
}

async function findCommunes(event) {
  event.preventDefault();
  try {
    const query = new URLSearchParams({ q: at('commune').value, level: 'commune', limit: 8 });
    const { units } = await (await fetched(`/v1/units?${query}`)).json();
    at('communes').replaceChildren(...units.map((unit) => make('li', {},
      make('span', {}, `${unit.full_name}, ${unit.province?.name ?? ''}`),
      make('button', { type: 'button', class: 'button button-quiet', onclick: () => take(unit.code) }, _('Take the pack')))));
    say(units.length ? '' : _('No commune is called so.'), 'status');
  } catch (error) {
    say(why(error), 'wrong');
  }
}

// --- search ----------------------------------------------------------------------------------------

function find() {
  const text = at('q').value.trim();
  if (!text) {
    at('found').replaceChildren();
    return;
  }
  const read = readCode(text);
  if (read.code) showCode(read.code);
  else {
    const hits = [...communes.values()].flatMap((commune) => commune.search(text).map((hit) => ({ ...hit, commune }))).sort((one, other) => other.rank - one.rank);
    const near = hits.length && !/\d.*\d.*\d.*\d/.test(text) ? [] : registered(read.suggestions);
    show([
      near.length ? make('p', { class: 'quiet' }, _('A slip in the code? Perhaps:')) : null,
      ...near.map(({ commune, door }) => card(commune, door)),
      ...hits.slice(0, 20).map(hitCard),
      ...openedLike(text).map(openedCard),
    ], _('Nothing on this device is called so.'));
  }
}

/** Returns the suggested codes that are in a pack: others would be guesses. */
const registered = (codes) => codes.flatMap((code) => [...communes.values()].flatMap((commune) => {
  const found = commune.lookup(code);
  return found?.door ? [{ commune, door: found.door }] : [];
})).slice(0, 3);

function showCode(code) {
  for (const commune of communes.values()) {
    const found = commune.lookup(code);
    if (found?.door) return show([card(commune, found.door)]);
    if (found) return show([retiredCard(commune, code, found.successors)]);
  }
  const kept = opened.filter(({ id }) => id === code);
  return show(kept.map(openedCard), _('{code} is a well-formed code that is in no pack of this device.', { code: shown(code) }));
}

function show(cards, otherwise = null) {
  const some = cards.filter(Boolean);
  at('found').replaceChildren(...(some.length || !otherwise ? some : [make('p', { class: 'empty' }, otherwise)]));
}

function retiredCard(commune, code, successors) {
  const heirs = successors.map((heir) => commune.lookup(heir)?.door);
  return make('div', {},
    make('p', { class: 'wrong' }, make('b', {}, shown(code)), ' ', successors.length ? _('is retired; now it is:') : _('is retired, and nothing continues it.')),
    ...successors.map((heir, place) => (heirs[place] ? card(commune, heirs[place]) : make('p', {}, make('a', { class: 'plate', href: `/a/${shown(heir)}` }, shown(heir)), ' ', _('(not in this pack)')))));
}

const hitCard = ({ commune, door, place, former, formerNumber, missing }) => (door
  ? card(commune, door, formerNumber ? _('formerly number {number}', { number: formerNumber }) : former && _('formerly called {name}', { name: former }))
  : placeCard(commune, place, former, missing && asTyped(missing)));

/** Folded words of the query. */
const asTyped = (words) => at('q').value.split(/[\s,]+/).filter((typed) => fold(typed) && fold(typed).split(' ').every((word) => words.includes(word))).join(' ');

/** A street or hamlet, or one number there with all its doors; `missing` is the typed part that was not found. */
function placeCard(commune, place, former, missing) {
  const doors = place.doors.map((door) => commune.doors[door]);
  const shownDoors = place.number ? doors : doors.filter(({ number, inside }) => number && !inside).slice(0, 60);
  return make('article', { class: 'hand-card' },
    make('h3', {}, place.name), former ? make('p', { class: 'quiet' }, _('formerly called {name}', { name: former })) : null,
    missing ? make('p', { class: 'wrong' }, place.number ? _('“{text}” is not found at this number', { text: missing })
      : place.kind === 'street' ? _('Number {number} is not in this street yet', { number: missing }) : _('Number {number} is not in this hamlet yet', { number: missing })) : null,
    make('p', { class: 'quiet' }, commune.header.name, ' · ', place.number ? _('{count:n} doors; choose one', { count: doors.length }) : missing ? _('{count:n} doors', { count: doors.length }) : _('{count:n} doors; type a number', { count: doors.length })),
    make('p', { class: 'hand-numbers' }, ...shownDoors.map((door) => make('button', { type: 'button', class: 'chip', onclick: () => show([card(commune, door)]) }, (place.number && door.inside) || door.number))));
}

/** `here` is the position of the phone, if requested. */
function card(commune, door, remark = null, metres = null, here = null) {
  const before = commune.labelBefore(door);
  const point = commune.point(door);
  return make('article', { class: 'hand-card', 'data-code': door.code },
    isDemo(door.code) ? make('p', { class: 'demo' }, _('Demonstration code: it stands on no door.')) : null,
    make('p', {}, make('span', { class: 'plate' }, shown(door.code)), metres === null ? null : make('b', { class: 'metres' }, ` ${Math.round(metres)} m`), ...(door.status === 'proposed' ? [' ', _('(proposed)')] : [])),
    make('h3', {}, commune.label(door)),
    before ? make('p', { class: 'quiet' }, _('Before July 2025: {label}', { label: before })) : null,
    remark ? make('p', { class: 'quiet' }, remark) : null,
    ...namesOf(door).map((name) => make('p', {}, name)),
    door.hint ? make('p', {}, _('Hint: {hint}', { hint: door.hint })) : null,
    entrances(commune, door, here),
    make('div', { class: 'actions' },
      point ? make('a', { class: 'button', href: mapApp(point, shown(door.code)) }, _('Open map')) : make('span', { class: 'quiet' }, _('no position yet')),
      menu(_('Sketch and reports: {label}', { label: commune.label(door) }),
        point ? make('button', { type: 'button', onclick: ({ currentTarget }) => drawIn(currentTarget.closest('article'), commune, point, door, commune.entrances(door).list) }, _('Sketch')) : null,
        make('p', { class: 'quiet' }, _('Report from the door')),
        ...reportButtons(door.code, commune.label(door)))));
}

/** The uses at the door: `office: UBND phường Láng [2025-07-01..]`. */
const namesOf = ({ uses }) => (uses ?? '').split('; ').map((use) => use.match(/: (.*?)(?: \[.*\])?$/)?.[1]).filter(Boolean);

/** The entrances, each with its distance from the phone, or else from the door's point. */
function entrances(commune, door, here) {
  const { list, of } = commune.entrances(door);
  const from = here ?? commune.point(door);
  const away = (point) => {
    const metres = Math.round(between(from, point));
    return here ? _('{metres:n} m from you', { metres }) : _('{metres:n} m from the door', { metres });
  };
  if (!list.length) return null;
  return make('div', {},
    make('p', { class: 'quiet' }, of ? _('Entrances, of the building {code}', { code: shown(of) }) : _('Entrances')),
    make('ol', { class: 'ways' }, ...list.map(({ kind, point, note, seen }, place) => make('li', {},
      make('div', {}, make('span', { class: 'way-mark', 'aria-hidden': 'true' }, String(place + 1)), ' ', make('strong', {}, entranceWords(kind)), ' ',
        from ? make('span', { class: 'quiet' }, away(point)) : null,
        note ? make('p', {}, note) : null,
        seen ? make('p', { class: 'quiet' }, _('seen {day}', { day: day(seen) })) : null),
      make('a', { class: 'button button-quiet', href: mapApp(point, shown(door.code)) }, _('Map'), make('span', { class: 'unseen' }, ` ${place + 1}: ${entranceWords(kind).toLowerCase()}`))))));
}

/** Shows or hides the surroundings of a door, on the stored base map of its commune if there is one. */
async function drawIn(article, commune, point, own, ways) {
  const drawn = article.querySelector('.sketch, .hand-map');
  if (drawn) return drawn.remove();
  const marks = [{ element: pin(), at: point, anchor: 'bottom' }, ...ways.map((way, place) => ({ element: make('span', { class: 'way-mark' }, String(place + 1)), at: way.point, anchor: 'center' }))];
  const map = await mapOf(commune, point, marks).catch(() => null); // the map library is not stored, or cannot draw
  article.append(map?.box ?? sketch(communes.values(), point, { own, accuracy: own.accuracy > 20 ? own.accuracy : 0, entrances: ways.map((way) => way.point) }));
  return map?.draw();
}

const openedLike = (text) => {
  const words = fold(text).split(' ').filter(Boolean);
  return opened.filter(({ id, label, before }) => ![...communes.values()].some((commune) => commune.at.has(id)) && words.every((word) => fold(`${label} ${before ?? ''}`).split(' ').includes(word))).slice(0, 10);
};

const openedCard = ({ id, label }) => make('article', { class: 'hand-card', 'data-code': id },
  make('p', {}, make('a', { class: 'plate', href: `/a/${shown(id)}` }, shown(id))), make('h3', {}, label),
  make('p', { class: 'quiet' }, _('opened on this device before')));

// --- position --------------------------------------------------------------------------------------

async function showNear() {
  try {
    const { coords } = await position();
    const here = [coords.longitude, coords.latitude];
    const near = [...communes.values()].flatMap((commune) => commune.nearest(here).map((hit) => ({ ...hit, commune })));
    near.sort((one, other) => one.metres - other.metres);
    show([
      make('p', { class: coords.accuracy > 100 ? 'wrong' : 'quiet' }, _('Your position, within about {metres:n} m.', { metres: Math.round(coords.accuracy) })),
      near.length ? make('div', { class: 'hand-card' }, sketch(communes.values(), here, { accuracy: coords.accuracy })) : null,
      ...near.slice(0, 10).map(({ commune, door, metres }) => card(commune, door, null, metres, here)),
    ], _('No pack is here.'));
  } catch (error) {
    show([make('p', { class: 'wrong' }, error.message)]);
  }
}

function showNetwork() {
  at('network').hidden = navigator.onLine;
  at('network').textContent = _('No network: searching on this device.');
  if (navigator.onLine) sendReports(showOutbox);
}

/** The map library belongs to a version of the pages: a new version stores it again. */
async function renewParts() {
  const maps = await Promise.all([...communes.keys()].map(mapBytes));
  if (navigator.onLine && maps.some(Boolean)) await keepParts();
}

at('find').addEventListener('submit', (event) => { event.preventDefault(); find(); });
at('q').addEventListener('input', find);
at('near').addEventListener('click', showNear);
at('take').addEventListener('submit', findCommunes);
at('file').addEventListener('change', async ({ target }) => {
  try {
    const known = await get('known', 'keys');
    const keys = await fetched('/v1/packs/keys').then((response) => response.json()).then((set) => set.keys).catch(() => known?.keys ?? []);
    await keep(await target.files[0].arrayBuffer(), keys);
  } catch (error) {
    say(why(error), 'wrong');
  }
  target.value = '';
});
at('send').addEventListener('click', () => sendReports(showOutbox));
at('new-house').addEventListener('submit', reportNew);
at('address').addEventListener('input', ({ target }) => put('known', { id: 'draft', address: target.value }).catch(() => null));
window.addEventListener('online', showNetwork);
window.addEventListener('offline', showNetwork);

at('q').value = new URLSearchParams(location.search).get('q') ?? '';
open().then(showOutbox).then(showNetwork).then(() => { renewParts().catch(() => null); root.dataset.ready = 'yes'; }, (error) => say(why(error), 'wrong'));
