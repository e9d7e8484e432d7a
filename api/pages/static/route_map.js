// The stops of a route on our map, numbered and joined in their order. Without a network, or without the part that draws
// maps, the page does without it.

import { openMap } from './map.js';
import { make } from './ui.js';

const box = document.getElementById('stops-map');
const { part, css } = box.dataset;
const COLOURS = ['match', ['get', 'state'], 'done', '#17663a', 'next', '#a3231b', '#14418b'];
let opening = null;
let framed = '';

async function open() {
  document.head.append(make('link', { rel: 'stylesheet', href: css }));
  const map = await openMap(box, part, { cooperative: true });
  map.on('error', () => null); // tiles that do not come: the stops are drawn all the same
  await new Promise((ready) => { map.once('load', ready); });
  map.addSource('stops', { type: 'geojson', data: collection([]) });
  map.addLayer({ id: 'way', type: 'line', source: 'stops', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': '#14418b', 'line-width': 2, 'line-dasharray': [2, 2] } });
  map.addLayer({ id: 'stops', type: 'circle', source: 'stops', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': COLOURS, 'circle-radius': 12, 'circle-stroke-color': '#fff', 'circle-stroke-width': 2 } });
  map.addLayer({ id: 'stop-numbers', type: 'symbol', source: 'stops', filter: ['==', ['geometry-type'], 'Point'], layout: { 'text-field': ['get', 'at'], 'text-font': ['Be Vietnam Pro Semi'], 'text-size': 13, 'text-allow-overlap': true, 'text-padding': 9 }, paint: { 'text-color': '#fff' } });
  return map;
}

const collection = (features) => ({ type: 'FeatureCollection', features });
const feature = (type, coordinates, properties = {}) => ({ type: 'Feature', geometry: { type, coordinates }, properties });

/** Show where the stops are; `stateOf` is done, next or open. */
export async function showStops(stops, stateOf) {
  const placed = stops.filter(({ position }) => position).map((stop) => ({ stop, point: [stop.position.lon, stop.position.lat] }));
  box.hidden = !part || !placed.length;
  if (box.hidden) return;
  try {
    opening ??= open();
    const map = await opening;
    const points = placed.map(({ point }) => point);
    map.getSource('stops').setData(collection([
      feature('LineString', points),
      // The first on top.
      ...placed.map(({ stop, point }) => feature('Point', point, { at: String(stop.at), state: stateOf(stop) })).reverse(),
    ]));
    if (framed !== String(points)) {
      const [lons, lats] = [0, 1].map((axis) => points.map((point) => point[axis]));
      map.fitBounds([[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]], { padding: 40, maxZoom: 18, animate: false });
      framed = String(points);
    }
    box.dataset.ready = 'yes';
  } catch {
    opening = null;
    box.hidden = true;
  }
}
