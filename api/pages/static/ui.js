// What all pages share: words in the page's language, elements without markup, questions to the API.

export const language = document.documentElement.lang;
/** How numbers and moments are written; in English, days stand before months. */
export const locale = language === 'en' ? 'en-GB' : language;
const words = {};

/** A number as the language writes it. */
export const number = (value, options) => value.toLocaleString(locale, options);

/** Keep the page's language for its scripts, English → what is said: the module words-LANGUAGE.js runs before them. */
export const learn = (said) => Object.assign(words, said);

/** A text in the page's language, by its English; `{name}` is one of `values`, `{name:n}` a number. */
export const _ = (english, values = {}) => (words[english] ?? english)
  .replace(/\{(\w+)(:n)?\}/g, (all, name, figure) => (figure ? number(values[name]) : values[name]));

/** Of what the API says in both, that in the page's language. */
export const ofBoth = (vietnamese, english) => (language === 'en' ? english : vietnamese);

/** An element with attributes and children; text is text, whatever stands in it. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A request in the page's language. */
export const call = (path, options = {}) => fetch(path, { ...options, headers: { 'Accept-Language': language, ...options.headers } });

/** The server's response, whatever it says; an Error with words for people where there is none. */
export async function reach(path, options) {
  try {
    return await call(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error(_('The server cannot be reached.'));
  }
}

/** What the API answers; an Error with words for people where it does not. */
export async function ask(path, body, signal) {
  const sent = body && {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
  };
  // Before the tiles that wait: somebody waits for this.
  const response = await reach(path, { ...sent, signal, priority: 'high' });
  if (response.ok) return response.json();
  throw new Error(await complaint(response));
}

async function complaint(response) {
  const problem = await response.json().catch(() => null);
  return problem?.detail ?? _('Something went wrong; try again later.');
}

/** Put text on the clipboard; false where the browser will not. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** The old way, for pages without https: browsers have no clipboard there. */
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

/** Share a link as the device does, or copy it; true where it was copied. */
export async function share(url, title) {
  if (navigator.share) {
    await navigator.share({ url, title }).catch(() => null);
    return false;
  }
  return copy(url);
}

/** A link that opens a point, [lon, lat], in the map app of the device; Apple's know no geo: links. */
export function mapApp([lon, lat], name) {
  if (/iPhone|iPad|Macintosh/.test(navigator.userAgent)) return `maps://?ll=${lat},${lon}&q=${lat},${lon}`;
  return `geo:${lat},${lon}?q=${lat},${lon}(${name})`;
}

/** Where the device is, as [lon, lat]. */
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

/** Why the device does not say where it is. */
export const unplaced = () => (isSecureContext
  ? _('Your position is not known: the browser does not allow it.')
  : _('Browsers tell a position on https pages only. Type an address, or tap the map.'));

// Pages of addresses stay readable without a network (kept.js). Browsers offer it on https only.
navigator.serviceWorker?.register('/kept.js').catch(() => null);
