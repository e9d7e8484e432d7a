// The list of records: select all of a page, and show the number selected.

import { _, make } from './ui.js';
import './desk_map.js';

const ticks = [...document.querySelectorAll('#ticked input[name="record"]')];
const said = document.getElementById('ticks');
const head = document.querySelector('.records thead th');

function tell() {
  const count = ticks.filter((each) => each.checked).length;
  said.textContent = _('With {count:n} ticked:', { count });
}

if (ticks.length) {
  const all = make('input', { type: 'checkbox', 'aria-label': _('Tick the whole page') });
  all.addEventListener('change', () => {
    ticks.forEach((each) => { each.checked = all.checked; });
    tell();
  });
  head.replaceChildren(all);
  document.getElementById('ticked').addEventListener('change', tell);
}
