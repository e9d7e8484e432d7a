// The map page: search, results, and the place at a point.

import { _, ask, copy, make, mapApp, ofBoth, share, unplaced } from './ui.js';
import { bindSearch } from './search.js';
import { openMap, pin } from './map.js';

const at = (id) => document.getElementById(id);
const [container, input, status, result, intro] = ['map', 'q', 'status', 'result', 'intro'].map(at);
const ZOOMS = { household: 18, building: 18, alley: 17, street: 16, locality: 16, commune: 13, province: 9 };
let map = null;
let marker = null;
let asked = null;

// The bottom sheet on a phone: the map's attribution is above it.
const sheets = new ResizeObserver(() => {
  const sheet = result.hidden ? intro : result;
  document.documentElement.style.setProperty('--sheet', `${sheet.offsetHeight + 12}px`);
});
[intro, result].forEach((each) => sheets.observe(each));
const say = (words) => { status.textContent = words; };

function close() {
  result.hidden = true;
  intro.hidden = false;
  unmark();
  say('');
}

function unmark() {
  marker?.remove();
  marker = null;
}

/** Shows the card, and removes the pin of the previous one. */
function show(...children) {
  say('');
  unmark();
  intro.hidden = true;
  result.replaceChildren(
    make('button', { type: 'button', class: 'close', 'aria-label': _('Close'), onclick: close }, '×'),
    ...children.filter(Boolean),
  );
  result.hidden = false;
  result.scrollTop = 0;
}

async function mark([lon, lat], zoom) {
  if (!map) return;
  const { Marker } = await import(container.dataset.part);
  marker?.remove();
  marker = new Marker({ element: pin(), anchor: 'bottom' }).setLngLat([lon, lat]).addTo(map);
  if (zoom) map[matchMedia('(prefers-reduced-motion: reduce)').matches ? 'jumpTo' : 'flyTo']({ center: [lon, lat], zoom, padding: padding(), maxDuration: 1800 });
}

const wide = () => innerWidth >= 768;

/** Padding of the map, so that the panel does not cover the point. */
function padding() {
  return wide() ? { left: 400, top: 0, right: 0, bottom: 0 } : { left: 0, top: 60, right: 0, bottom: innerHeight * 0.4 };
}

/** The card of a place; without a code, its query is shared. */
function card(feature, leading = feature.properties.label) {
  const { properties: found, geometry } = feature;
  const faults = found.faults.map((fault) => ofBoth(fault.message, fault.message_en));
  const link = found.code ? `/a/${found.code_display}` : null;
  const shared = new URL(link ?? `/?${new URLSearchParams({ q: leading })}`, location).href;
  return [
    found.code ? make('a', { class: 'plate', href: link }, found.code_display) : null,
    make('h2', {}, found.label),
    found.label_before_2025_07 ? make('p', { class: 'former' }, _('Before July 2025: {label}', { label: found.label_before_2025_07 })) : null,
    found.distance_m === null ? null : make('p', { class: 'former' }, _('{metres:n} m from the point', { metres: Math.round(found.distance_m) })),
    faults.length ? make('p', { class: 'faults' }, faults.join(' · ')) : null,
    make(
      'p', { class: 'actions' },
      link ? make('a', { class: 'button', href: link }, _('Address page')) : null,
      link && geometry ? make('a', { class: 'button button-quiet', href: mapApp(geometry.coordinates, found.code_display) }, _('Map app')) : null,
      button(_('Share this'), async (own) => { if (await share(shared, found.label)) own.textContent = _('Copied'); }),
      button(_('Copy'), async (own) => { if (await copy([found.code_display, found.label].filter(Boolean).join(', '))) own.textContent = _('Copied'); }),
      geometry ? null : make('span', { class: 'quiet' }, _('No position yet')),
    ),
  ];
}

function button(words, act) {
  const made = make('button', { type: 'button', class: 'button button-quiet' }, words);
  made.addEventListener('click', () => act(made));
  return made;
}

function choose(feature) {
  show(...card(feature));
  if (feature.geometry) mark(feature.geometry.coordinates, ZOOMS[feature.properties.level] ?? 15);
}

/** Sends a request, ignored if another one follows; shows errors. */
async function answer(question) {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  say(_('Searching…'));
  try {
    const found = await question(signal);
    if (!signal.aborted) return found;
  } catch (error) {
    if (error.name !== 'AbortError') say(error.message);
  }
  return null;
}

async function search(text) {
  const found = await answer((signal) => ask('/v1/geocode', { q: text, limit: 5 }, signal));
  if (!found) return;
  const { features, suggestions } = found;
  if (features.length === 1 || (features[0]?.properties.code && !isOneOfSeveral(features[0]))) choose(features[0]);
  else if (features.length) offer(features);
  else if (suggestions?.length) mistyped(suggestions);
  else nothing(text);
}

/** Whether other places match equally, so that the user has to choose. */
const isOneOfSeveral = ({ properties }) => properties.faults.some(({ code }) => code === 'ambiguous');

function offer(features) {
  show(
    make('h2', {}, _('Several places fit. Which one?')),
    make('ul', {}, ...features.map((feature) => make('li', {}, make('button', { type: 'button', class: 'pick', onclick: () => choose(feature) }, feature.properties.label, feature.properties.code ? make('small', {}, feature.properties.code_display) : null)))),
  );
}

function mistyped(suggestions) {
  show(
    make('h2', {}, _('The code is mistyped. Did you mean:')),
    make('ul', { class: 'codes' }, ...suggestions.map((each) => make('li', {}, make('a', { class: 'plate', href: `/a/${each.code_display}` }, each.code_display), make('span', {}, each.label)))),
  );
}

function nothing(text) {
  show(
    make('h2', {}, _('Nothing found')),
    make('p', {}, _('“{text}” leads to no place in the register. Add the commune or province; no answer is better than a wrong one.', { text })),
  );
}

async function whatIsHere({ lng, lat }) {
  const found = await answer((signal) => ask('/v1/reverse', { lon: lng, lat, radius_m: map.getZoom() >= 15 ? 60 : 200 }, signal));
  if (!found) return;
  const [feature] = found.features;
  if (!feature) {
    show(make('h2', {}, _('Outside Viet Nam')), make('p', {}, _('The register has nothing here.')));
    await mark([lng, lat]);
    return;
  }
  show(...card(feature, `${lat.toFixed(6)}, ${lng.toFixed(6)}`), unregistered(lng, lat, feature));
  await mark(feature.properties.code ? feature.geometry.coordinates : [lng, lat]);
}

/** Link to the form for a house without a code. */
function unregistered(lon, lat, { properties: { distance_m: away, code } }) {
  if (code && away < 3) return null;
  return make('p', { class: 'former' }, make('a', { href: `/new-house?lat=${lat.toFixed(6)}&lon=${lon.toFixed(6)}`, rel: 'nofollow' }, _('A house without a code here?')));
}

bindSearch({
  form: at('search'), input, list: at('suggestions'), clear: at('clear'),
  near: () => (map && map.getZoom() > 9 ? { lon: map.getCenter().lng.toFixed(4), lat: map.getCenter().lat.toFixed(4) } : {}),
  chosen: (line) => search(line.code_display ?? line.text),
  searched: search,
  failed: (error) => say(error.message),
});
document.querySelectorAll('[data-q]').forEach((chip) => chip.addEventListener('click', () => {
  input.value = chip.dataset.q;
  search(chip.dataset.q);
}));
at('clear').addEventListener('click', close);

async function start() {
  if (!container.dataset.part) return;
  const message = at('map-message');
  try {
    map = await openMap(container, container.dataset.part, { hash: true, locate: () => say(unplaced()), padding: wide() ? { left: 420, top: 20, right: 20, bottom: 20 } : { left: 8, top: 70, right: 8, bottom: 190 } });
    map.on('click', (event) => whatIsHere(event.lngLat));
    map.once('idle', () => { message.remove(); container.dataset.ready = 'yes'; });
    map.on('error', () => say(_('Part of the map did not load.')));
  } catch {
    map = null;
    message.textContent = _('The map cannot be drawn by this browser. Search works.');
  }
}

/** A link may contain a query: `/?q=12 Lê Lợi, Đà Nẵng`. */
async function searchAsLinked() {
  const text = new URLSearchParams(location.search).get('q')?.trim();
  if (!text) return;
  input.value = text.slice(0, input.maxLength);
  at('clear').hidden = false;
  await search(input.value);
}

start().then(searchAsLinked);
