// The map: our own tiles, drawn by MapLibre with the letters of the page. Nothing comes from elsewhere, but a base map that the operator chose.

import { _ } from './ui.js';

const VIET_NAM = [[101.9, 6.2], [117.8, 23.6]];
const LETTERS = ['Be Vietnam Pro'];
const BOLD = ['Be Vietnam Pro Semi'];
const ENAMEL = '#14418b';

/** The style that every program draws our map by; whatever this server is called, its tiles come from where the page does. */
async function style() {
  const answer = await fetch('/tiles/style.json');
  if (!answer.ok) throw new Error(`style: ${answer.status}`);
  const made = await answer.json();
  const at = made.metadata['diachiso:at'];
  for (const source of Object.values(made.sources)) {
    source.tiles = source.tiles.map((url) => (url.startsWith(`${at}/tiles/`) ? location.origin + url.slice(at.length) : url));
  }
  return made;
}

/** MapLibre's words in the page's language. */
const locale = () => ({
  'Map.Title': _('Map'),
  'NavigationControl.ZoomIn': _('Zoom in'),
  'NavigationControl.ZoomOut': _('Zoom out'),
  'NavigationControl.ResetBearing': _('North up'),
  'GeolocateControl.FindMyLocation': _('Show my position'),
  'GeolocateControl.LocationNotAvailable': _('Position not available'),
  'AttributionControl.ToggleAttribution': _('Sources'),
});

const remarks = (rough) => [
  _('Drawn for statistics; no legal boundaries'),
  rough ? _('communes are rough cells: no real boundaries loaded') : null,
].filter(Boolean).join('; ');

async function lettersReady() {
  // Labels are drawn from the letters that are there when their tile comes.
  await Promise.allSettled([...LETTERS, ...BOLD].map((family) => document.fonts.load(`16px "${family}"`, 'Đường Nguyễn Trãi 12')));
}

/** A map in the element; raises where the part that draws it does not load or cannot draw. */
export async function openMap(container, part, options = {}) {
  const [{ Map, NavigationControl, GeolocateControl, ScaleControl, AttributionControl }, drawn] = await Promise.all([import(part), style(), lettersReady()]);
  const map = new Map({
    container,
    style: drawn,
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
