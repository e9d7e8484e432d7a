// The operator's base map below the doors of a pack: a slice stored on this device, drawn by MapLibre like the map of
// the home page. Without a slice, or if it cannot be drawn, the sketch is shown.

import { get, put, remove } from './store.js';
import { _, make } from './ui.js';

const PARTS = 'map'; // a separate cache: large, and needed only with a slice
const ZOOM = 17;
const { basemap, part, worker, css, pmtiles } = document.querySelector('.hand').dataset;

/** Downloads the slice of a commune and the map library; returns whether there is one. */
export async function takeMap(code) {
  if (basemap === undefined) return false;
  const [answer, drawn] = await Promise.all([fetch(`/v1/packs/${code}/basemap`), fetch('/tiles/style.json')]);
  if (answer.status === 404) await remove('maps', code);
  if (!answer.ok || !drawn.ok) return false;
  await put('maps', { id: code, file: await answer.blob(), style: await drawn.json() });
  await keepParts();
  return true;
}

export const dropMap = (code) => remove('maps', code);

/** Size of a commune's slice, in bytes; 0 without one. */
export const mapBytes = async (code) => (await get('maps', code))?.file.size ?? 0;

/** Files of the map library in the current version of the pages. */
export async function keepParts() {
  const kept = await caches.open(PARTS);
  const wanted = [part, worker, css, pmtiles];
  if (await kept.match(pmtiles)) return;
  await kept.addAll(wanted);
  for (const { url } of await kept.keys()) if (!wanted.includes(new URL(url).pathname)) await kept.delete(url);
}

/** An element with a commune's doors on its base map around a point, [lon, lat]; null without a slice. */
export async function mapOf(commune, point, marks) {
  const kept = await get('maps', commune.header.commune).catch(() => null);
  if (!kept) return null;
  const [maplibre] = await Promise.all([import(part), loaded()]);
  const protocol = new window.pmtiles.Protocol({ metadata: true });
  protocol.add(new window.pmtiles.PMTiles(new window.pmtiles.FileSource(new File([kept.file], kept.id))));
  maplibre.addProtocol('pmtiles', protocol.tile);
  const box = make('div', { class: 'hand-map', role: 'region', 'aria-label': _('Map of what is around') });
  // Drawn once the element has its size.
  const draw = () => {
    const map = new maplibre.Map({ container: box, style: styleOf(kept, commune), center: point, zoom: ZOOM, maxZoom: 20, attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false });
    map.touchZoomRotate.disableRotation();
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
    map.addControl(new maplibre.ScaleControl({ unit: 'metric' }), 'bottom-left');
    map.addControl(new maplibre.AttributionControl({ compact: false }), 'bottom-right');
    for (const { element, at, anchor } of marks) new maplibre.Marker({ element, anchor }).setLngLat(at).addTo(map);
    map.once('idle', () => { box.dataset.ready = 'yes'; });
  };
  return { box, draw };
}

/** Loads a classic script, which defines a global. */
const loaded = () => (window.pmtiles ? null : new Promise((done, failed) => {
  document.head.append(
    make('link', { rel: 'stylesheet', href: css }),
    make('script', { src: pmtiles, onload: done, onerror: () => failed(new Error(pmtiles)) }),
  );
}));

/** The style of our map, with the slice as base and the pack's doors instead of the register's tiles. */
function styleOf({ id, style }, commune) {
  const own = { doors: doorsOf(commune), labels: streetsOf(commune) };
  const { tiles, minzoom, maxzoom, ...base } = style.sources.base;
  const ground = style.layers.find((layer) => layer.id === 'land').paint['fill-color'];
  const layers = style.layers.flatMap((layer) => {
    if (layer.source === 'base') return [layer];
    const { 'source-layer': of, ...drawn } = layer;
    return of in own && layer.source === 'register' ? [{ ...drawn, source: of }] : [];
  });
  return {
    version: 8,
    sources: { base: { ...base, url: `pmtiles://${id}` }, ...own },
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': ground } }, ...layers],
  };
}

const collection = (features) => ({ type: 'geojson', data: { type: 'FeatureCollection', features } });
const feature = (point, properties) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: point }, properties });

const doorsOf = (commune) => collection(commune.doors.flatMap((door) => {
  const point = commune.point(door);
  return point ? [feature(point, door.number ? { number: door.number } : {})] : [];
}));

/** Each street name at its middle door. */
function streetsOf(commune) {
  const streets = new Map();
  for (const door of commune.doors) {
    const point = commune.point(door);
    if (door.street !== null && point) streets.set(door.street, [...streets.get(door.street) ?? [], point]);
  }
  return collection([...streets].map(([street, points]) => feature(points[Math.floor(points.length / 2)], { kind: 'street', name: commune.streets.name[street], weight: points.length })));
}
