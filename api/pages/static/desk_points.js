// The map beside a list: a pin for each entry with a point; a tap on it scrolls to the entry.

import { openMap, pin } from './map.js';

const place = document.getElementById('points');
const entries = [...document.querySelectorAll('[data-lon][data-lat]')].filter((each) => each.dataset.lon);

async function draw() {
  place.parentElement.hidden = false;
  const { Marker, LngLatBounds } = await import(place.dataset.part);
  const bounds = new LngLatBounds();
  const points = entries.map((each) => [Number(each.dataset.lon), Number(each.dataset.lat)]);
  points.forEach((point) => bounds.extend(point));
  const map = await openMap(place, place.dataset.part, { cooperative: true });
  map.fitBounds(bounds, { padding: 48, maxZoom: 17, animate: false });
  entries.forEach((entry, at) => {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = `map-pin map-pin-${entry.dataset.pin}`;
    element.setAttribute('aria-label', entry.querySelector('strong')?.textContent ?? entry.dataset.id);
    element.append(pin());
    element.addEventListener('click', () => lead(entry));
    new Marker({ element, anchor: 'bottom' }).setLngLat(points[at]).addTo(map);
  });
  map.once('idle', () => { place.dataset.ready = 'yes'; });
}

/** Scrolls to the entry of a pin, and highlights it for a moment. */
function lead(entry) {
  const card = entry.closest('.box') ?? entry;
  card.scrollIntoView({ block: 'center' });
  card.querySelector('input, a')?.focus({ preventScroll: true });
}

if (place && entries.length) draw().catch(() => { place.parentElement.hidden = true; });
