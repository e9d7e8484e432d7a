// Maps of the desk: a commune's boundary, its doors, and a pin that can be dragged to the position of a door.

import { _ } from './ui.js';

const EMPTY = { type: 'FeatureCollection', features: [] };
const COLOURS = ['match', ['get', 'status'], 'proposed', '#b36b00', 'retired', '#8795a1', '#14418b'];

async function answer(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(response.status);
  return response.json();
}

const feature = ([lon, lat, code, status, number]) => ({
  type: 'Feature', geometry: { type: 'Point', coordinates: [lon, lat] }, properties: { code, status, number },
});

const shown = (code) => `${code.slice(0, 4)}-${code.slice(4)}`;

async function drawBoundary(map, path) {
  const found = await answer(path);
  if (!found.geometry) return null;
  map.addSource('own', { type: 'geojson', data: found });
  map.addLayer({
    id: 'own', type: 'line', source: 'own',
    paint: { 'line-color': '#a3231b', 'line-width': 2.5, ...(found.properties.approximate ? { 'line-dasharray': [2, 2] } : {}) },
  });
  return found;
}

function bounds(geometry) {
  const all = geometry.coordinates.flat(geometry.type === 'MultiPolygon' ? 2 : 1);
  const [lons, lats] = [0, 1].map((at) => all.map((point) => point[at]));
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}

/** Draws the records of a list, linked to their pages. */
async function drawPoints(map, box, say, { Popup }) {
  const { points, more } = await answer(box.dataset.points);
  map.addSource('listed', { type: 'geojson', data: { ...EMPTY, features: points.map(feature) } });
  map.addLayer({
    id: 'listed', type: 'circle', source: 'listed',
    paint: { 'circle-color': COLOURS, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 2, 17, 7], 'circle-stroke-color': '#fff', 'circle-stroke-width': 1 },
  });
  map.on('click', 'listed', ({ features: [{ properties, geometry }] }) => {
    const link = document.createElement('a');
    link.href = `/desk/records/${shown(properties.code)}`;
    link.className = 'code';
    link.textContent = shown(properties.code);
    const said = document.createElement('p');
    said.append(link, ` ${properties.number ?? ''}`);
    new Popup({ closeButton: false }).setLngLat(geometry.coordinates).setDOMContent(said).addTo(map);
  });
  map.on('mouseenter', 'listed', () => { map.getCanvas().style.cursor = 'pointer'; });
  map.on('mouseleave', 'listed', () => { map.getCanvas().style.cursor = ''; });
  say(more
    ? _('The first {count:n} points only', { count: points.length })
    : _('{count:n} points', { count: points.length }));
  return points;
}

/** Draws the recorded point of a door, with a line to its new one. */
function drawMove(map, from, to, { LngLatBounds }) {
  const line = { type: 'LineString', coordinates: [from, to] };
  map.addSource('move', { type: 'geojson', data: { type: 'GeometryCollection', geometries: [line, { type: 'Point', coordinates: from }] } });
  map.addLayer({ id: 'move', type: 'line', source: 'move', paint: { 'line-color': '#a3231b', 'line-width': 3, 'line-dasharray': [2, 1] } });
  map.addLayer({
    id: 'before', type: 'circle', source: 'move', filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 6, 'circle-color': '#8795a1', 'circle-stroke-color': '#fff', 'circle-stroke-width': 2 },
  });
  map.fitBounds(new LngLatBounds(from, from).extend(to), { padding: 60, maxZoom: 17.5, animate: false });
}

/** The pin of a form, synchronised with its fields. */
function bindPin(map, form, marker, say) {
  const { lon, lat, position_method: method } = form.elements;
  const put = ({ lng, lat: north }) => {
    marker.setLngLat([lng, north]).addTo(map);
    lon.value = lng.toFixed(6);
    lat.value = north.toFixed(6);
    // A point chosen on a map was not measured.
    if (method) method.value = 'imagery';
    say(_('The pin is set'));
  };
  marker.setDraggable(true);
  marker.on('dragend', () => put(marker.getLngLat()));
  map.on('click', ({ lngLat }) => put(lngLat));
  const read = () => [lon, lat].map((each) => Number(each.value.replace(',', '.')));
  const follow = () => {
    const point = read();
    if (point.every((each) => Number.isFinite(each) && each !== 0)) marker.setLngLat(point).addTo(map);
  };
  lon.addEventListener('change', follow);
  lat.addEventListener('change', follow);
  follow();
}

/** Numbered marks for the entrances of a form; a tap places the one being edited. */
function bindRows(map, form, { Marker }, say) {
  const rows = [...form.querySelectorAll('[name^="entrances."][name$=".lon"]')].map((lon, at) => {
    const lat = form.elements[lon.name.replace(/lon$/, 'lat')];
    const mark = document.createElement('span');
    mark.className = 'way-mark';
    mark.textContent = String(at + 1);
    const marker = new Marker({ element: mark, draggable: true });
    const put = ({ lng, lat: north }) => {
      marker.setLngLat([lng, north]).addTo(map);
      lon.value = lng.toFixed(6);
      lat.value = north.toFixed(6);
      say(_('Entrance {number} is placed', { number: at + 1 }));
    };
    const follow = () => {
      const point = [lon, lat].map((each) => Number(each.value.replace(',', '.')));
      if (point.every((each) => Number.isFinite(each) && each !== 0)) marker.setLngLat(point).addTo(map);
      else marker.remove();
    };
    marker.on('dragend', () => put(marker.getLngLat()));
    for (const field of [lon, lat]) field.addEventListener('change', follow);
    follow();
    return { lon, put };
  });
  let filled = Math.max(rows.findIndex(({ lon }) => !lon.value), 0);
  form.addEventListener('focusin', ({ target }) => {
    const [name, at] = (target.name ?? '').split('.');
    if (name === 'entrances') filled = Number(at);
  });
  map.on('click', ({ lngLat }) => rows[filled].put(lngLat));
}

async function open(box) {
  const { part, css, lon, lat, points, boundary, before } = box.dataset;
  const said = box.parentElement.querySelector('[data-map-said]');
  const say = (words) => { if (said) said.textContent = words; };
  box.hidden = false;
  const form = 'drag' in box.dataset ? box.closest('form') : null;
  const rowed = 'rows' in box.dataset ? box.closest('form') : null;
  const typed = form ? ['lon', 'lat'].map((name) => Number(form.elements[name].value.replace(',', '.'))) : [];
  const placed = typed.length === 2 && typed.every(Boolean);
  try {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = css;
    document.head.append(sheet);
    const [{ openMap, pin }, parts] = await Promise.all([import('./map.js'), import(part)]);
    const centre = placed ? typed : [Number(lon), Number(lat)];
    const exact = placed || 'pin' in box.dataset;
    const map = await openMap(box, part, { center: lon ? centre : undefined, zoom: exact ? 17.5 : 13, cooperative: !form && !rowed });
    await new Promise((ready) => { map.once('load', ready); });
    const own = await drawBoundary(map, boundary);
    const marker = new parts.Marker({ element: pin(), anchor: 'bottom' });
    if ('pin' in box.dataset) marker.setLngLat(centre).addTo(map);
    if (before) drawMove(map, before.split(',').map(Number), centre, parts);
    if (form) bindPin(map, form, marker, say);
    if (rowed) bindRows(map, rowed, parts, say);
    const listed = points ? await drawPoints(map, box, say, parts) : [];
    if (listed.length) {
      const around = new parts.LngLatBounds();
      listed.forEach((point) => around.extend(point.slice(0, 2)));
      map.fitBounds(around, { padding: 30, maxZoom: 17, animate: false });
    } else if (!exact && own) map.fitBounds(bounds(own.geometry), { padding: 20, animate: false });
    const hint = box.parentElement.querySelector('[data-map-hint]');
    if (hint) hint.hidden = false;
    map.once('idle', () => { box.dataset.ready = 'yes'; });
    map.triggerRepaint(); // the map may be idle already
  } catch {
    box.hidden = true;
    say(_('The map cannot be drawn by this browser; the list and the fields work.'));
  }
}

for (const box of document.querySelectorAll('.desk-map')) {
  const opener = box.parentElement.querySelector('[data-open-map]');
  const wide = matchMedia('(min-width: 80rem)').matches;
  if ('open' in box.dataset || (box.dataset.points && wide)) open(box);
  else if (opener) {
    opener.hidden = false;
    opener.addEventListener('click', () => { opener.hidden = true; open(box); }, { once: true });
  }
}
