// The page /route: orders a list into a route, which this device stores; stops are ticked without a network.

import { isDemo, shown } from './code.js';
import { formToken } from './outbox.js';
import { showStops } from './route_map.js';
import { get, put, remove } from './store.js';
import { _, make, mapApp, number, ofBoth, reach, whereAmI } from './ui.js';

const KEPT = 'route';
const DRAFT = 'route-draft';
const EMPTY = { text: '', wish: { order: 'walking' } };
const TABLES = { xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', csv: 'text/csv', tsv: 'text/csv', txt: 'text/plain' };
const FILES = {
  sheet: ['/v1/routes/papers', { paper: 'sheet' }, 'application/pdf', 'tuyen.pdf'],
  stickers: ['/v1/routes/papers', { paper: 'stickers' }, 'application/pdf', 'tem.pdf'],
  gpx: ['/v1/routes', {}, 'application/gpx+xml', 'tuyen.gpx'],
  geojson: ['/v1/routes', {}, 'application/geo+json', 'tuyen.geojson'],
};
const NO_COLUMN = _('No column of addresses or codes was recognised. Call it “address” or “code”, or paste that column alone.');
const at = (id) => document.getElementById(id);
let kept = null; // { id, text, rows, numbers, wish, answer, done, empty, chosen, waits }

function say(words, kind = 'thanks') {
  at('notice').className = words ? kind : '';
  at('notice').textContent = words;
}

const why = (error) => (error.name === 'QuotaExceededError'
  ? _('The device is full: the route was not kept.')
  : error.name === 'InvalidStateError' || error.name === 'SecurityError'
    ? _('The browser keeps nothing here (a private window?).')
    : error.message);

// --- requests --------------------------------------------------------------------------------------

async function post(path, query, body, kind, accept) {
  const response = await reach(`${path}?${new URLSearchParams(query)}`, {
    method: 'POST', body, headers: { 'Content-Type': kind, Accept: accept, 'X-Csrf-Token': await formToken() },
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  if (problem?.code === 'columns_not_recognised') throw new Error(NO_COLUMN);
  const said = problem?.errors?.[0]?.detail ?? problem?.detail;
  throw new Error(said ?? _('The server does not answer; try again.'));
}

function wish() {
  const given = new FormData(at('plan'));
  const asked = { order: given.get('order') };
  for (const name of ['start', 'end']) if (given.get(name).trim()) asked[name] = given.get(name).trim();
  if (given.has('round_trip')) asked.round_trip = 'true';
  if (given.has('wording')) asked.wording = given.get('wording');
  return asked;
}

/** Orders the list of the form: the stored list in another order, or a new list. */
async function plan(event) {
  event.preventDefault();
  const [file] = at('file').files;
  const text = at('text').value;
  if (!file && !text.trim()) {
    say(_('Paste at least one line.'), 'wrong');
    return;
  }
  at('working').textContent = _('Ordering…');
  try {
    if (kept && !file && text === kept.text) await orderAgain(wish());
    else await orderList(file, text);
    await remove('known', DRAFT);
    fill(kept);
    at('new-round').open = false;
    const { unread_columns: unread } = kept.answer;
    say(unread.length ? _('Columns not read: {names}', { names: unread.join(', ') }) : '', 'quiet');
    at('round').scrollIntoView({ block: 'start' });
  } catch (error) {
    say([why(error), _('The list and what was chosen are still here.')].join(' '), 'wrong');
    at('notice').scrollIntoView({ block: 'center' });
  }
  at('working').textContent = '';
}

async function orderList(file, text) {
  const asked = wish();
  const kind = file ? TABLES[file.name.split('.').pop().toLowerCase()] ?? 'application/octet-stream' : 'text/plain';
  const answer = await (await post('/v1/routes', asked, file ?? text, kind, 'application/json')).json();
  const goesOn = kept && (answer.stops.some(isDone) || answer.unplaced.some(isChosen))
    && window.confirm(_('Keep the ticks and the places that were chosen in the list before?'));
  await keep(answer, asked, goesOn ? { done: kept.done, chosen: kept.chosen } : null, file ? null : text);
  const chosen = answer.unplaced.filter(isChosen);
  for (const { line, given } of chosen) lead(line, kept.chosen[given].place);
  if (chosen.length) await orderAgain(asked);
}

/** Orders the stored list again; without a network it stays unchanged. */
async function orderAgain(asked) {
  const answer = await (await post('/v1/routes', asked, JSON.stringify({ rows: kept.rows }), 'application/json', 'application/json')).json();
  await keep(answer, asked, kept, kept.text);
}

/** Stores a route with its rows for later requests; `before` is the route it continues, `text` the pasted list. */
async function keep(answer, asked, before, text) {
  const numbers = before?.numbers;
  const line = (number) => (numbers ? numbers[number - 1] : number);
  const lines = [
    ...answer.stops.flatMap(({ code, parcels }) => parcels.map(({ line: number, ref }) => ({ number: line(number), row: { code, ...(ref ? { ref } : {}) } }))),
    ...answer.unplaced.map(({ line: number, given, ref }) => ({ number: line(number), row: { address: given, ...(ref ? { ref } : {}) } })),
  ].sort((one, other) => one.number - other.number);
  for (const { parcels } of answer.stops) for (const parcel of parcels) parcel.line = line(parcel.line);
  for (const each of answer.unplaced) each.line = line(each.line);
  const rows = lines.map(({ row }) => row);
  kept = {
    id: KEPT,
    // Show lines as pasted, and for a table the values read from it.
    text: numbers || isPlain(text, rows.length + answer.empty_lines.length) ? text : listOf(rows),
    rows,
    numbers: lines.map(({ number }) => number),
    wish: asked,
    answer,
    empty: numbers ? before.empty : answer.empty_lines,
    done: before?.done ?? {},
    chosen: before?.chosen ?? {},
    waits: false,
  };
  await put('known', kept);
  show();
}

const isPlain = (text, many) => text !== null && text.split(/\r\n|\r|\n/).filter((line) => line.trim()).length === many;

/** Rows as text for the form. */
function listOf(rows) {
  const place = ({ code, address }) => (code ? shown(code) : address);
  if (!rows.some(({ ref }) => ref)) return rows.map(place).join('\n');
  const cell = (text) => (/["\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [[_('Order number'), _('Address')], ...rows.map((row) => [row.ref ?? '', place(row)])].map((cells) => cells.map(cell).join('\t')).join('\n');
}

/** Replaces a line by the chosen place. */
function lead(number, place) {
  kept.rows = kept.rows.map((row, at) => (kept.numbers[at] === number ? { ...place, ...(row.ref ? { ref: row.ref } : {}) } : row));
}

/** The list with the chosen places instead of unclear lines; stored until there is a network. */
async function choose(pairs) {
  for (const [{ line, given }, { label, door }] of pairs) {
    const place = door ? { code: door.code } : { address: label };
    lead(line, place);
    kept = { ...kept, chosen: { ...kept.chosen, [given]: { place, label } }, waits: true };
  }
  try {
    await put('known', kept);
    show();
    await orderAgain(kept.wish);
    say('');
  } catch (error) {
    say(why(error), 'wrong');
  }
}

/** Sends choices made without a network. */
async function orderWaiting() {
  if (kept?.waits && navigator.onLine) await orderAgain(kept.wish).catch((error) => say(why(error), 'wrong'));
}

/** Restores the form as submitted or as last edited. */
function fill({ text, wish: asked }) {
  const form = at('plan');
  at('text').value = text;
  at('file').value = '';
  form.elements.order.value = asked.order;
  for (const name of ['start', 'end']) form.elements[name].value = asked[name] ?? '';
  form.elements.round_trip.checked = 'round_trip' in asked;
  form.elements.wording.checked = 'wording' in asked;
  at('ends').open = 'start' in asked || 'end' in asked || 'round_trip' in asked;
  at('again').hidden = !kept;
}

const keepDraft = () => put('known', { id: DRAFT, text: at('text').value, wish: wish() }).catch(() => null); // still shown on the page

async function take({ currentTarget }) {
  const [path, query, accept, name] = FILES[currentTarget.dataset.file];
  currentTarget.disabled = true;
  try {
    const file = await (await post(path, { ...kept.wish, ...query }, JSON.stringify({ rows: kept.rows }), 'application/json', accept)).blob();
    const url = URL.createObjectURL(file);
    make('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    say('');
  } catch (error) {
    say(why(error), 'wrong');
  }
  currentTarget.disabled = false;
}

// --- rendering -------------------------------------------------------------------------------------

const SIDES = { odd: _('odd side'), even: _('even side') };
const MEASURES = { straight_lines: _('in straight lines'), roads: _('by road') };
const km = (metres) => `${number(metres / 1000, { maximumFractionDigits: 1 })} km`;
const isDone = ({ code }) => code in kept.done;
const isChosen = ({ given }) => Object.hasOwn(kept.chosen, given);
const refs = ({ parcels }) => parcels.map(({ line, ref }) => ref ?? _('line {number}', { number: line })).join(', ');
const parcelWords = (count) => (count === 1 ? _('{count:n} parcel', { count }) : _('{count:n} parcels', { count }));

function show() {
  at('round').hidden = !kept;
  if (!kept) return;
  const { answer } = kept;
  showSum();
  at('notices').replaceChildren(
    ...answer.notices.map(({ message }) => make('li', {}, message)),
    ...(kept.empty.length ? [make('li', {}, _('Empty lines: {lines}', { lines: kept.empty.join(', ') }))] : []),
  );
  const unfolded = document.querySelector('.round-unplaced')?.open ?? false;
  at('unplaced').replaceChildren(...(answer.unplaced.length ? [unplacedBox(answer.unplaced, unfolded)] : []));
  at('stops').replaceChildren(...groups(answer.stops).map(groupOf));
}

function showSum() {
  const { stops, metres, seconds, measured_by: measure } = kept.answer;
  const done = stops.filter(isDone).length;
  const way = `${km(metres)} ${MEASURES[measure]}`;
  at('sum').replaceChildren(
    make('b', {}, _('{done:n}/{count:n} stops', { done, count: stops.length })),
    ' · ', parcelWords(stops.reduce((sum, { parcels }) => sum + parcels.length, 0)),
    ' · ', seconds === null ? way : _('{way}, {minutes:n} min', { way, minutes: Math.round(seconds / 60) }),
  );
  at('progress').max = stops.length || 1;
  at('progress').value = done;
  showNext();
}

function showNext() {
  const { stops } = kept.answer;
  const next = stops.find((stop) => !isDone(stop));
  at('next').replaceChildren(...(next ? [nextCard(next)] : stops.length ? [make('p', { class: 'thanks' }, _('All delivered.'))] : []));
  showStops(stops, (stop) => (isDone(stop) ? 'done' : stop === next ? 'next' : 'open'));
}

const nextCard = (stop) => make('article', { class: 'hand-card round-next', 'data-code': stop.code },
  isDemo(stop.code) ? make('p', { class: 'demo' }, _('Demonstration code: it stands on no door.')) : null,
  make('p', {}, make('b', {}, _('Next: {place}', { place: stop.at })), ' ', make('a', { class: 'plate', href: `/a/${stop.code_display}` }, stop.code_display), far(stop)),
  make('h3', {}, stop.label),
  stop.delivery_hint ? make('p', {}, _('Hint: {hint}', { hint: stop.delivery_hint })) : null,
  make('p', {}, make('b', {}, parcelWords(stop.parcels.length)), ` · ${refs(stop)}`),
  make('p', { class: 'actions round-actions' },
    make('button', { type: 'button', class: 'button', onclick: () => tick(stop, true) }, _('Delivered')),
    stop.position ? make('a', { class: 'button button-quiet', href: mapApp([stop.position.lon, stop.position.lat], stop.code_display) }, _('Open map')) : make('span', { class: 'quiet' }, _('no position yet'))));

const far = (stop) => (stop.metres === null ? null : make('span', { class: 'quiet' }, ` ${number(stop.metres)} m ${MEASURES[kept.answer.measured_by]}`));

/** The side of the street, in words; not for the shortest route, which crosses freely. */
const sideOf = ({ side }) => (side && kept.answer.order === 'walking' ? SIDES[side] : null);

/** Consecutive stops in one street. */
function groups(stops) {
  const found = [];
  for (const stop of stops) {
    const place = [stop.commune?.name, stop.street, sideOf(stop)].join('|');
    if (found.at(-1)?.place !== place) found.push({ place, stops: [] });
    found.at(-1).stops.push(stop);
  }
  return found;
}

function groupOf({ stops }) {
  const [first] = stops;
  const head = [first.street, sideOf(first), first.commune?.name].filter(Boolean).join(', ');
  return make('section', { class: 'round-group' },
    make('h2', {}, head || _('No street')),
    make('ol', { class: 'round-stops' }, ...stops.map(stopLine)));
}

function stopLine(stop) {
  const box = make('input', { type: 'checkbox', onchange: ({ target }) => tick(stop, target.checked) });
  box.checked = isDone(stop);
  return make('li', { 'data-code': stop.code, 'data-done': isDone(stop) },
    make('label', {}, box,
      make('span', { class: 'round-at' }, String(stop.at)),
      make('span', { class: 'round-door' }, stop.door,
        make('span', { class: 'quiet' }, ` ${stop.code_display} · ${parcelWords(stop.parcels.length)} · ${refs(stop)}`),
        stop.delivery_hint ? make('span', { class: 'round-hint' }, stop.delivery_hint) : null)),
    stop.position ? make('a', { class: 'round-map', href: mapApp([stop.position.lon, stop.position.lat], stop.code_display), 'aria-label': _('Map: stop {place}', { place: stop.at }) }, _('Map')) : make('span', { class: 'quiet round-map' }, _('no position')));
}

/** Stores a tick before showing it, so that it survives a restart of the phone. */
async function tick(stop, done) {
  const before = kept.done;
  const { [stop.code]: gone, ...others } = before;
  kept.done = done ? { ...others, [stop.code]: new Date().toISOString() } : others;
  try {
    await put('known', kept);
  } catch (error) {
    kept.done = before;
    say(why(error), 'wrong');
  }
  const line = document.querySelector(`.round-stops [data-code="${stop.code}"]`);
  line.toggleAttribute('data-done', isDone(stop));
  line.querySelector('input').checked = isDone(stop);
  showSum();
}

/** Folded up; the lines of which one door is asked about are taken together. */
function unplacedBox(lines, open) {
  const sure = lines.filter((line) => isSure(line) && !isChosen(line));
  return make('div', {},
    sure.length ? make('p', { class: 'round-sure' }, make('button', { type: 'button', class: 'button button-quiet', onclick: () => choose(sure.map((line) => [line, line.question.choices[0]])) },
      _('Take all sure places ({count:n})', { count: sure.length })), ' ', make('span', { class: 'quiet' }, _('Only one door fits each of them.'))) : null,
    make('details', { class: 'round-unplaced', open },
      make('summary', {}, make('h2', {}, _('{count:n} lines without a door: ask first', { count: lines.length }))),
      make('ul', { class: 'hand-list' }, ...lines.map(unplacedLine))));
}

/** Whether the register found one household for the line, and asks for no more than a yes. */
const isSure = ({ status, level, question }) => status === 'confirm' && level === 'household' && question?.choices.length === 1;

function unplacedLine(unplaced) {
  const { line, ref, given, question } = unplaced;
  const said = ofBoth(unplaced.message, unplaced.message_en);
  const asked = question && ofBoth(question.text, question.text_en);
  return make('li', { 'data-line': line }, make('div', {},
    make('b', {}, _('Line {number}', { number: line }), ref ? ` · ${ref}` : ''), make('br'), given,
    asked?.startsWith(said) ? null : make('p', { class: 'round-why' }, said),
    asked ? make('p', {}, asked) : null,
    kept.waits && isChosen(unplaced) ? make('p', { class: 'thanks' }, _('✓ {place} is chosen: it is ordered again when there is a network.', { place: kept.chosen[given].label })) : null,
    ...(question?.choices ?? []).map((choice) => make('p', {},
      make('button', { type: 'button', class: 'button button-quiet', onclick: () => choose([[unplaced, choice]]) }, [choice.name, choice.label].filter(Boolean).join(', '))))));
}

// --- the page --------------------------------------------------------------------------------------

function showNetwork() {
  at('network').hidden = navigator.onLine;
  at('network').textContent = _('No network: the route is on this device and can be ticked. To order it again and for files a network is needed.');
  orderWaiting();
}

at('go').hidden = false;
at('here').hidden = false;
at('plan').addEventListener('submit', plan);
at('plan').addEventListener('input', keepDraft);
at('text').addEventListener('input', () => { at('file').value = ''; });
for (const name of ['dragover', 'dragleave', 'drop']) {
  at('plan').addEventListener(name, (event) => {
    event.preventDefault();
    at('drop').classList.toggle('over', name === 'dragover');
    if (name === 'drop' && event.dataTransfer.files.length) at('file').files = event.dataTransfer.files;
  });
}
at('here').addEventListener('click', async () => {
  try {
    const [lon, lat] = await whereAmI();
    at('start').value = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
    keepDraft();
  } catch (error) {
    say(error.message, 'wrong');
  }
});
for (const button of document.querySelectorAll('[data-file]')) button.addEventListener('click', take);
at('drop-round').addEventListener('click', async () => {
  if (!window.confirm(_('Remove the route and all ticks?'))) return;
  for (const id of [KEPT, DRAFT]) await remove('known', id);
  kept = null;
  fill(EMPTY);
  show();
  at('new-round').open = true;
});
window.addEventListener('online', showNetwork);
window.addEventListener('offline', showNetwork);

async function begin() {
  const found = await get('known', KEPT);
  // Stored by a version that did not keep the list beside the route.
  kept = found ? { chosen: {}, text: listOf(found.rows), ...found } : null;
  const draft = await get('known', DRAFT);
  fill(draft ?? kept ?? { ...EMPTY, text: at('text').value });
  at('new-round').open = !kept || draft !== undefined;
  show();
  showNetwork();
}

begin().then(() => { at('round-page').dataset.ready = 'yes'; }, (error) => say(why(error), 'wrong'));
