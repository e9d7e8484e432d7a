// Position of the phone and of a door: the mean of some fixes, or a point tapped between known doors.

import { enlarge, moved, placeAt, sketch } from './sketch.js';
import { _, make, number, unplaced } from './ui.js';

const MOST_FIXES = 10;
const PATIENCE_MS = 12_000;
export const COARSE_M = 50;
const TAPPED_M = 15; // the width of a finger on the sketch
const STEP_M = 3;
const METRES_A_DEGREE = 111_195;
const ARROWS = [['←', -STEP_M, 0, _('west')], ['↑', 0, STEP_M, _('north')], ['↓', 0, -STEP_M, _('south')], ['→', STEP_M, 0, _('east')]];

/** Metres between two points, [lon, lat]. */
export const metres = ([lon, lat], [east, north]) => Math.hypot((east - lon) * Math.cos((lat * Math.PI) / 180), north - lat) * METRES_A_DEGREE;

/**
 * Weighted mean of several fixes. Its accuracy is no better than that of the best fix, since their errors correlate, nor
 * than their spread.
 */
export function mean(fixes) {
  const weights = fixes.map(({ accuracy }) => 1 / Math.max(accuracy, 1) ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const of = (name) => Number((fixes.reduce((sum, fix, at) => sum + fix[name] * weights[at], 0) / total).toFixed(7));
  const [lon, lat] = [of('longitude'), of('latitude')];
  const spread = Math.max(...fixes.map(({ longitude, latitude }) => metres([lon, lat], [longitude, latitude])));
  const best = Math.min(...fixes.map(({ accuracy }) => accuracy));
  return { lon, lat, position_method: 'gps', position_accuracy_m: Math.ceil(Math.max(best, spread)), spread_m: Math.round(spread) };
}

const NOTHING = () => null;
let [pause, resume] = [NOTHING, NOTHING]; // of the position watch: only one may run, or a phone at rest reports to neither

/** Measures until there are enough fixes, the user stops it, or time is up; calls `onFix` after each fix. */
function measured(onFix, stopped) {
  return new Promise((done, failed) => {
    if (!isSecureContext || !navigator.geolocation) return failed(new Error(unplaced()));
    const fixes = [];
    const leave = () => {
      navigator.geolocation.clearWatch(watching);
      clearTimeout(patience);
      resume();
    };
    const end = () => {
      leave();
      if (fixes.length) done(mean(fixes));
      else failed(new Error(_('No position yet: go where the sky is open and try again, or tap the sketch.')));
    };
    pause();
    const watching = navigator.geolocation.watchPosition(({ coords }) => {
      fixes.push({ longitude: coords.longitude, latitude: coords.latitude, accuracy: coords.accuracy });
      onFix(mean(fixes), fixes.length);
      if (fixes.length === MOST_FIXES) end();
    }, (error) => {
      if (error.code !== error.PERMISSION_DENIED) return;
      leave();
      failed(new Error([unplaced(), _('Allow it in the settings of the browser, or tap the sketch.')].join(' ')));
    }, { enableHighAccuracy: true, maximumAge: 0 });
    const patience = setTimeout(end, PATIENCE_MS);
    stopped(end);
  });
}

/** Calls `moved` with [lon, lat] and accuracy in metres as the phone moves; returns a function to stop. */
export function follow(moved, failed) {
  if (!isSecureContext || !navigator.geolocation) {
    failed(new Error(unplaced()));
    return NOTHING;
  }
  let watching = null;
  const begin = () => {
    watching ??= navigator.geolocation.watchPosition(
      ({ coords }) => moved([coords.longitude, coords.latitude], coords.accuracy),
      (error) => { if (error.code === error.PERMISSION_DENIED) failed(new Error(unplaced())); }, // other errors may be temporary
      { enableHighAccuracy: true, maximumAge: 10_000 },
    );
  };
  const stop = () => {
    navigator.geolocation.clearWatch(watching);
    watching = null;
  };
  [pause, resume] = [stop, begin];
  begin();
  return () => {
    stop();
    [pause, resume] = [NOTHING, NOTHING];
  };
}

/**
 * Input for the position of a door. `place` provides known doors (`nearest`, as the sketch expects), `near` returns the
 * initial centre; `recorded` is the registered point, [lon, lat]; `given` is the earlier input; `changed` is called with
 * new input.
 */
export function pointing({ place, near, recorded = null, given = null, changed = () => null }) {
  let point = given;
  const status = make('p', { class: 'quiet', role: 'status' });
  const drawn = make('div', { class: 'field-sketch', hidden: true });
  const stop = make('button', { type: 'button', class: 'button', hidden: true }, _('Use this point'));
  const measure = make('button', { type: 'button', class: 'button button-quiet', onclick: fix }, _('My position'));
  const tap = make('button', { type: 'button', class: 'button button-quiet', onclick: () => draw(point ? [point.lon, point.lat] : near()) }, _('Tap the sketch'));

  function say(text, kind = 'quiet') {
    status.className = kind;
    status.textContent = text;
  }

  function use(given) {
    point = given;
    changed(point);
  }

  function tell(count = 0) {
    if (!point) return say(recorded ? _('It has a point on record; measure or tap the new one.') : _('No point yet.'));
    const apart = recorded && Math.round(metres(recorded, [point.lon, point.lat]));
    const about = `± ${number(point.position_accuracy_m)} m`;
    const within = recorded ? _('{about}, {apart:n} m from the point on record', { about, apart }) : about;
    if (point.position_method !== 'gps') return say(_('Tapped, {within}.', { within }));
    const fixes = count ? _('{count:n} fixes, {spread:n} m apart', { count, spread: point.spread_m }) : _('of the phone');
    if (point.position_accuracy_m > COARSE_M) return say(_('{fixes}: {within}, which is coarse. Turn on precise location, go where the sky is open, or tap the sketch.', { fixes, within }), 'wrong');
    return say(`${fixes}: ${within}.`);
  }

  async function fix() {
    measure.disabled = true;
    say(_('Measuring: hold the phone at the door…'));
    try {
      use(await measured((so_far, count) => { point = so_far; stop.hidden = false; tell(count); }, (end) => { stop.onclick = end; }));
      if (point.position_accuracy_m > COARSE_M) tell();
    } catch (error) {
      say(error.message, 'wrong');
    }
    stop.hidden = true;
    measure.disabled = false;
  }

  /** A sketch around a point for tapping; the point stays in the centre. */
  function draw(middle) {
    if (!middle || !place.nearest(middle, 1).length) return say(_('No door around here has a point to go by.'), 'wrong');
    const map = enlarge(sketch([place], middle, { size: 1 }));
    map.addEventListener('click', (event) => put(placeAt(middle, map, event)));
    const arrows = ARROWS.map(([sign, east, north, words]) => make('button', { type: 'button', class: 'button button-quiet', 'aria-label': words, onclick: () => put(moved(middle, east, north)) }, sign));
    drawn.replaceChildren(map, make('p', { class: 'actions' }, ...arrows));
    drawn.hidden = false;
    return null;
  }

  function put([lon, lat]) {
    use({ lon: Number(lon.toFixed(7)), lat: Number(lat.toFixed(7)), position_method: 'interpolated', position_accuracy_m: TAPPED_M });
    tell();
    draw([lon, lat]);
  }

  tell();
  const element = make('div', { class: 'field-point' }, make('p', { class: 'actions' }, measure, tap, stop), status, drawn);
  return { element, said: () => point, say };
}
