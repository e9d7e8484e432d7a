// Caches pages of addresses that this browser has opened, for use without a network: a carrier in an
// alley reads what was looked up at the depot. They stay on this device. Also cached are the pages for
// packs (packs.js), routes (route.js) and field rounds (field.js), with their scripts.

const KEPT = 'addresses';
const FILES = 'files-{{ version }}';
const PARTS = 'map'; // the map library, stored by packs_map.js
const OFFLINE = '/offline';
const PAGES = ['/packs', '/route', '/field'];
const SHELL = [OFFLINE, {% for name in ('site.css', 'mark.svg', 'address.js', 'ui.js', 'packs.js', 'packs_reports.js', 'packs_map.js', 'map.js', 'pack.js', 'pack_file.js', 'pack_words.js', 'code.js', 'fold.js', 'sketch.js', 'store.js', 'outbox.js', 'route.js', 'route_map.js', 'field.js', 'field_door.js', 'field_point.js', 'personal.js') + words %}'{{ asset(name) }}'{{ ', ' if not loop.last }}{% endfor %}];
const OLD = {{ old | tojson }}; // remark on a cached page, by language
const MOST = 100;
const PATIENCE_MS = 8000;

self.addEventListener('install', (event) => {
  self.skipWaiting();
  // A register that requires a key may refuse single pages.
  event.waitUntil(caches.open(FILES).then((files) => Promise.all([files.addAll(SHELL), ...PAGES.map((page) => files.add(page).catch(() => null))])));
});

self.addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (![KEPT, FILES, PARTS].includes(name)) await caches.delete(name);
  await self.clients.claim();
  // The page that installed this worker was loaded without it.
  for (const { url } of await self.clients.matchAll()) {
    const { pathname, origin } = new URL(url);
    if (isAddress(pathname)) await fetched(new Request(origin + pathname)).catch(() => null);
  }
})()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(request, pathname));
  else if (pathname.startsWith('/static/')) event.respondWith(file(request));
});

const isAddress = (pathname) => /^\/a\/[^/]+$/.test(pathname);

/** Fetches from the network, and caches pages of addresses; removes those that no longer exist. */
async function fetched(request) {
  const response = await fetch(request);
  const { pathname } = new URL(request.url);
  if (PAGES.includes(pathname) && response.ok && !response.redirected) await (await caches.open(FILES)).put(pathname, response.clone());
  if (!isAddress(pathname)) return response;
  const kept = await caches.open(KEPT);
  if (response.status === 404 || response.status === 410) await kept.delete(pathname);
  if (!response.ok || response.redirected) return response;
  await kept.delete(pathname); // keep the latest at the end
  await kept.put(pathname, response.clone());
  for (const old of (await kept.keys()).slice(0, -MOST)) await kept.delete(old);
  return response;
}

async function page(request, pathname) {
  const kept = await (PAGES.includes(pathname) ? (await caches.open(FILES)).match(pathname) : isAddress(pathname) ? (await caches.open(KEPT)).match(pathname) : null);
  const asked = fetched(request);
  try {
    return await (kept ? Promise.race([asked, late()]) : asked);
  } catch {
    asked.catch(() => null);
    if (kept) return PAGES.includes(pathname) ? kept : noticed(kept);
    // An address that is not cached may be in a pack.
    if (isAddress(pathname) && await (await caches.open(FILES)).match('/packs')) return Response.redirect(`/packs?${new URLSearchParams({ q: decodeURIComponent(pathname.slice(3)) })}`);
    return (await list()) ?? Response.error();
  }
}

/** Treats a network without a response as missing. */
const late = () => new Promise((_, fail) => { setTimeout(() => fail(new Error('late')), PATIENCE_MS); });

/** Returns the cached page with a remark on its age. */
async function noticed(kept) {
  const when = new Date(kept.headers.get('date') ?? 0);
  const html = await kept.text();
  const language = /<html lang="([a-z]+)"/.exec(html)?.[1] ?? 'vi';
  const shown = when.toLocaleString(language === 'en' ? 'en-GB' : language, { dateStyle: 'short', timeStyle: 'short' });
  const body = html.replace('<article class="address"', `<p class="demo kept" role="status">${OLD[language].replace('{when}', shown)}</p><article class="address"`);
  return new Response(body, { headers: kept.headers });
}

/** Returns the cached addresses, the latest first. */
async function list() {
  const shell = await (await caches.open(FILES)).match(OFFLINE);
  if (!shell) return null;
  const codes = (await (await caches.open(KEPT)).keys()).map(({ url }) => new URL(url).pathname.slice(3)).reverse();
  const links = codes.map((code) => `<li><a class="plate" href="/a/${code}">${decodeURIComponent(code).replace(/[^0-9A-Za-z-]/g, '')}</a></li>`).join('');
  const body = (await shell.text()).replace('<ul class="codes" hidden>', links ? '<ul class="codes">' : '<ul class="codes" hidden>').replace('<!-- kept -->', links);
  return new Response(body, { headers: shell.headers });
}

async function file(request) {
  const files = await caches.open(FILES);
  // MapLibre requests its worker with a version parameter.
  const there = await files.match(request) ?? await (await caches.open(PARTS)).match(request, { ignoreSearch: true });
  if (there) return there;
  const response = await fetch(request);
  // Versioned URLs are cached forever; the map library is large, and left to the browser's cache.
  if (response.ok && !request.url.includes('maplibre')) await files.put(request, response.clone());
  return response;
}
