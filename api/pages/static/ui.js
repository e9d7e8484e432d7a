// Shared by all pages: translations, creation of elements, requests to the API.

export const language = document.documentElement.lang;
/** Locale of numbers and moments; in English, with the day before the month. */
export const locale = language === 'en' ? 'en-GB' : language;
const words = {};

/** Formats a number for the language. */
export const number = (value, options) => value.toLocaleString(locale, options);

/** Sets the translations of scripts, English → text; the module words-LANGUAGE.js runs before them. */
export const learn = (said) => Object.assign(words, said);

/** Translates an English text; `{name}` is one of `values`, `{name:n}` a formatted number. */
export const _ = (english, values = {}) => (words[english] ?? english)
  .replace(/\{(\w+)(:n)?\}/g, (all, name, figure) => (figure ? number(values[name]) : values[name]));

/** Selects the page's language from a bilingual answer of the API. */
export const ofBoth = (vietnamese, english) => (language === 'en' ? english : vietnamese);

/** Creates an element with attributes and children; text is never parsed as markup. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** What else can be done beside a main action: buttons behind one, `name` for who does not see the dots. */
export function menu(name, ...actions) {
  const head = make('summary', { class: 'button button-quiet', 'aria-label': name }, '⋯');
  const box = make('details', { class: 'menu', name: 'menu' }, head, make('div', {}, ...actions));
  const close = () => {
    box.open = false;
    head.focus();
  };
  // Before the button acts: what it opens may take the focus.
  box.addEventListener('click', ({ target }) => target.closest('button') && close(), true);
  box.addEventListener('keydown', ({ key }) => key === 'Escape' && box.open && close());
  return box;
}

document.addEventListener('click', ({ target }) => {
  for (const open of document.querySelectorAll('.menu[open]')) open.open = open.contains(target);
});

/** A request in the page's language. */
export const call = (path, options = {}) => fetch(path, { ...options, headers: { 'Accept-Language': language, ...options.headers } });

/** Returns the server's response, whatever its status; throws an Error with a message for people without one. */
export async function reach(path, options) {
  try {
    return await call(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error(_('The server cannot be reached.'));
  }
}

/** Returns the answer of the API; throws an Error with a message for people. */
export async function ask(path, body, signal) {
  const sent = body && {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
  };
  // With priority over waiting tiles.
  const response = await reach(path, { ...sent, signal, priority: 'high' });
  if (response.ok) return response.json();
  throw new Error(await complaint(response));
}

async function complaint(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? _('Something went wrong; try again later.');
}

/** Copies text to the clipboard; returns false if the browser refuses. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Copies without the clipboard API, which browsers provide on https only. */
function copySelected(text) {
  const before = document.activeElement;
  const field = make('textarea', { class: 'unseen', readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  before?.focus();
  return copied;
}

/** Shares a link by the device's dialog, or copies it; returns true if copied. */
export async function share(url, title) {
  if (navigator.share) {
    await navigator.share({ url, title }).catch(() => null);
    return false;
  }
  return copy(url);
}

/** Returns a link that opens a point, [lon, lat], in the device's map app; Apple's do not support geo: links. */
export function mapApp([lon, lat], name) {
  if (/iPhone|iPad|Macintosh/.test(navigator.userAgent)) return `maps://?ll=${lat},${lon}&q=${lat},${lon}`;
  return `geo:${lat},${lon}?q=${lat},${lon}(${name})`;
}

/** Returns the position of the device as [lon, lat]. */
export function whereAmI() {
  return new Promise((found, failed) => {
    const refuse = () => failed(new Error(unplaced()));
    if (!isSecureContext || !navigator.geolocation) return refuse();
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => found([coords.longitude, coords.latitude]),
      refuse,
      { enableHighAccuracy: true, timeout: 10000 },
    );
  });
}

/** Message for a geolocation error. */
export const unplaced = () => (isSecureContext
  ? _('Your position is not known: the browser does not allow it.')
  : _('Browsers tell a position on https pages only. Type an address, or tap the map.'));

// Pages of addresses stay readable without a network (kept.js); browsers support that on https only.
navigator.serviceWorker?.register('/kept.js').catch(() => null);
