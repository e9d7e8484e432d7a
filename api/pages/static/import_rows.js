// A grid of the rows of an import with problems: edit cells, and repeat the dry run.

import { _, make, number, ofBoth } from './ui.js';

const BLOCK = 100;
const ROW_PX = 44;
const AROUND = 6;
const [UP, DOWN, LEFT, RIGHT] = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'];
const MOST_PASTED = 1000;
const MOST_ASKED = 500;
/** Fields with values that many rows share: a correction often applies to all rows with the same value. */
const SHARED = ['households_count', 'street', 'locality', 'building', 'commune', 'commune_code', 'district', 'province', 'former_commune', 'former_commune_code', 'former_district', 'former_province'];
/** Field of a problem → the field that contains it in a file without such a column. */
const HOLDS = { address: ['house_number'], commune: ['commune_code', 'former_commune', 'former_commune_code'], longitude: ['point'], latitude: ['point'] };
const FILTERS = [
  ['rejected', _('Rejected')],
  ['warned', _('With warnings')],
  ['edited', _('Edited')],
];

/**
 * The grid in `box`. `ask(path, options)` returns the answer or throws; `tried` shows errors;
 * `edited(id)` is called when the dry run is repeated.
 */
export function rowsGrid(box, { ask, tried, edited }) {
  const which = make('select', {}, ...FILTERS.map(([value, words]) => make('option', { value }, words)));
  const kinds = make('select', {});
  const status = make('p', { class: 'quiet', role: 'status' });
  const reasons = make('p', { class: 'row-reasons', id: 'row-reasons', 'aria-live': 'polite' });
  const refused = make('p', { class: 'wrong', role: 'alert', hidden: true });
  const fixes = make('p', { class: 'actions', hidden: true });
  const alike = make('p', { class: 'actions', hidden: true });
  const body = make('div', { class: 'grid-rows', role: 'rowgroup' });
  const head = make('div', { class: 'grid-head', role: 'rowgroup' });
  const grid = make('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-labelledby': 'rows-title', 'aria-describedby': 'row-reasons' }, head, body);
  const close = make('button', { type: 'button', class: 'button button-quiet', onclick: () => shut() }, _('Close'));
  box.replaceChildren(
    make('h2', { id: 'rows-title', tabindex: '-1' }, _('Edit rows')),
    make('p', { class: 'quiet' }, _('Move with the arrow keys, type to edit, Enter to keep, F8 for the next cell that is wrong, Ctrl+Enter to do what is proposed, Ctrl+Z to undo; cells can be pasted from a spreadsheet. The file is tried again by itself.')),
    make('div', { class: 'sieve' }, make('label', {}, _('Show'), which), make('label', {}, _('Problem'), kinds), close),
    status, grid, refused, reasons, fixes, alike);

  let import_ = null;
  let page = { columns: [], total: 0 };
  let rows = new Map();
  let asked = new Map();
  let at = { row: 0, column: 0 };
  let input = null;
  /** Whether the dry run was repeated while a cell was being edited. */
  let late = false;
  /** The edit that is offered for other rows. */
  let offered = null;
  /** Edits made here: place, column, old value. */
  let done = [];

  const path = (query) => `/v1/imports/${import_.id}/rows?${new URLSearchParams({ rows: which.value, ...(kinds.value && { problem: kinds.value }), ...query })}`;
  const editable = () => import_ && !['published', 'publishing', 'rolled_back', 'discarded'].includes(import_.state);
  const edit = (row, column) => row.edits.find((each) => each.column === column.at);
  const text = (row, n) => edit(row, page.columns[n])?.value ?? row.cells[n];

  /** Column of a problem; -1 if it has none. */
  const columnOf = ({ field }) => page.columns.findIndex((each) => each.field === field || (HOLDS[field] ?? []).includes(each.field) && page.columns.every((other) => other.field !== field));
  const isBad = (row, c) => row.problems.some((each) => columnOf(each) === c);

  function shut() {
    box.hidden = true;
    import_ = null;
  }

  /** Shows the rows of an import; after another dry run, the same rows. */
  async function show(found, open) {
    if (!open && import_?.id !== found.id) return shut();
    const anew = open || late || found.verdict !== import_.verdict;
    const first = import_?.id !== found.id;
    import_ = found;
    if (!editable()) return shut();
    if (found.progress) status.textContent = _('Being tried …');
    if (found.progress || !anew) return undefined;
    late = Boolean(input);
    if (input) return undefined;
    box.hidden = false;
    const kept = kinds.value;
    kinds.replaceChildren(make('option', { value: '' }, _('all')), ...found.problems.map((each) => make('option', { value: each.code }, `${ofBoth(each.vi, each.en)} (${number(each.rows)})`)));
    kinds.value = [...kinds.options].some(({ value }) => value === kept) ? kept : '';
    if (first) {
      which.value = found.counts.rejected ? 'rejected' : found.counts.warned ? 'warned' : 'edited';
      at = { row: 0, column: 0 };
      done = [];
      offered = null;
      alike.hidden = true;
    }
    refused.hidden = true;
    await load();
    if (first) await next(0, -1);
    if (offered) await offer(offered);
    if (open) {
      grid.focus();
      box.scrollIntoView({ block: 'nearest' });
    }
    return undefined;
  }

  async function load() {
    const place = rows.get(at.row)?.place;
    asked = new Map();
    rows = new Map();
    await block(Math.floor(at.row / BLOCK));
    const same = [...rows].find(([, row]) => row.place === place)?.[0];
    at = { row: Math.max(0, Math.min(same ?? at.row, page.total - 1)), column: Math.min(at.column, page.columns.length - 1) };
    if (page.total && !rows.has(at.row)) await block(Math.floor(at.row / BLOCK));
    heads();
    draw();
  }

  /** Loads a hundred rows, once. */
  function block(n) {
    if (!asked.has(n)) asked.set(n, fetchBlock(n));
    return asked.get(n);
  }

  async function fetchBlock(n) {
    const mine = asked;
    const found = await (await ask(path({ start: n * BLOCK, limit: BLOCK }))).json();
    if (mine !== asked) return;
    page = found;
    found.rows.forEach((row, offset) => rows.set(n * BLOCK + offset, row));
    status.textContent = found.total ? _('{count:n} rows', { count: found.total }) : _('No row of this kind is left.');
  }

  function heads() {
    const named = [_('Row'), _('What is wrong'), ...page.columns.map((each) => each.header)];
    head.replaceChildren(make('div', { role: 'row', class: 'grid-row' }, ...named.map((words, n) => make('div', { role: 'columnheader', class: `grid-cell grid-${n < 2 ? ['number', 'wrong'][n] : 'own'}` }, words))));
    grid.setAttribute('aria-rowcount', page.total + 1);
    grid.setAttribute('aria-colcount', named.length);
  }

  /** Renders the visible rows, and a few around them. */
  function draw() {
    if (input) return;
    body.style.height = `${page.total * ROW_PX}px`;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW_PX) - AROUND);
    const last = Math.min(page.total, Math.ceil((grid.scrollTop + grid.clientHeight) / ROW_PX) + AROUND);
    const made = [];
    for (let n = first; n < last; n += 1) {
      const row = rows.get(n);
      if (row) made.push(drawn(row, n));
      else block(Math.floor(n / BLOCK)).then(draw);
    }
    body.replaceChildren(...made);
    mark();
  }

  function drawn(row, n) {
    const wrong = row.problems.map((each) => ofBoth(each.vi, each.en)).join('; ');
    const where = [row.sheet_row ?? row.row, row.sheet].filter(Boolean).join(' · ');
    const cells = page.columns.map((column, c) => make('div', {
      role: 'gridcell', class: `grid-cell grid-own${edit(row, column) ? ' grid-edited' : ''}${isBad(row, c) ? ' grid-bad' : ''}`,
      'aria-colindex': c + 3, 'data-row': n, 'data-column': c,
    }, text(row, c)));
    const made = make('div', { role: 'row', class: 'grid-row', 'aria-rowindex': n + 2 },
      make('div', { role: 'rowheader', class: 'grid-cell grid-number' }, where),
      make('div', { role: 'gridcell', class: 'grid-cell grid-wrong', title: wrong }, wrong || _('accepted')),
      ...cells);
    made.style.top = `${n * ROW_PX}px`;
    return made;
  }

  const cell = () => body.querySelector(`[data-row="${at.row}"][data-column="${at.column}"]`);

  /** Marks the current cell, and shows the problems of its row. */
  function mark() {
    body.querySelector('.grid-at')?.classList.remove('grid-at');
    const own = cell();
    own?.classList.add('grid-at');
    if (own) own.id = 'grid-at';
    for (const other of body.querySelectorAll('#grid-at')) if (other !== own) other.removeAttribute('id');
    if (own) grid.setAttribute('aria-activedescendant', 'grid-at');
    else grid.removeAttribute('aria-activedescendant');
    const problems = rows.get(at.row)?.problems ?? [];
    const said = problems.map((each) => [ofBoth(each.vi, each.en), each.fix_vi].filter(Boolean).join(' → ')).join('; ');
    if (reasons.textContent !== said) reasons.textContent = said;
    propose(rows.get(at.row));
  }

  /** Fixes proposed by the problems of a row, as changed cells. Those of a warning are confirmed row
      by row. */
  const waysOf = (row) => (row?.problems ?? []).flatMap(({ code, severity, ways }) => ways.map((way) => ({
    code, only: ways.length === 1 && severity === 'error', cells: way.map(({ column, value }) => [row, page.columns.findIndex((each) => each.at === column), value]),
  }))).filter(({ cells }) => cells.some(([, c, value]) => text(row, c) !== value));

  let proposed = '';

  /** A button for each fix proposed for the row, and one for all equal rows. */
  function propose(row) {
    const ways = waysOf(row);
    const words = ways.map(({ cells }) => _('Write “{value}”', { value: cells.map(([, , value]) => value).join(' ') }));
    const all = [...new Set(ways.filter(({ only }) => only).map(({ code }) => code))]
      .map((code) => [code, import_.problems.find((each) => each.code === code)?.rows ?? 0]).filter(([, count]) => count > 1);
    // Keep equal buttons: one may be pressed right now.
    const said = JSON.stringify([words, all]);
    if (said === proposed) return;
    proposed = said;
    const button = (label, work) => make('button', { type: 'button', class: 'button button-quiet', onclick: work }, label);
    fixes.hidden = !ways.length;
    fixes.replaceChildren(
      ...words.map((label, n) => button(label, () => take(n))),
      ...all.map(([code, count]) => button(_('Do what is proposed in all {count:n} rows with this problem', { count }), tried(() => takeAll(code)))));
  }

  /** Applies the fix proposed for the current row. */
  function take(n) {
    const way = waysOf(rows.get(at.row))[n];
    grid.focus();
    if (way) write(way.cells);
  }

  async function takeAll(code) {
    grid.focus();
    const cells = [];
    const known = new Map([...rows.values()].map((row) => [row.place, row]));
    for (let start = 0, total = 1; start < total && cells.length < MOST_PASTED; start += MOST_ASKED) {
      const query = new URLSearchParams({ problem: code, start, limit: MOST_ASKED });
      const found = await (await ask(`/v1/imports/${import_.id}/rows?${query}`)).json();
      total = found.total;
      const ways = found.rows.flatMap((row) => waysOf(known.get(row.place) ?? row));
      cells.push(...ways.filter((each) => each.code === code && each.only).flatMap((each) => each.cells));
    }
    if (cells.length) await write(cells.slice(0, MOST_PASTED));
  }

  function move(row, column) {
    at = { row: Math.max(0, Math.min(page.total - 1, row)), column: Math.max(0, Math.min(page.columns.length - 1, column)) };
    const top = at.row * ROW_PX;
    const room = grid.clientHeight - head.offsetHeight - ROW_PX;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
    draw();
    cell()?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  /** Moves to the next cell with a problem, after a column of a row. */
  async function next(row, column) {
    for (let n = row; n < page.total; n += 1) {
      await block(Math.floor(n / BLOCK));
      const c = page.columns.findIndex((_column, each) => (n > row || each > column) && rows.has(n) && isBad(rows.get(n), each));
      if (c >= 0) { move(n, c); return; }
    }
  }

  function begin(typed) {
    const own = cell();
    const row = rows.get(at.row);
    if (!own || !row || input) return;
    const column = page.columns[at.column];
    input = make('input', { class: 'grid-input', maxlength: '500', 'aria-label': _('{column}, row {row}', { column: column.header, row: row.sheet_row ?? row.row }) });
    input.value = typed ?? text(row, at.column);
    own.replaceChildren(input);
    input.focus();
    if (typed === undefined) input.select();
    input.addEventListener('blur', () => end(true));
  }

  /** Ends editing; the input is saved unless cancelled. */
  function end(keep, rowsDown = 0, columnsOn = 0) {
    if (!input) return;
    const typed = input.value.trim();
    const { row: n, column: c } = at;
    input = null;
    const row = rows.get(n);
    if (keep && typed !== text(row, c)) write([[row, c, typed]]);
    draw();
    if (rowsDown || columnsOn) move(n + rowsDown, c + columnsOn);
    if (late) tried(() => show(import_))();
  }

  /** Saves cells in one request, all or none. */
  const write = tried(async (cells, undone = false) => {
    refused.hidden = alike.hidden = true;
    offered = null;
    const sent = cells.map(([row, c, value]) => {
      const column = page.columns[c];
      return { row, column, was: text(row, c), before: edit(row, column), value };
    });
    for (const { row, column, before, value } of sent) put(row, column, { column: column.at, value, version: (before?.version ?? 0) + 1 });
    draw();
    const step = sent.map(({ row, column, was }) => ({ place: row.place, at: column.at, was }));
    if (!undone) done.push(step);
    try {
      await patch({ edits: sent.map(({ row, column, before, value }) => ({ place: row.place, column: column.at, value, version: before?.version ?? 0 })) });
    } catch (error) {
      for (const { row, column, before } of sent) put(row, column, before);
      done = done.filter((each) => each !== step);
      return refuse(error, sent);
    }
    if (sent.length === 1) await offer(sent[0]);
    return edited(import_.id);
  });

  function put(row, column, cell) {
    row.edits = [...row.edits.filter((each) => each.column !== column.at), ...(cell ? [cell] : [])];
  }

  /** Shows beside the grid what was not saved, and the current value of a cell edited by somebody else. */
  function refuse(error, sent) {
    const [{ row, column, value }] = sent;
    if (error.problem?.code === 'row_edited' && sent.length === 1) put(row, column, { column: column.at, value: error.problem.value, version: error.problem.version });
    refused.textContent = _('Row {row}: {problem}; not kept: “{value}”.', { row: row.sheet_row ?? row.row, problem: error.message, value });
    refused.hidden = false;
    draw();
    if (error.status === 409) edited(import_.id);
  }

  /** Reverts the last edit. */
  async function undo() {
    const last = done.pop() ?? [];
    const shown = new Set([...rows.values()].map((each) => each.place));
    if (!last.every(({ place }) => shown.has(place))) {
      which.value = 'edited';
      kinds.value = '';
      await load();
    }
    const cells = last.flatMap(({ place, at: column, was }) => {
      const row = [...rows.values()].find((each) => each.place === place);
      const c = page.columns.findIndex((each) => each.at === column);
      return row && c >= 0 ? [[row, c, was]] : [];
    });
    if (cells.length) await write(cells, true);
  }

  /** Pastes cells of a spreadsheet, starting at the current one. */
  async function paste(copied) {
    const lines = copied.replace(/\r?\n$/, '').split(/\r?\n/).map((line) => line.split('\t'));
    const cells = [];
    for (const [down, line] of lines.entries()) {
      await block(Math.floor((at.row + down) / BLOCK));
      const row = rows.get(at.row + down);
      for (const [on, value] of line.entries()) if (row && page.columns[at.column + on]) cells.push([row, at.column + on, value.trim().slice(0, 500)]);
    }
    const changed = cells.filter(([row, c, value]) => value !== text(row, c)).slice(0, MOST_PASTED);
    if (changed.length) write(changed);
  }

  const patch = (said) => ask(`/v1/imports/${import_.id}/rows`, { method: 'PATCH', body: JSON.stringify(said), headers: { 'Content-Type': 'application/json' } });

  /** Applies an edit to all rows with the same value and problem, in a column with shared values. */
  async function offer({ row, column, was, value }) {
    const problem = row.problems.find((each) => page.columns[columnOf(each)]?.at === column.at) ?? row.problems[0];
    // The part removed from a cell may differ from row to row.
    if (!problem || !SHARED.includes(column.field) || was.includes('…')) return;
    const query = new URLSearchParams({ problem: problem.code, column: column.at, value: was, limit: 1 });
    const { total } = await (await ask(`/v1/imports/${import_.id}/rows?${query}`)).json();
    alike.hidden = !total;
    offered = total ? { row, column, was, value } : null;
    const said = { problem: problem.code, column: column.at, was, value };
    const all = tried(async () => {
      if (!confirm(_('Write “{value}” into {count:n} rows?', { value, count: total }))) return;
      alike.hidden = true;
      offered = null;
      await patch({ alike: said });
      grid.focus();
      edited(import_.id);
    });
    alike.replaceChildren(
      make('span', {}, was
        ? _('{count:n} more rows with this problem have “{was}” in the column “{column}”.', { count: total, was, column: column.header })
        : _('{count:n} more rows with this problem have nothing in the column “{column}”.', { count: total, column: column.header })),
      make('button', { type: 'button', class: 'button button-quiet', onclick: all }, _('Write “{value}” in all of them', { value })));
  }

  grid.addEventListener('keydown', (event) => {
    const { key } = event;
    if (input) {
      if (key === 'Enter') end(true, 1);
      else if (key === 'Escape') end(false);
      else if (key === 'Tab') end(true, 0, event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
      grid.focus();
      return;
    }
    const steps = { [UP]: [-1, 0], [DOWN]: [1, 0], [LEFT]: [0, -1], [RIGHT]: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -page.columns.length], End: [0, page.columns.length] };
    const ends = { Home: [-page.total, -page.columns.length], End: [page.total, page.columns.length] };
    const control = event.ctrlKey || event.metaKey;
    if (control && key === 'z') tried(undo)();
    else if (control && ends[key]) move(at.row + ends[key][0], at.column + ends[key][1]);
    else if (steps[key]) move(at.row + steps[key][0], at.column + steps[key][1]);
    else if (control && key === 'Enter') take(0);
    else if (key === 'F8') tried(next)(at.row, at.column);
    else if (key === 'Enter' || key === 'F2') begin();
    else if (key === 'Delete' || key === 'Backspace') { if (rows.has(at.row) && text(rows.get(at.row), at.column)) write([[rows.get(at.row), at.column, '']]); }
    else if (key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) begin(key);
    else return;
    event.preventDefault();
  });
  let pressed = false;
  let opens = false;

  function choose({ target }) {
    const own = target.closest('[data-column]');
    opens = false;
    if (!own || own.contains(input)) return;
    const chosen = { row: Number(own.dataset.row), column: Number(own.dataset.column) };
    // Touch has no double click: the first tap opens the cell.
    opens = chosen.row === at.row && chosen.column === at.column || matchMedia('(pointer: coarse)').matches;
    at = chosen;
    mark();
  }

  // Rendering rows again before the button is released would lose the click.
  grid.addEventListener('mousedown', (event) => { pressed = true; choose(event); });
  grid.addEventListener('click', (event) => {
    if (!pressed) choose(event);
    pressed = false;
    if (opens) begin();
  });
  grid.addEventListener('paste', (event) => {
    if (input) return;
    event.preventDefault();
    tried(paste)(event.clipboardData.getData('text/plain'));
  });
  grid.addEventListener('copy', (event) => {
    if (input || !rows.has(at.row)) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', text(rows.get(at.row), at.column));
  });
  grid.addEventListener('scroll', draw);
  for (const choice of [which, kinds]) choice.addEventListener('change', tried(async () => { at = { row: 0, column: at.column }; grid.scrollTop = 0; await load(); await next(0, -1); }));
  return { show };
}
