// Imports at the desk: upload and review, by the API in the user's session.

import { _, language, make, reach } from './ui.js';
import { rowsGrid } from './import_rows.js';
import { counted, listed, shown } from './import_shown.js';

const LOOK_AGAIN_MS = 1000;
const at = (id) => document.getElementById(id);
const [complaint, deliver, file, source, sources, province, communes, commune, blank, crs, sheet, sent, sending, one, recent] = [
  'complaint', 'deliver', 'file', 'source', 'sources', 'province', 'communes', 'commune', 'blank', 'crs', 'sheet', 'sent', 'sending', 'one', 'recent'].map(at);

// The CSRF token, which other sites do not have.
const token = document.querySelector('meta[name=csrf]').content;
let role = '';
let office = '';
let onlyCommune = null;
let provinces = [];
let watched = 0;
/** Number of requests; only the answer to the latest one is used. */
let looks = 0;

/** Returns the answer of the API; throws an Error with message and status. */
async function ask(path, options = {}) {
  const response = await reach(path, { ...options, headers: { 'X-Csrf-Token': token, ...options.headers } });
  if (response.ok) return response;
  if (response.status === 401) return comeBack();
  throw problemOf(response.status, await response.json().catch(() => null));
}

/** Asks to sign in after the session has ended, and continues here. */
function comeBack() {
  location.assign(`/desk/sign-in?to=${encodeURIComponent(location.pathname + location.hash)}`);
  return new Promise(() => {});
}

function problemOf(status, problem) {
  const detail = problem?.errors?.map((each) => each.detail).filter(Boolean).join('; ') || problem?.detail;
  return Object.assign(new Error(detail || _('Something went wrong; try again later.')), { status, problem });
}

const post = (path, body) => ask(path, {
  method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
});

function complain(error) {
  complaint.textContent = error ? error.message : '';
  complaint.hidden = !error;
  if (error) complaint.scrollIntoView({ block: 'nearest' });
}

/** Runs an action, and shows its error. */
const tried = (work) => async (...given) => {
  complain(null);
  try {
    await work(...given);
  } catch (error) {
    complain(error);
  }
};

const come = tried(async () => {
  const mine = await (await ask('/v1/whoami')).json();
  role = mine.role;
  office = mine.name ?? '';
  await offerCommunes(mine.units);
  await list();
  deliver.hidden = false;
  const asked = Number(location.hash.slice(1));
  if (asked) await watch(asked);
});

// Upload

async function offerCommunes(units) {
  const mine = units && new Set(units.map((unit) => unit.code));
  const picker = await (await ask('/v1/units/picker')).json();
  const offered = provinces = picker.provinces
    .map((each) => ({ ...each, communes: each.communes.filter((unit) => !mine || mine.has(each.code) || mine.has(unit.code)) }))
    .filter((each) => each.communes.length);
  onlyCommune = mine && offered.length === 1 && offered[0].communes.length === 1 ? offered[0].communes[0] : null;
  province.replaceChildren(province.options[0], ...offered.map((each) => make('option', { value: each.code }, each.name)));
  province.onchange = () => {
    const chosen = offered.find((each) => each.code === province.value);
    communes.hidden = !chosen;
    blank.hidden = !chosen && !onlyCommune;
    commune.replaceChildren(...(chosen?.communes ?? []).map((unit) => make('option', { value: unit.code }, `${unit.name} (${unit.code})`)));
  };
  province.onchange();
}

for (const name of ['dragover', 'dragleave', 'drop']) {
  deliver.addEventListener(name, (event) => {
    event.preventDefault();
    at('drop').classList.toggle('over', name === 'dragover');
    if (name === 'drop' && event.dataTransfer.files.length) file.files = event.dataTransfer.files;
  });
}

deliver.addEventListener('submit', tried(async (event) => {
  event.preventDefault();
  const form = new FormData(deliver);
  for (const [name, value] of [...form.entries()]) if (value === '') form.delete(name);
  // The shown import is of another file.
  watched = 0;
  one.hidden = true;
  const made = await upload(form);
  // Sheet and coordinate system belong to one file only.
  sheet.value = crs.value = '';
  await watch(made.id);
  await list();
}));

/** Uploads with XMLHttpRequest, since fetch does not report the progress of an upload. */
function upload(form) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const end = () => { sent.hidden = true; sending.textContent = ''; deliver.removeAttribute('aria-busy'); };
    request.open('POST', '/v1/imports');
    request.setRequestHeader('X-Csrf-Token', token);
    request.setRequestHeader('Accept-Language', language);
    request.responseType = 'json';
    request.upload.addEventListener('progress', ({ loaded, total }) => { sent.value = total ? loaded / total : 0; });
    request.addEventListener('load', () => {
      end();
      if (request.status === 202) done(request.response);
      else if (request.status === 401) comeBack();
      else failed(problemOf(request.status, request.response));
    });
    request.addEventListener('error', () => { end(); failed(new Error(_('The file was not sent; try again.'))); });
    sent.value = 0;
    sent.hidden = false;
    sending.textContent = _('Sending…');
    deliver.setAttribute('aria-busy', 'true');
    request.send(form);
  });
}

blank.addEventListener('click', tried(() => save(`/v1/imports/template?commune=${commune.value || onlyCommune.code}`)));

/** Saves an answer to a file, as a link would if it could send a key. */
async function save(path) {
  const response = await ask(path);
  const name = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  const plain = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  const url = URL.createObjectURL(await response.blob());
  make('a', { href: url, download: name ? decodeURIComponent(name) : plain ?? 'tep' }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Review

const grid = rowsGrid(at('rows'), { ask, tried, edited: (id) => tried(look)(id) });

const watch = (id) => look(id, true);

/** Polls an import until no job is working on it. */
async function look(id, anew = false, opens = false) {
  watched = id;
  const mine = looks += 1;
  const goesOn = () => mine === looks && watched === id;
  history.replaceState(null, '', `#${id}`);
  for (let first = true; goesOn(); first = false) {
    const found = await (await ask(`/v1/imports/${id}`)).json();
    if (!goesOn()) return;
    one.replaceChildren(...shown(found, role, actions(found)));
    one.hidden = false;
    if (first && anew) one.focus();
    await grid.show(found, opens && !found.progress && found.state === 'reported');
    if (!found.progress) { if (!first || !anew) await list(); return; }
    await new Promise((wake) => { setTimeout(wake, LOOK_AGAIN_MS); });
  }
}

const actions = (found) => ({
  save: tried((what) => save(`/v1/imports/${found.id}/${what}`)),
  publish: tried(async (accept) => {
    const notes = [counted(found), accept && _('The file lacks more than 80 % of the source’s households; their codes will be retired.')];
    if (!confirm([_('Publish this?'), ...notes].filter(Boolean).join('\n'))) return;
    try {
      await post(`/v1/imports/${found.id}/publish`, { verdict: found.verdict, accept_vanished: accept });
    } catch (error) {
      // The import was changed meanwhile: what is shown is outdated.
      if ([409, 412].includes(error.status)) look(found.id);
      throw error;
    }
    await watch(found.id);
  }),
  rollBack: tried(async (keepLater) => {
    const { removed, restored, kept, obstacles } = await (await ask(`/v1/imports/${found.id}/rollback`)).json();
    const lines = [
      keepLater ? _('Undo what nobody has changed since, and keep the rest?') : _('Take this back? The register will be as before; codes it gave will be withdrawn.'),
      _('{removed:n} codes will be withdrawn, {restored:n} houses will be as before.', { removed, restored }),
      keepLater && kept && _('{kept:n} stay as they are.', { kept }),
      ...(keepLater ? [] : obstacles.map((each) => each.detail)),
    ];
    if (!confirm(lines.filter(Boolean).join('\n'))) return;
    await post(`/v1/imports/${found.id}/rollback`, { keep_later: keepLater });
    await watch(found.id);
  }),
  discard: tried(async () => {
    if (!confirm(_('Discard this and delete the file?'))) return;
    await ask(`/v1/imports/${found.id}`, { method: 'DELETE' });
    await watch(found.id);
    await list();
  }),
  edit: tried(() => grid.show(found, true)),
  /** Delivers the rejected rows of a published import as a new import. */
  rest: tried(async () => {
    const rest = await (await post(`/v1/imports/${found.id}/rest`, {})).json();
    await look(rest.id, true, true);
  }),
  /** Repeats the dry run with these answers and earlier ones. */
  answer: tried(async (detail) => {
    await post(`/v1/imports/${found.id}/answers`, detail);
    await watch(found.id);
  }),
  provinces,
});

async function list() {
  const found = await (await ask('/v1/imports?limit=50')).json();
  const imports = found.imports.filter((each) => each.state !== 'discarded').slice(0, 20);
  recent.replaceChildren(...listed(imports, tried(watch)));
  recent.hidden = !imports.length;
  // References identify households within a source: under another source name the same list would create new houses.
  const used = [...new Set(imports.map((each) => each.source))];
  sources.replaceChildren(...used.map((name) => make('option', { value: name })));
  source.value ||= imports.find((each) => each.state === 'published')?.source ?? used[0] ?? office;
}

window.addEventListener('hashchange', () => {
  const asked = Number(location.hash.slice(1));
  if (asked && asked !== watched) tried(watch)(asked);
});

// Stop polling when the page is left.
for (const form of document.forms) form.addEventListener('submit', () => { watched = 0; });
at('plain').hidden = isSecureContext;
come();
