// The page /field: by the code of a round, the doors to visit, what was found at each, and the outbox that waits for a
// network. Everything is stored on the phone, and stays when the code ends.

import { doorRow, kindWords, newHouse } from './field_door.js';
import { follow, metres } from './field_point.js';
import { fold } from './fold.js';
import { later, post, refused, sendWaiting } from './outbox.js';
import { all, get, put, remove, whyNotKept } from './store.js';
import { _, call, make } from './ui.js';

const CODE_DIGITS = 12;
const MOST_SHOWN = 200;
const root = document.querySelector('.field');
const AT_ONCE = Number(root.dataset.most);
const at = (id) => document.getElementById(id);
const HEADER = 'X-Field-Code';

let walk = null; // the open round: { id, code, area, ended }
let drafts = {}; // typed there and not saved yet
let found = []; // records of every round on this phone
let rows = new Map();
let phone = null;
let here = null; // position of the phone: { point, within }
let stopFollowing = null;
let house = null;

// --- rounds ----------------------------------------------------------------------------------------

function say(text, kind = 'status') {
  at('notice').className = text ? kind : '';
  at('notice').textContent = text;
}

/** Checks twelve digits by Luhn, so that typing mistakes are reported without a network. */
function readCode(written) {
  const digits = written.replace(/[\s.-]/g, '');
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 + 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return new RegExp(`^\\d{${CODE_DIGITS}}$`).test(digits) && sum % 10 === 0 ? digits : null;
}

async function fetchArea(code) {
  let response;
  try {
    response = await call('/v1/field/area', { headers: { [HEADER]: code }, cache: 'no-store' });
  } catch {
    throw new Error(_('No network: the list of doors needs one the first time.'));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw Object.assign(new Error(answer?.detail ?? _('The server does not answer.')), { code: answer?.code });
}

/** Loads and stores the doors of a round; a new code of a known place continues it. */
async function openCode(written) {
  const code = readCode(written);
  if (!code) return say(_('The code has {digits} digits, and there is a slip in it.', { digits: CODE_DIGITS }), 'wrong');
  say(_('Taking it…'));
  try {
    const area = await fetchArea(code);
    const walks = await all('walks');
    const same = walks.find(({ area: known }) => known.round === area.round) ?? walks.find(({ area: known }) => known.area === area.area);
    walk = { id: same?.id ?? area.area, code, area, ended: null };
    await keepWalk();
    navigator.storage?.persist?.();
    at('code').value = '';
    say(_('{count:n} doors are here; from now on no network is needed.', { count: area.doors.length }), 'thanks');
    await show();
    send();
  } catch (error) {
    say(whyNotKept(error), 'wrong');
  }
  return null;
}

const draftsOf = ({ id }) => `drafts ${id}`;

async function keepWalk() {
  await put('walks', walk);
  await put('known', { id: 'walk', walk: walk.id });
}

/** Refreshes the doors if there is a network. */
async function refresh() {
  try {
    walk = { ...walk, area: await fetchArea(walk.code), ended: null };
    await keepWalk();
  } catch (error) {
    if (error.code?.startsWith('field_code')) await end(error.message);
  }
}

async function end(why) {
  walk = { ...walk, ended: why };
  await keepWalk();
  showEnded();
}

async function choose(id) {
  walk = await get('walks', id);
  await keepWalk();
  say('');
  await show();
}

// --- records -------------------------------------------------------------------------------------------

/** Interface of the open round for forms and rows. */
const round = {
  get area() { return walk.area; },
  get place() { return placeOf(walk.area); },
  draft: (id) => drafts[id],
  async keepDraft(id, value) {
    if (value === null) delete drafts[id];
    else drafts[id] = value;
    await put('known', { id: draftsOf(walk), drafts }).catch((error) => say(whyNotKept(error), 'wrong'));
  },
  /** Stores what was found; returns false if that failed. */
  async keep(kind, door, more, label = door?.label) {
    const now = new Date().toISOString();
    const id = crypto.randomUUID();
    const body = { id, kind, at: now, device: phone, ...(door ? { code: door.code, event_id: door.event_id } : {}), ...more };
    const record = { id, walk: walk.id, place: walk.area.place, label, body, at: now, state: 'waiting', told: null };
    try {
      await put('found', record);
    } catch (error) {
      say(whyNotKept(error), 'wrong');
      return false;
    }
    found.push(record);
    showFound();
    send();
    return true;
  },
};

/** The doors, in the interface that the sketch expects. */
function placeOf({ doors }) {
  const placed = doors.filter(({ lon }) => lon !== null);
  const names = [...new Set(doors.map(({ street }) => street))];
  const middle = placed.length ? [placed.reduce((sum, { lon }) => sum + lon, 0) / placed.length, placed.reduce((sum, { lat }) => sum + lat, 0) / placed.length] : null;
  const streets = { name: names };
  const point = ({ lon, lat }) => [lon, lat];
  return {
    middle, streets, point,
    nearest: (here, most = 10) => placed.map((door) => ({ door: { ...door, street: names.indexOf(door.street) }, metres: metres(here, point(door)) })).sort((one, other) => one.metres - other.metres).slice(0, most),
  };
}

async function send() {
  const walks = await all('walks');
  for (const each of walks) {
    const { cut, problem } = await sendWaiting('found', AT_ONCE,
      (records) => post('/v1/field/records', { [HEADER]: each.code }, { sent_at: new Date().toISOString(), records: records.map(({ body }) => body) }),
      ({ records }, place) => (records[place].problem ? refused(records[place].problem) : { state: 'sent', told: null }),
      reload, (record) => record.walk === each.id);
    if (cut) later(send);
    if (problem?.code?.startsWith('field_code') && each.id === walk?.id) await end(problem.detail);
  }
  await reload();
}

async function reload() {
  found = await all('found');
  showFound();
}

async function drop(id) {
  await remove('found', id);
  await reload();
}

/** Saves unsent records to a file for whoever opened the round. */
function download() {
  const records = found.filter(({ state }) => state !== 'sent').map(({ body }) => body);
  const file = new Blob([JSON.stringify({ sent_at: new Date().toISOString(), records })], { type: 'application/json' });
  const link = make('a', { href: URL.createObjectURL(file), download: `thuc-dia-${new Date().toISOString().slice(0, 10)}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// --- rendering -----------------------------------------------------------------------------------------

async function show() {
  at('walk').hidden = !walk;
  at('enter').open = !walk;
  if (!walk) return;
  drafts = (await get('known', draftsOf(walk)))?.drafts ?? {};
  at('place').textContent = walk.area.place;
  at('commune').textContent = _('{commune} · until {day}', { commune: walk.area.commune?.name ?? '', day: walk.area.until.split('-').reverse().join('/') });
  for (const [list, name] of [['streets', 'street'], ['localities', 'locality']]) {
    const names = [...new Set(walk.area.doors.map((door) => door[name]).filter(Boolean))];
    at(list).replaceChildren(...names.map((value) => make('option', { value })));
  }
  house = newHouse(round, at('new-house'));
  showEnded();
  showDoors();
  showFound();
  showWalks();
  const asked = stopFollowing ? null : await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null);
  if (asked?.state === 'granted') followPhone();
}

function showEnded() {
  at('ended').hidden = !walk?.ended;
  at('ended-why').textContent = walk?.ended ?? '';
  if (walk?.ended) {
    at('ended').after(at('enter')); // from below the list to the form
    at('enter').open = true;
  }
}

async function showWalks() {
  const others = (await all('walks')).filter(({ id }) => id !== walk.id);
  at('walks').replaceChildren(...others.map(({ id, area }) => make('button', { type: 'button', class: 'chip', onclick: () => choose(id) }, area.place)));
}

const recordsOf = (code) => found.filter(({ body, state }) => body.code === code && state !== 'refused');

const FILTERS = {
  todo: (door) => !recordsOf(door.code).length,
  first: (door) => !recordsOf(door.code).length && (!door.verified_on || door.lon === null),
  done: (door) => recordsOf(door.code).length > 0,
  all: () => true,
};

/** Shows the doors visited in each hamlet, if the round covers several. */
function showHamlets() {
  const hamlets = new Map();
  for (const door of walk.area.doors) {
    const [done, doors] = hamlets.get(door.locality) ?? [0, 0];
    hamlets.set(door.locality, [done + FILTERS.done(door), doors + 1]);
  }
  const name = (locality) => locality ?? _('of no hamlet');
  at('hamlets').hidden = hamlets.size < 2;
  at('hamlets').replaceChildren(...[...hamlets].map(([locality, [done, doors]]) => make('li', { 'data-done': done === doors }, `${name(locality)} `, make('b', {}, `${done} / ${doors}`))));
}

/** Shows the distance of each door while the page is visible; permission is requested only once. */
function followPhone() {
  stopFollowing?.();
  at('away').hidden = true;
  stopFollowing = follow((point, within) => { here = { point, within }; showAway(); }, (error) => {
    at('away').hidden = false;
    say(error.message, 'wrong');
  });
}

function showAway() {
  for (const row of rows.values()) row.showAway(here?.point, here?.within);
}

function rest() {
  if (!stopFollowing) return;
  if (document.hidden) stopFollowing();
  else followPhone();
}

function showDoors() {
  const words = fold(at('q').value).split(' ').filter(Boolean);
  const wanted = walk.area.doors.filter(FILTERS[at('which').value]).filter((door) => {
    const label = fold(door.label).split(' ');
    return words.every((word) => label.some((each) => each.startsWith(word)));
  });
  rows = new Map();
  const parts = [];
  let heading = null;
  for (const door of wanted.slice(0, MOST_SHOWN)) {
    const where = [door.street, door.locality].filter(Boolean).join(', ');
    if (where !== heading) parts.push(make('li', { class: 'field-where' }, make('h3', {}, where), ...holesOf(door.street)));
    heading = where;
    const row = doorRow(round, door);
    rows.set(door.code, row);
    parts.push(row.item);
  }
  if (wanted.length > MOST_SHOWN) parts.push(make('li', { class: 'quiet' }, _('{count:n} more: type a number or street.', { count: wanted.length - MOST_SHOWN })));
  if (!parts.length) parts.push(make('li', { class: 'empty' }, _('No such door.')));
  at('doors').replaceChildren(...parts);
  showAway();
}

/** Missing numbers of a street, each of which may be a new house. */
function holesOf(street) {
  const numbers = walk.area.holes.filter((hole) => hole.street === street).flatMap((hole) => hole.numbers);
  if (!numbers.length) return [];
  return [make('p', { class: 'hand-numbers' }, make('span', { class: 'quiet' }, _('Missing:')), ...numbers.map((number) => make('button', { type: 'button', class: 'chip', onclick: () => house.begin(String(number), street) }, String(number))))];
}

const STATES = { waiting: _('waits'), sent: _('sent'), refused: _('not taken') };

function showFound() {
  if (walk) {
    for (const [code, row] of rows) row.show(recordsOf(code));
    const [told, doors] = [walk.area.doors.filter(FILTERS.done).length, walk.area.doors.length];
    at('progress').value = doors ? told / doors : 0;
    at('count').textContent = _('{told:n} / {doors:n} doors', { told, doors });
    showHamlets();
  }
  const open = found.filter(({ state }) => state !== 'sent');
  const waiting = open.filter(({ state }) => state === 'waiting').length;
  at('outbox').hidden = !found.length;
  at('waiting').textContent = waiting ? _('{count:n} waiting', { count: waiting }) : _('all sent');
  at('unsent').hidden = !open.length;
  const latest = [...found].sort((one, other) => (one.state === 'sent') - (other.state === 'sent') || other.at.localeCompare(one.at));
  at('found').replaceChildren(...latest.slice(0, MOST_SHOWN).map((each) => make('li', { 'data-state': each.state, 'data-kind': each.body.kind },
    make('div', {}, make('b', {}, kindWords(each.body.kind)), ` · ${each.label} · `, make('span', { class: `state-${each.state}` }, STATES[each.state]),
      each.told ? make('p', { class: each.state === 'refused' ? 'wrong' : 'quiet' }, each.told) : null),
    each.state === 'sent' ? null : make('button', { type: 'button', class: 'link', onclick: () => drop(each.id) }, _('Drop')))));
}

function showNetwork() {
  at('network').hidden = navigator.onLine;
  if (navigator.onLine) send();
}

at('open').addEventListener('submit', (event) => { event.preventDefault(); openCode(at('code').value); });
at('which').addEventListener('change', showDoors);
at('q').addEventListener('input', showDoors);
at('away').addEventListener('click', followPhone);
at('send').addEventListener('click', send);
at('download').addEventListener('click', download);
window.addEventListener('hashchange', () => { if (location.hash) openLink(); });
window.addEventListener('online', showNetwork);
window.addEventListener('offline', showNetwork);
document.addEventListener('visibilitychange', rest);

/** Opens a link with the code, and removes the code from the address bar and history. */
async function openLink() {
  const code = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  await openCode(code);
}

async function begin() {
  phone = (await get('known', 'phone'))?.phone ?? crypto.randomUUID();
  await put('known', { id: 'phone', phone });
  found = await all('found');
  const last = await get('known', 'walk');
  walk = (last && await get('walks', last.walk)) ?? null;
  if (location.hash) await openLink();
  else if (walk && navigator.onLine) await refresh();
  await show();
  showFound();
  showNetwork();
}

begin().then(() => { root.dataset.ready = 'yes'; }, (error) => say(whyNotKept(error), 'wrong'));
