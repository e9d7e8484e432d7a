// The board of coverage: the map is loaded after the numbers.

import { _ } from './ui.js';

async function draw(frame) {
  try {
    const response = await fetch(frame.dataset.map);
    if (!response.ok) throw new Error(response.status);
    const drawn = new DOMParser().parseFromString(await response.text(), 'image/svg+xml').documentElement;
    frame.replaceChildren(document.importNode(drawn, true));
  } catch {
    frame.firstElementChild.textContent = _('The map did not load; the ranking below has all of it.');
  }
}

document.querySelectorAll('[data-map]').forEach(draw);
