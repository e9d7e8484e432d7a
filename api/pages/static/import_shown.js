// Renders an import: state, counts, problems and possible actions.

import { _, language, locale, make, number, ofBoth } from './ui.js';

const moment = (iso) => new Date(iso).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short', timeZone: 'Asia/Ho_Chi_Minh' });

const STATES = {
  staged: ['confirm', _('Being tried')],
  reported: ['confirm', _('To be approved')],
  publishing: ['confirm', _('Being published')],
  published: ['accept', _('Published')],
  rolled_back: ['none', _('Taken back')],
  discarded: ['none', _('Discarded')],
  failed: ['reject', _('Unreadable')],
};
const PHASES = {
  waiting: _('waiting its turn'),
  reading: _('reading'),
  judging: _('looking at each row'),
  publishing: _('publishing'),
  committing: _('nearly done'),
  feed: _('nearly done'),
  rolling_back: _('taking back'),
};
const COUNTS = [
  ['rows', _('Rows in the file')],
  ['new', _('New houses')],
  ['changed', _('Changed')],
  ['unchanged', _('Unchanged')],
  ['linked', _('Had a code already')],
  ['linked_in_file', _('Doors of other rows')],
  ['rejected', _('Rejected')],
  ['warned', _('With warnings')],
  ['skipped', _('No households')],
  ['vanished', _('No longer in the file')],
  ['retired', _('Codes retired')],
];
const ALWAYS = ['rows', 'new', 'rejected'];
const SEVERITIES = {
  error: ['reject', _('Error')],
  warning: ['confirm', _('Warning')],
  notice: ['none', _('Notice')],
};
const GRAVEST = Object.keys(SEVERITIES);
const WRITTEN = ['new', 'changed', 'linked', 'vanished'];

const AUTO = 'auto';
const MOST_COLUMNS = 200;

const ASKED = ['confirm', _('To be answered')];
/** Problems reported as unreadable that only need an answer. */
const stateOf = ({ state, trouble, mappings }) => (
  state === 'failed' && (trouble?.sheets || trouble?.systems?.length || ['commune_not_named', 'columns_not_recognised'].includes(trouble?.code) || mappings.length) ? ASKED : STATES[state]);

const badge = ([look, words]) => make('span', { class: `verdict verdict-${look}` }, words);
const button = (label, work, quiet = true) => make('button', { type: 'button', class: quiet ? 'button button-quiet' : 'button', onclick: work }, label);

/** The effects of publishing, in one line. */
export function counted(found) {
  const counts = apart(found.counts);
  return COUNTS.filter(([name]) => name !== 'rows' && counts?.[name])
    .map(([name, words]) => `${words}: ${number(counts[name])}`).join(' · ');
}

/** Renders one import. */
export function shown(found, role, act) {
  return [
    make('h2', {}, `#${found.id} ${found.file_name} `, badge(stateOf(found))),
    make('p', { class: 'quiet' }, [found.source, moment(found.created_at), found.delivered_by].filter(Boolean).join(' · ')),
    progress(found.progress),
    trouble(found, act),
    next(found, act),
    columns(found, act),
    names(found, act),
    tiles(apart(found.counts), found.uses),
    buttons(found, role, act),
    ...problems(found),
    ...notes(found),
  ].filter(Boolean);
}

function progress(doing) {
  if (!doing) return null;
  const phase = PHASES[doing.phase] ?? doing.phase;
  return make('p', { class: 'status', role: 'status' }, doing.rows ? _('{phase}, {rows:n} rows…', { phase, rows: doing.rows }) : `${phase}…`);
}

/** The counts as tiles: a row whose door another row names as well had no code before. */
const apart = (counts) => counts && { ...counts, linked: counts.linked - counts.linked_in_file };

const writes = ({ counts }) => WRITTEN.some((name) => counts?.[name]);

function trouble(found, act) {
  if (!found.trouble) return null;
  const { code, detail, sheets: names, all_sheets: all, systems } = found.trouble;
  const said = make('p', { class: 'wrong', role: 'alert' }, detail);
  const ways = found.state === 'failed' ? [...inCommune(code, act), ...sheets(names ?? [], all, act), ...mappings(found, act)] : [];
  return make('div', { class: 'actions' }, said, ...ways, ...again(systems ?? [], act));
}

/** Columns whose mapping can be changed. */
const mappings = (found, act) => found.mappings.map(({ mapping, vi }) => button(
  _('Try again with {reading}', { reading: language === 'vi' ? `${vi[0].toUpperCase()}${vi.slice(1)}` : JSON.stringify(mapping) }), () => act.answer({ mapping })));

/** Choice of a field for each column that was not read or was mapped manually. */
function columns(found, act) {
  if (found.progress || !['reported', 'failed'].includes(found.state) || !found.files_until) return null;
  const asked = found.trouble?.columns ?? [];
  const names = [...new Set([...Object.keys(found.mapping), ...asked, ...found.columns_unknown])].slice(0, MOST_COLUMNS);
  if (!names.length) return null;
  const said = (name) => found.mapping[name] ?? AUTO;
  const choices = names.map((name) => [name, meanings(said(name))]);
  const again = () => {
    const mapping = Object.fromEntries(choices.filter(([name, { value }]) => value !== said(name)).map(([name, { value }]) => [name, value === AUTO ? null : value]));
    if (Object.keys(mapping).length) act.answer({ mapping });
  };
  return make('details', { class: 'meanings', open: asked.length > 0 },
    make('summary', {}, _('Say which column is what')),
    make('div', { class: 'fields' }, ...choices.map(([name, choice]) => make('label', {}, _('Column “{name}”', { name }), choice))),
    make('p', { class: 'actions' }, button(_('Read the columns as chosen: try again'), again)));
}

/** New names similar to others of their commune: one place, or two? */
function names(found, act) {
  if (found.progress || found.state !== 'reported' || !found.files_until || !found.near_names.length) return null;
  const choices = found.near_names.map(({ name, near, rows }) => [name, rows, make('select', {},
    make('option', { value: '' }, _('not chosen')),
    ...near.map((other) => make('option', { value: other }, _('is {name}', { name: other }))),
    make('option', { value: name }, _('is another name, keep it')))]);
  const again = () => {
    const chosen = Object.fromEntries(choices.filter(([, , { value }]) => value).map(([name, , { value }]) => [name, value]));
    if (Object.keys(chosen).length) act.answer({ names: chosen });
  };
  return make('details', { class: 'meanings', open: true },
    make('summary', {}, _('New names near known ones')),
    make('div', { class: 'fields' }, ...choices.map(([name, rows, choice]) => make('label', {}, _('“{name}” ({rows:n} rows)', { name, rows }), choice))),
    make('p', { class: 'actions' }, button(_('Read the names as chosen: try again'), again)));
}

function meanings(chosen) {
  const choice = make('select', {}, document.getElementById('meanings').content.cloneNode(true));
  // Such as `street:fill`, which only a proposal of the program offers.
  if (![...choice.options].some(({ value }) => value === chosen)) choice.append(make('option', { value: chosen }, _('as it was proposed')));
  choice.value = chosen;
  return choice;
}

function inCommune(code, act) {
  if (code !== 'commune_not_named') return [];
  const groups = act.provinces.map((each) => make('optgroup', { label: each.name },
    ...each.communes.map((unit) => make('option', { value: unit.code }, `${unit.name} (${unit.code})`))));
  const choice = make('select', {}, make('option', { value: '' }, _('choose it')), ...groups);
  choice.onchange = () => choice.value && act.answer({ commune: choice.value });
  return [make('label', {}, _('All of it lies in one commune:'), ' ', choice)];
}

/** Choice of a sheet or layer; all sheets can be read together. */
function sheets(names, all, act) {
  return [
    all && button(_('Read all sheets'), () => act.answer({ sheet: '*' })),
    ...names.map((name) => button(_('Read “{name}” alone', { name }), () => act.answer({ sheet: name }))),
  ].filter(Boolean);
}

/** Likely coordinate systems of the file's points, one of which has to be confirmed. */
function again(systems, act) {
  return systems.map((system) => button(_('Right, it is {system}: try again', { system }), () => act.answer({ crs: system })));
}

/** The possible actions. */
function next(found, act) {
  if (found.progress) return null;
  if (found.state === 'reported') return reported(found, act);
  const words = {
    published: () => [
      _('Published. Codes of all rows has the code of each house; each code has a page to be printed: /a/CODE.'),
      found.counts?.rejected && _('{count:n} rejected rows are not published: edit them here, or download, correct and deliver them on their own, with the source “{source}”.', { count: found.counts.rejected, source: found.source })],
    rolled_back: () => [_('Taken back: codes that it gave are withdrawn, but for later changes that were to be kept. The figures below are those of what was taken back.')],
    discarded: () => [_('Discarded, and the file deleted. Deliver it again to import it.')],
  }[found.state]?.();
  return words ? make('p', {}, words.filter(Boolean).join(' ')) : null;
}

function reported(found, act) {
  const { counts, id, publish_refused: refused } = found;
  const REFUSALS = {
    forbidden: _('This key may not approve: tell an approver the number {id}.', { id }),
    own_delivery: _('The user who delivered a file cannot approve it: give another approver the number {id}.', { id }),
    too_many_vanished: _('The file lacks more than 80 % of the source’s households: that has to be confirmed.'),
  };
  // Remedies of a refusal have their buttons there.
  const systems = again(found.trouble?.systems?.length ? [] : found.systems, act);
  if (found.systems.length) {
    const words = _('The coordinate system is a guess: it has to be confirmed before this can be published.');
    return make('div', { class: 'actions' }, make('p', {}, words), ...systems);
  }
  const rejected = counts?.rejected ?? 0;
  const words = [
    rejected && _('Look at the errors below. The rejected rows can be edited here, or downloaded, corrected and delivered on their own.'),
    rejected && writes(found) && !refused && _('The others can be published now.'),
    !rejected && _('No row was rejected.'),
    !writes(found) && (counts?.unchanged
      ? _('There is nothing to publish: the register holds the good rows as they are.')
      : _('There is nothing to publish.')),
    writes(found) && refused && (REFUSALS[refused.code] ?? refused.detail),
  ];
  const said = make('p', {}, words.filter(Boolean).join(' '));
  return found.mappings.length && !found.trouble ? make('div', { class: 'actions' }, said, ...mappings(found, act)) : said;
}

function tiles(counts, uses) {
  if (!counts) return null;
  const cells = COUNTS.filter(([name]) => counts[name] || ALWAYS.includes(name)).map(([name, words]) => make('div', {},
    make('dt', {}, words), make('dd', { 'data-count': name }, number(counts[name]))));
  const ofUses = uses.map(({ use, rows, [language]: words }) => make('div', {},
    make('dt', {}, _('Rows: {use}', { use: words })), make('dd', { 'data-use': use }, number(rows))));
  return make('dl', { class: 'totals' }, ...cells, ...ofUses);
}

function buttons(found, role, act) {
  const { counts, state, publish_refused: refused } = found;
  if (found.progress || !counts && state !== 'failed') return null;
  const approves = role !== 'editor';
  const has = (severity) => found.problems.some((each) => each.severity === severity);
  const kept = found.files_until && state !== 'discarded';
  const made = [
    state === 'reported' && writes(found) && (!refused || refused.code === 'too_many_vanished')
      && button(_('Approve and publish'), () => act.publish(found.vanished_warning === 'too_many_vanished'), false),
    kept && state === 'reported' && button(_('Edit rows here'), act.edit),
    kept && state === 'published' && counts?.rejected > 0 && button(_('Edit the rejected rows'), act.rest),
    kept && counts?.rejected > 0 && button(_('Rejected rows'), () => act.save('report')),
    kept && (has('warning') || has('notice')) && button(_('Rows with warnings'), () => act.save('report?rows=warned')),
    kept && counts?.vanished > 0 && button(_('Vanished'), () => act.save('report?rows=vanished')),
    found.problems.length > 0 && button(_('All problems (CSV)'), () => act.save('problems?format=csv')),
    kept && state === 'published' && button(_('Codes of all rows'), () => act.save('codes')),
    state === 'published' && approves && button(_('Take this import back'), () => act.rollBack(false)),
    state === 'published' && approves && found.trouble && button(_('Take back, keep later changes'), () => act.rollBack(true)),
    ['reported', 'failed'].includes(state) && button(_('Discard'), act.discard),
  ].filter(Boolean);
  return made.length ? make('p', { class: 'actions' }, ...made) : null;
}

function problems(found) {
  if (!found.problems.length) return [];
  const ordered = [...found.problems].sort((one, other) => GRAVEST.indexOf(one.severity) - GRAVEST.indexOf(other.severity) || other.rows - one.rows);
  const head = [_('Severity'), _('Problem'), _('Number of rows'), _('Examples')];
  const id = `problems-${found.id}`;
  return [
    make('h3', { id }, _('Problems')),
    make('div', { class: 'scroll', role: 'region', 'aria-labelledby': id, tabindex: '0' },
      make('table', { class: 'verdicts' },
        make('thead', {}, make('tr', {}, ...head.map((each, n) => make('th', { scope: 'col', class: n === 2 ? 'number' : null }, each)))),
        make('tbody', {}, ...ordered.map(row)))),
  ];
}

function row(problem) {
  return make('tr', { 'data-code': problem.code },
    make('td', {}, badge(SEVERITIES[problem.severity])),
    make('td', {}, ofBoth(problem.vi, problem.en), make('br'), make('code', { class: 'quiet' }, problem.code)),
    make('td', { class: 'number', 'data-head': _('Number of rows') }, number(problem.rows)),
    make('td', {}, make('ul', { class: 'examples' }, ...problem.examples.map(example))));
}

function example({ row: place, sheet_row: row, sheet, value, fix_vi: fixVi, proposed_fix: fix }) {
  const where = sheet ? _('sheet “{name}”', { name: sheet }) : _('the sheet');
  const line = row ? _('row {row:n} of {where}', { row, where }) : _('row {row:n} below the header', { row: place });
  const right = ofBoth(fixVi, fix);
  return make('li', {}, `${line}${value ? `: “${value}”` : ''}${right ? ` → ${right}` : ''}`);
}

/** Notes about the file. */
function notes(found) {
  const unread = [
    found.columns_personal.length && _('Columns about people, not read: {names}', { names: found.columns_personal.join(', ') }),
    found.columns_unknown.length && _('Columns not known, not read: {names}', { names: found.columns_unknown.join(', ') }),
  ].filter(Boolean);
  const lines = [...found.file_notes, ...unread];
  if (!lines.length) return [];
  return [
    make('h3', {}, _('How the file was read')),
    make('ul', { class: 'notes' }, ...lines.map((each) => make('li', {}, each))),
  ];
}

/** List of visible imports; `open` shows one. */
export function listed(imports, open) {
  if (!imports.length) return [];
  return [
    make('h2', { id: 'latest' }, _('Latest imports')),
    make('div', { class: 'scroll', role: 'region', 'aria-labelledby': 'latest', tabindex: '0' },
      make('table', { class: 'verdicts' },
        make('thead', {}, make('tr', {}, ...[_('Import number'), _('File'), _('Source'), _('When'), _('Where it stands')].map((each) => make('th', { scope: 'col' }, each)))),
        make('tbody', {}, ...imports.map((each) => make('tr', {},
          make('td', {}, make('button', { type: 'button', class: 'link', onclick: () => open(each.id) }, `#${each.id}`)),
          make('td', {}, each.file_name),
          make('td', { 'data-head': _('Source') }, each.source),
          make('td', {}, moment(each.created_at)),
          make('td', {}, badge(stateOf(each)), each.counts ? ` ${counted(each)}` : '')))))),
  ];
}
