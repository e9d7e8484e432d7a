// The search box: an ARIA combobox over /v1/autocomplete.

import { _, ask, make } from './ui.js';

const APART_MS = 40;
const KEPT = 100;
const KINDS = {
  door: _('address'), street: _('street'), locality: _('locality'),
  building: _('building'),
  commune: _('commune'), province: _('province'),
};

/** Binds the box; `near` returns the centre of the map, `chosen` gets a suggestion, `searched` a text. */
export function bindSearch({ form, input, list, clear, near, chosen, searched, failed }) {
  const kept = new Map();
  let timer = 0;
  let askedAt = 0;
  let asking = null;
  let lines = [];
  let active = -1;

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    list.replaceChildren();
    lines = [];
    mark(-1);
    input.setAttribute('aria-expanded', 'false');
  }

  function mark(at) {
    active = at;
    list.childNodes.forEach((each, place) => each.setAttribute('aria-selected', place === at));
    if (at < 0) return input.removeAttribute('aria-activedescendant');
    input.setAttribute('aria-activedescendant', `suggestion-${at}`);
    list.childNodes[at].scrollIntoView({ block: 'nearest' });
  }

  function take(line) {
    input.value = line.text;
    clear.hidden = false;
    // A suggestion that ends in a comma is incomplete: continue from there.
    if (line.text.trimEnd().endsWith(',')) {
      close();
      input.value = `${line.text.trimEnd()} `;
      input.focus();
      return suggest();
    }
    close();
    return chosen(line);
  }

  function show(found) {
    lines = found;
    list.replaceChildren(...found.map((line, at) => make(
      'li',
      { id: `suggestion-${at}`, role: 'option', 'aria-selected': 'false', onmousedown: (event) => { event.preventDefault(); take(line); } },
      line.label,
      make('small', {}, [
        line.code_display ?? KINDS[line.type],
        line.places > 1 ? _('in {count:n} communes', { count: line.places }) : null,
        line.former_name ? _('formerly {former_name}', { former_name: line.former_name }) : null,
      ].filter(Boolean).join(' · ')),
    )));
    list.hidden = !found.length;
    input.setAttribute('aria-expanded', String(found.length > 0));
    mark(-1);
  }

  async function suggest() {
    asking?.abort();
    const text = input.value;
    if (text.trim().length < 2) return close();
    const query = String(new URLSearchParams({ q: text.slice(0, 200), limit: '7', ...near() }));
    if (kept.has(query)) return show(kept.get(query)); // a letter was deleted
    asking = new AbortController();
    askedAt = performance.now();
    try {
      const { suggestions } = await ask(`/v1/autocomplete?${query}`, null, asking.signal);
      if (kept.size >= KEPT) kept.clear();
      kept.set(query, suggestions);
      if (text === input.value && document.activeElement === input) show(suggestions);
    } catch (error) {
      if (error.name !== 'AbortError') { close(); failed(error); }
    }
    return undefined;
  }

  input.addEventListener('input', () => {
    clear.hidden = !input.value;
    clearTimeout(timer);
    // Immediately; only input faster than typing is debounced.
    const wait = askedAt + APART_MS - performance.now();
    if (wait > 0) timer = setTimeout(suggest, wait);
    else suggest();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!lines.length) return;
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      mark(((active + 1 + step + lines.length + 1) % (lines.length + 1)) - 1);
    } else if (event.key === 'Escape') {
      if (list.hidden) { input.value = ''; clear.hidden = true; }
      close();
    } else if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      take(lines[active]);
    }
  });
  input.addEventListener('blur', () => close());
  clear.addEventListener('click', () => { input.value = ''; clear.hidden = true; close(); input.focus(); });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    close();
    if (input.value.trim()) searched(input.value.trim());
  });
}
