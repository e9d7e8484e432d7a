// The page of an address: copy, share, print, the map on a tap, the real position of a misplaced door, and reports that
// wait for a network.

import { keepReport, sendReports } from './outbox.js';
import { isPersonal, LEAVE_OUT, namesPerson } from './personal.js';
import { keepOpened, whyNotKept } from './store.js';
import { _, copy, make, mapApp, share, whereAmI } from './ui.js';

const PATIENCE_MS = 8000;

const article = document.querySelector('.address');
const place = document.getElementById('place-map');
const form = document.querySelector('#report form');

for (const each of document.querySelectorAll('[data-copy], [data-share], [data-print]')) each.hidden = false;

function done(button) {
  const words = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = words; }, 1600);
}

document.addEventListener('click', async ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  const { copy: text, share: url } = target.dataset;
  if (text !== undefined && await copy(text)) done(target);
  if (url !== undefined && await share(url, article.dataset.label)) done(target);
  if ('print' in target.dataset) window.print();
});

for (const geo of document.querySelectorAll('[data-geo]')) {
  const { lon, lat } = (geo.closest('#ways li') ?? place).dataset;
  geo.href = mapApp([lon, lat], article.dataset.code);
}

document.querySelector('[data-report]').addEventListener('click', () => { document.querySelector('#report details').open = true; });

function setPoint([lon, lat]) {
  form.lon.value = lon.toFixed(6);
  form.lat.value = lat.toFixed(6);
  if (form.kind.value !== 'entrance') form.kind.value = 'wrong_point';
}

async function openHere(event) {
  event?.preventDefault();
  const { part, css, lon, lat } = place.dataset;
  const sheet = document.createElement('link');
  sheet.rel = 'stylesheet';
  sheet.href = css;
  document.head.append(sheet);
  const box = document.createElement('div');
  box.className = 'map';
  try {
    const { openMap, pin } = await import('./map.js');
    const { Marker } = await import(part);
    place.append(box);
    const centre = [Number(lon), Number(lat)];
    const map = await openMap(box, part, { center: centre, zoom: 17.5, cooperative: true });
    const marker = new Marker({ element: pin(), anchor: 'bottom' }).setLngLat(centre).addTo(map);
    for (const way of document.querySelectorAll('#ways li')) {
      const mark = way.querySelector('.way-mark').cloneNode(true);
      new Marker({ element: mark }).setLngLat([Number(way.dataset.lon), Number(way.dataset.lat)]).addTo(map);
    }
    map.on('click', ({ lngLat }) => {
      if (!form || !document.querySelector('#report details').open) return;
      marker.setLngLat(lngLat);
      setPoint([lngLat.lng, lngLat.lat]);
    });
    map.once('idle', () => { place.dataset.ready = 'yes'; });
    opener.hidden = true;
  } catch {
    box.remove();
    opener.textContent = navigator.onLine ? _('The map cannot be drawn by this browser') : _('The map needs a network');
  }
}

const opener = document.getElementById('open-map');
if (place?.dataset.part) {
  opener.addEventListener('click', openHere, { once: true });
  place.addEventListener('click', openHere, { once: true });
}

const mine = document.getElementById('my-place');
if (mine) {
  mine.hidden = false;
  mine.addEventListener('click', async () => {
    try {
      setPoint(await whereAmI());
    } catch (error) {
      mine.insertAdjacentText('afterend', ` ${error.message}`);
    }
  });
}

/** Reports made without a network, in the outbox of this device. */
async function keepSaid() {
  const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const body = { kind: values.kind, code: article.dataset.code };
  if (['wrong_point', 'entrance'].includes(values.kind)) {
    const [lon, lat] = [values.lon, values.lat].map((degrees) => parseFloat(degrees.replace(',', '.')));
    if (Number.isNaN(lon) || Number.isNaN(lat)) throw new Error(_('Say where it is: use your position, or its latitude and longitude.'));
    Object.assign(body, { lon, lat });
  }
  if (values.kind === 'entrance') {
    if (isPersonal(values.note) || namesPerson(values.note)) throw new Error(LEAVE_OUT);
    Object.assign(body, { entrance: values.entrance, ...(values.note ? { note: values.note } : {}) });
  }
  await keepReport(body, article.dataset.label);
  form.reset();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // With a network the form is submitted; without one the browser would show its error page, and lose it.
  const there = await fetch('/healthz', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) }).then(() => true, () => false);
  if (there) return form.submit();
  const notice = document.getElementById('report-notice');
  notice.hidden = false;
  try {
    await keepSaid();
    notice.className = 'thanks';
    notice.replaceChildren(_('No network: it is kept in the outbox of this device.'), ' ', make('a', { href: '/packs#reports' }, _('Outbox')));
  } catch (error) {
    notice.className = 'wrong';
    notice.textContent = whyNotKept(error);
  }
  return null;
});

const sendKept = () => { if (navigator.onLine) sendReports(() => null); };
window.addEventListener('online', sendKept);
sendKept();

// Found again without a network, by code, street or number (packs.js).
const { code, label, before } = article.dataset;
keepOpened({ id: code.replace('-', ''), label, before }).catch(() => null); // a private window stores nothing
