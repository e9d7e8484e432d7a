// The map: our own tiles, drawn by MapLibre with the letters of the page. Nothing comes from elsewhere.

import { t } from './ui.js';

const VIET_NAM = [[101.9, 6.2], [117.8, 23.6]];
const LETTERS = ['Be Vietnam Pro'];
const BOLD = ['Be Vietnam Pro Semi'];
const INK = '#38475a';
const ENAMEL = '#14418b';

const zoomed = (...stops) => ['interpolate', ['linear'], ['zoom'], ...stops];
const named = (kinds) => ['in', ['get', 'kind'], ['literal', kinds]];
const halo = (color, width = 1.4) => ({ 'text-color': color, 'text-halo-color': 'rgba(255,255,255,.92)', 'text-halo-width': width });

function layers() {
  const units = (layer) => ({ source: 'register', 'source-layer': layer });
  const labels = { source: 'register', 'source-layer': 'labels', type: 'symbol' };
  return [
    { id: 'sea', type: 'background', paint: { 'background-color': '#e3edf3' } },
    { id: 'land', type: 'fill', ...units('provinces'), paint: { 'fill-color': '#fbfaf6', 'fill-antialias': false } },
    {
      id: 'density', type: 'circle', source: 'register', 'source-layer': 'density', maxzoom: 15,
      paint: {
        'circle-color': ENAMEL,
        'circle-opacity': ['interpolate', ['linear'], ['log10', ['max', ['get', 'n'], 1]], 0, 0.3, 3, 0.7],
        'circle-radius': zoomed(4, ['interpolate', ['linear'], ['log10', ['max', ['get', 'n'], 1]], 0, 0.9, 4, 3],
          14, ['interpolate', ['linear'], ['log10', ['max', ['get', 'n'], 1]], 0, 2, 3, 6]),
      },
    },
    {
      id: 'commune-lines', type: 'line', ...units('communes'), minzoom: 8,
      filter: ['!', ['get', 'approximate']],
      paint: { 'line-color': '#b9a98a', 'line-width': zoomed(8, 0.4, 14, 1.2) },
    },
    {
      id: 'commune-cells', type: 'line', ...units('communes'), minzoom: 9,
      filter: ['get', 'approximate'],
      paint: { 'line-color': '#c9bda4', 'line-width': 0.8, 'line-dasharray': [2, 3] },
    },
    {
      id: 'province-lines', type: 'line', ...units('provinces'),
      paint: { 'line-color': '#9a8a6c', 'line-width': zoomed(4, 0.6, 10, 1.8) },
    },
    {
      id: 'doors', type: 'circle', source: 'register', 'source-layer': 'doors', minzoom: 15,
      paint: {
        'circle-color': ENAMEL,
        'circle-radius': zoomed(15, ['case', ['has', 'n'], 3.2, 2], 18, ['case', ['has', 'n'], 6.5, 5]),
        'circle-stroke-color': '#fff', 'circle-stroke-width': zoomed(15, 0.4, 18, 1.4),
      },
    },
    {
      ...labels, id: 'door-numbers', 'source-layer': 'doors', minzoom: 17, filter: ['has', 'number'],
      layout: { 'text-field': ['get', 'number'], 'text-font': LETTERS, 'text-size': 12, 'text-offset': [0, 1.1], 'text-padding': 2 }, // below: the pin stands above
      paint: halo(ENAMEL),
    },
    {
      ...labels, id: 'places', minzoom: 13, filter: named(['street', 'locality']),
      layout: {
        'text-field': ['get', 'name'], 'text-font': LETTERS, 'text-size': zoomed(13, 11, 18, 14),
        'symbol-sort-key': ['-', ['get', 'weight']], 'text-max-width': 9, 'text-padding': 6, 'text-offset': [0, 1],
      },
      paint: halo('#6b4a1f'),
    },
    {
      ...labels, id: 'communes', minzoom: 6.5, filter: named(['commune']),
      layout: {
        'text-field': ['get', 'name'], 'text-font': LETTERS, 'text-size': zoomed(7, 10.5, 13, 14),
        'symbol-sort-key': ['-', ['get', 'weight']], 'text-max-width': 8, 'text-padding': 4,
      },
      paint: halo(INK),
    },
    {
      ...labels, id: 'provinces', maxzoom: 11, filter: named(['province']),
      layout: {
        'text-field': ['get', 'name'], 'text-font': BOLD, 'text-size': zoomed(4, 11, 9, 17),
        'symbol-sort-key': ['-', ['get', 'weight']], 'text-max-width': 7, 'text-padding': 3,
      },
      paint: halo('#22303c', 1.8),
    },
    {
      ...labels, id: 'archipelagos', filter: named(['archipelago']),
      layout: {
        'text-field': ['format', ['get', 'name'], { 'text-font': ['literal', BOLD] }, '\n', {}, ['get', 'holder'], { 'font-scale': 0.88 }],
        'text-font': LETTERS, 'text-size': zoomed(3, 11, 8, 15), 'text-max-width': 14,
        'text-allow-overlap': true, 'text-ignore-placement': true,
      },
      paint: halo('#22303c', 1.8),
    },
  ];
}

const style = () => ({
  version: 8,
  sources: {
    register: {
      type: 'vector', tiles: [`${location.origin}/tiles/{z}/{x}/{y}`], minzoom: 0, maxzoom: 18,
    },
  },
  layers: layers(),
});

/** MapLibre's words in the page's language. */
const locale = () => ({
  'Map.Title': t('Bản đồ', 'Map'),
  'NavigationControl.ZoomIn': t('Phóng to', 'Zoom in'),
  'NavigationControl.ZoomOut': t('Thu nhỏ', 'Zoom out'),
  'NavigationControl.ResetBearing': t('Hướng bắc lên trên', 'North up'),
  'GeolocateControl.FindMyLocation': t('Vị trí của tôi', 'My position'),
  'GeolocateControl.LocationNotAvailable': t('Không biết vị trí', 'Position not available'),
  'AttributionControl.ToggleAttribution': t('Nguồn', 'Sources'),
});

const remarks = (rough) => [
  t('Hình vẽ thống kê, không phải bản đồ địa giới hành chính', 'Drawn for statistics; no legal boundaries'),
  rough ? t('xã là ô gần đúng, chưa nạp ranh giới thật', 'communes are rough cells: no real boundaries loaded') : null,
].filter(Boolean).join('; ');

async function lettersReady() {
  // Labels are drawn from the letters that are there when their tile comes.
  await Promise.allSettled([...LETTERS, ...BOLD].map((family) => document.fonts.load(`16px "${family}"`, 'Đường Nguyễn Trãi 12')));
}

/** A map in the element; raises where the part that draws it does not load or cannot draw. */
export async function openMap(container, part, options = {}) {
  const [{ Map, NavigationControl, GeolocateControl, ScaleControl, AttributionControl }] = await Promise.all([import(part), lettersReady()]);
  const map = new Map({
    container,
    style: style(),
    bounds: options.center ? undefined : VIET_NAM,
    fitBoundsOptions: { padding: options.padding ?? 12 },
    center: options.center,
    zoom: options.zoom,
    hash: options.hash ?? false,
    maxBounds: [[85, -8], [133, 37]],
    maxZoom: 20,
    minZoom: 2,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: locale(),
    cooperativeGestures: options.cooperative ?? false,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  if (options.locate) {
    const locate = new GeolocateControl({ positionOptions: { enableHighAccuracy: true } });
    locate.on('error', options.locate);
    map.addControl(locate, 'top-right');
  }
  map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-left');
  map.addControl(new AttributionControl({ compact: false, customAttribution: remarks('rough' in container.dataset) }), 'bottom-right');
  return map;
}

/** A pin, as an element for a marker. */
export function pin() {
  const space = 'http://www.w3.org/2000/svg';
  const drawn = document.createElementNS(space, 'svg');
  drawn.setAttribute('class', 'pin');
  drawn.setAttribute('viewBox', '0 0 26 36');
  drawn.setAttribute('aria-hidden', 'true');
  const body = document.createElementNS(space, 'path');
  body.setAttribute('d', 'M13 35C8 27 1.5 21 1.5 13a11.5 11.5 0 0 1 23 0C24.5 21 18 27 13 35z');
  body.setAttribute('fill', ENAMEL);
  body.setAttribute('stroke', '#fff');
  body.setAttribute('stroke-width', '2');
  const eye = document.createElementNS(space, 'circle');
  for (const [name, value] of [['cx', 13], ['cy', 13], ['r', 4.5], ['fill', '#fff']]) eye.setAttribute(name, value);
  drawn.append(body, eye);
  return drawn;
}
