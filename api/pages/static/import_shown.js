// An import as its clerk sees it: where it stands, how many rows of which kind, what is wrong, what can be done.

import { make, t } from './ui.js';

const english = document.documentElement.lang === 'en';
const figure = (n) => n.toLocaleString(english ? 'en' : 'vi');
const moment = (iso) => new Date(iso).toLocaleString(english ? 'en-GB' : 'vi', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Asia/Ho_Chi_Minh' });

const STATES = {
  staged: ['confirm', 'Đang chạy thử', 'Being tried'],
  reported: ['confirm', 'Chờ duyệt', 'To be approved'],
  publishing: ['confirm', 'Đang ghi', 'Being published'],
  published: ['accept', 'Đã ghi vào sổ', 'Published'],
  rolled_back: ['none', 'Đã huỷ', 'Taken back'],
  discarded: ['none', 'Đã bỏ', 'Discarded'],
  failed: ['reject', 'Không đọc được', 'Unreadable'],
};
const PHASES = {
  waiting: ['chờ đến lượt', 'waiting'],
  reading: ['đang đọc tệp', 'reading'],
  judging: ['đang kiểm từng dòng', 'looking at each row'],
  publishing: ['đang ghi', 'publishing'],
  committing: ['sắp xong', 'nearly done'],
  feed: ['sắp xong', 'nearly done'],
  rolling_back: ['đang huỷ', 'taking back'],
};
const COUNTS = [
  ['rows', 'Dòng trong tệp', 'Rows'],
  ['new', 'Nhà mới', 'New'],
  ['changed', 'Thay đổi', 'Changed'],
  ['unchanged', 'Không đổi', 'Unchanged'],
  ['linked', 'Đã có mã từ trước', 'Had a code already'],
  ['linked_in_file', 'Cùng nhà với dòng khác trong tệp', 'Doors of other rows'],
  ['rejected', 'Bị loại', 'Rejected'],
  ['warned', 'Có cảnh báo', 'With warnings'],
  ['skipped', 'Không phải nhà', 'No households'],
  ['vanished', 'Không còn trong tệp', 'No longer in the file'],
  ['retired', 'Mã ngừng dùng', 'Codes retired'],
];
const ALWAYS = ['rows', 'new', 'rejected'];
const SEVERITIES = {
  error: ['reject', 'Lỗi', 'Error'],
  warning: ['confirm', 'Cảnh báo', 'Warning'],
  notice: ['none', 'Lưu ý', 'Notice'],
};
const GRAVEST = Object.keys(SEVERITIES);
const WRITTEN = ['new', 'changed', 'linked', 'vanished'];

const AUTO = 'auto';
const MOST_COLUMNS = 200;

const ASKED = ['confirm', 'Cần trả lời', 'To be answered'];
/** What is called unreadable where nothing but an answer is missing. */
const stateOf = ({ state, trouble, mappings }) => (
  state === 'failed' && (trouble?.sheets || trouble?.systems?.length || ['commune_not_named', 'columns_not_recognised'].includes(trouble?.code) || mappings.length) ? ASKED : STATES[state]);

const badge = ([look, vi, en]) => make('span', { class: `verdict verdict-${look}` }, t(vi, en));
const button = (label, work, quiet = true) => make('button', { type: 'button', class: quiet ? 'button button-quiet' : 'button', onclick: work }, label);

/** In one line, what publishing would do. */
export function counted(found) {
  const counts = apart(found.counts);
  return COUNTS.filter(([name]) => name !== 'rows' && counts?.[name])
    .map(([name, vi, en]) => `${t(vi, en)}: ${figure(counts[name])}`).join(' · ');
}

/** Everything about one import. */
export function shown(found, role, act) {
  return [
    make('h2', {}, `#${found.id} ${found.file_name} `, badge(stateOf(found))),
    make('p', { class: 'quiet' }, [found.source, moment(found.created_at), found.delivered_by].filter(Boolean).join(' · ')),
    progress(found.progress),
    trouble(found, act),
    next(found, act),
    columns(found, act),
    names(found, act),
    tiles(apart(found.counts)),
    buttons(found, role, act),
    ...problems(found),
    ...notes(found),
  ].filter(Boolean);
}

function progress(doing) {
  if (!doing) return null;
  const rows = doing.rows ? t(`, ${figure(doing.rows)} dòng`, `, ${figure(doing.rows)} rows`) : '';
  return make('p', { class: 'status', role: 'status' }, `${t(...(PHASES[doing.phase] ?? [doing.phase, doing.phase]))}${rows}…`);
}

/** The counts as tiles: a row whose door another row names, too, had no code before. */
const apart = (counts) => counts && { ...counts, linked: counts.linked - counts.linked_in_file };

const writes = ({ counts }) => WRITTEN.some((name) => counts?.[name]);

function trouble(found, act) {
  if (!found.trouble) return null;
  const { code, detail, sheets: names, all_sheets: all, systems } = found.trouble;
  const said = make('p', { class: 'wrong', role: 'alert' }, detail);
  const ways = found.state === 'failed' ? [...inCommune(code, act), ...sheets(names ?? [], all, act), ...mappings(found, act)] : [];
  return make('div', { class: 'actions' }, said, ...ways, ...again(systems ?? [], act));
}

/** Columns that may be meant otherwise. */
const mappings = (found, act) => found.mappings.map(({ mapping, vi }) => button(
  t(`${vi[0].toUpperCase()}${vi.slice(1)}: chạy thử lại`, `Try again with ${JSON.stringify(mapping)}`), () => act.answer({ mapping })));

/** What each column holds that was not read, or that somebody has spoken of: chosen by hand. */
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
    make('summary', {}, t('Chọn cột nào là gì', 'Say which column is what')),
    make('div', { class: 'fields' }, ...choices.map(([name, choice]) => make('label', {}, t(`Cột “${name}”`, `Column “${name}”`), choice))),
    make('p', { class: 'actions' }, button(t('Đọc các cột như đã chọn: chạy thử lại', 'Read them as chosen: try again'), again)));
}

/** New names that are near others of their commune: one place, or two? */
function names(found, act) {
  if (found.progress || found.state !== 'reported' || !found.files_until || !found.near_names.length) return null;
  const choices = found.near_names.map(({ name, near, rows }) => [name, rows, make('select', {},
    make('option', { value: '' }, t('chưa chọn', 'not chosen')),
    ...near.map((other) => make('option', { value: other }, t(`là ${other}`, `is ${other}`))),
    make('option', { value: name }, t('là tên khác, giữ nguyên', 'is another name, keep it')))]);
  const again = () => {
    const chosen = Object.fromEntries(choices.filter(([, , { value }]) => value).map(([name, , { value }]) => [name, value]));
    if (Object.keys(chosen).length) act.answer({ names: chosen });
  };
  return make('details', { class: 'meanings', open: true },
    make('summary', {}, t('Tên mới gần giống tên đã có', 'New names near known ones')),
    make('div', { class: 'fields' }, ...choices.map(([name, rows, choice]) => make('label', {}, t(`“${name}” (${figure(rows)} dòng)`, `“${name}” (${figure(rows)} rows)`), choice))),
    make('p', { class: 'actions' }, button(t('Đọc các tên như đã chọn: chạy thử lại', 'Read them as chosen: try again'), again)));
}

function meanings(chosen) {
  const choice = make('select', {}, document.getElementById('meanings').content.cloneNode(true));
  // `street:fill`, say, which only a proposal of the program offers.
  if (![...choice.options].some(({ value }) => value === chosen)) choice.append(make('option', { value: chosen }, t('như máy đã đề nghị', 'as it was proposed')));
  choice.value = chosen;
  return choice;
}

function inCommune(code, act) {
  if (code !== 'commune_not_named') return [];
  const groups = act.provinces.map((each) => make('optgroup', { label: each.name },
    ...each.communes.map((unit) => make('option', { value: unit.code }, `${unit.name} (${unit.code})`))));
  const choice = make('select', {}, make('option', { value: '' }, t('chọn xã', 'choose it')), ...groups);
  choice.onchange = () => choice.value && act.answer({ commune: choice.value });
  return [make('label', {}, t('Cả tệp thuộc một xã: ', 'All of it lies in one commune: '), choice)];
}

/** The sheets, or layers, of which one has to be chosen; sheets can be read all. */
function sheets(names, all, act) {
  return [
    all && button(t('Đọc hết các trang', 'Read all sheets'), () => act.answer({ sheet: '*' })),
    ...names.map((name) => button(t(`Chỉ đọc “${name}”`, `Read “${name}” alone`), () => act.answer({ sheet: name }))),
  ].filter(Boolean);
}

/** The systems that the file's points voted for, one to be confirmed by whoever knows. */
function again(systems, act) {
  return systems.map((system) => button(t(`Đúng, toạ độ theo ${system}: chạy thử lại`, `Right, it is ${system}: try again`), () => act.answer({ crs: system })));
}

/** What there is to be done now. */
function next(found, act) {
  if (found.progress) return null;
  if (found.state === 'reported') return reported(found, act);
  const words = {
    published: () => [
      t('Đã ghi. Tải mã từng dòng để lấy mã của mỗi nhà; mỗi mã có một trang để in và dán: /a/MÃ.', 'Published. Codes of all rows has the code of each house; each code has a page to be printed: /a/CODE.'),
      found.counts?.rejected && t(`Còn ${figure(found.counts.rejected)} dòng bị loại chưa ghi: tải về, sửa rồi giao lại riêng chúng, cùng nguồn “${found.source}”.`, `${figure(found.counts.rejected)} rejected rows are not published: download, correct and deliver them on their own, with the source “${found.source}”.`)],
    rolled_back: () => [t('Đã huỷ: mã mà đợt này cấp không dùng được nữa, trừ nhà có sửa đổi sau đó đã chọn giữ lại. Các số dưới đây là của lần ghi đã huỷ.', 'Taken back: codes that it gave are withdrawn, but for later changes that were to be kept. The figures below are those of what was taken back.')],
    discarded: () => [t('Đã bỏ, tệp đã xoá. Muốn nhập thì giao lại.', 'Discarded, and the file deleted. Deliver it again to import it.')],
  }[found.state]?.();
  return words ? make('p', {}, words.filter(Boolean).join(' ')) : null;
}

function reported(found, act) {
  const { counts, id, publish_refused: refused } = found;
  const REFUSALS = {
    forbidden: t(`Khoá này không được duyệt: báo người duyệt số đợt ${id}.`, `This key may not approve: tell an approver the number ${id}.`),
    own_delivery: t(`Ai giao tệp thì không tự duyệt: báo người duyệt khác số đợt ${id}.`, `Whoever delivers a file does not approve it: tell another approver the number ${id}.`),
    too_many_vanished: t('Tệp thiếu hơn 80 % nhà của nguồn: khi duyệt phải xác nhận.', 'The file lacks more than 80 % of the source’s households: that has to be confirmed.'),
  };
  // Those that a refusal names have their buttons there.
  const systems = again(found.trouble?.systems?.length ? [] : found.systems, act);
  if (found.systems.length) {
    const words = t('Hệ toạ độ là do máy đoán: phải xác nhận rồi mới duyệt được.', 'The coordinate system is a guess: it has to be confirmed before this can be published.');
    return make('div', { class: 'actions' }, make('p', {}, words), ...systems);
  }
  const rejected = counts?.rejected ?? 0;
  const words = [
    rejected && t('Xem các lỗi dưới đây. Có thể tải các dòng bị loại, sửa rồi giao lại riêng chúng.', 'Look at the errors below. The rejected rows can be downloaded, corrected and delivered on their own.'),
    rejected && writes(found) && !refused && t('Các dòng khác vẫn ghi được ngay.', 'The others can be published now.'),
    !rejected && t('Không dòng nào bị loại.', 'No row was rejected.'),
    !writes(found) && (counts?.unchanged
      ? t('Không có gì để ghi: các dòng đúng đã có trong sổ, đúng như trong tệp.', 'There is nothing to publish: the register holds the good rows as they are.')
      : t('Không có gì để ghi.', 'There is nothing to publish.')),
    writes(found) && refused && (REFUSALS[refused.code] ?? refused.detail),
  ];
  const said = make('p', {}, words.filter(Boolean).join(' '));
  return found.mappings.length && !found.trouble ? make('div', { class: 'actions' }, said, ...mappings(found, act)) : said;
}

function tiles(counts) {
  if (!counts) return null;
  const cells = COUNTS.filter(([name]) => counts[name] || ALWAYS.includes(name)).map(([name, vi, en]) => make('div', {},
    make('dt', {}, t(vi, en)), make('dd', { 'data-count': name }, figure(counts[name]))));
  return make('dl', { class: 'totals' }, ...cells);
}

function buttons(found, role, act) {
  const { counts, state, publish_refused: refused } = found;
  if (found.progress || !counts && state !== 'failed') return null;
  const approves = role !== 'editor';
  const has = (severity) => found.problems.some((each) => each.severity === severity);
  const kept = found.files_until && state !== 'discarded';
  const made = [
    state === 'reported' && writes(found) && (!refused || refused.code === 'too_many_vanished')
      && button(t('Duyệt, ghi vào sổ', 'Approve and publish'), () => act.publish(found.vanished_warning === 'too_many_vanished'), false),
    kept && counts?.rejected > 0 && button(t('Tải dòng bị loại', 'Rejected rows'), () => act.save('report')),
    kept && (has('warning') || has('notice')) && button(t('Tải dòng có cảnh báo', 'Rows with warnings'), () => act.save('report?rows=warned')),
    kept && counts?.vanished > 0 && button(t('Tải nhà không còn trong tệp', 'Vanished'), () => act.save('report?rows=vanished')),
    found.problems.length > 0 && button(t('Tải mọi vấn đề (CSV)', 'All problems (CSV)'), () => act.save('problems?format=csv')),
    kept && state === 'published' && button(t('Tải mã từng dòng', 'Codes of all rows'), () => act.save('codes')),
    state === 'published' && approves && button(t('Huỷ đợt này', 'Take it back'), () => act.rollBack(false)),
    state === 'published' && approves && found.trouble && button(t('Huỷ, giữ phần đã sửa sau', 'Take back, keep later changes'), () => act.rollBack(true)),
    ['reported', 'failed'].includes(state) && button(t('Bỏ đợt này', 'Discard'), act.discard),
  ].filter(Boolean);
  return made.length ? make('p', { class: 'actions' }, ...made) : null;
}

function problems(found) {
  if (!found.problems.length) return [];
  const ordered = [...found.problems].sort((one, other) => GRAVEST.indexOf(one.severity) - GRAVEST.indexOf(other.severity) || other.rows - one.rows);
  const head = [t('Mức', 'Severity'), t('Vấn đề', 'Problem'), t('Số dòng', 'Rows'), t('Ví dụ', 'Examples')];
  const id = `problems-${found.id}`;
  return [
    make('h3', { id }, t('Vấn đề', 'Problems')),
    make('div', { class: 'scroll', role: 'region', 'aria-labelledby': id, tabindex: '0' },
      make('table', { class: 'verdicts' },
        make('thead', {}, make('tr', {}, ...head.map((each, n) => make('th', { scope: 'col', class: n === 2 ? 'number' : null }, each)))),
        make('tbody', {}, ...ordered.map(row)))),
  ];
}

function row(problem) {
  return make('tr', { 'data-code': problem.code },
    make('td', {}, badge(SEVERITIES[problem.severity])),
    make('td', {}, t(problem.vi, problem.en), make('br'), make('code', { class: 'quiet' }, problem.code)),
    make('td', { class: 'number', 'data-head': t('Số dòng', 'Rows') }, figure(problem.rows)),
    make('td', {}, make('ul', { class: 'examples' }, ...problem.examples.map(example))));
}

function example({ row: number, sheet_row: row, sheet, value, fix_vi: fixVi, proposed_fix: fix }) {
  const where = sheet ? t(`trang “${sheet}”`, `sheet “${sheet}”`) : t('bảng tính', 'the sheet');
  const line = row ? t(`dòng ${figure(row)} của ${where}`, `row ${figure(row)} of ${where}`) : t(`dòng ${figure(number)} dưới tiêu đề`, `row ${figure(number)} below the header`);
  const right = t(fixVi, fix);
  return make('li', {}, `${line}${value ? `: “${value}”` : ''}${right ? ` → ${right}` : ''}`);
}

/** What was found out. */
function notes(found) {
  const unread = [
    found.columns_personal.length && t(`Cột về người, không đọc: ${found.columns_personal.join(', ')}`, `Columns about people, not read: ${found.columns_personal.join(', ')}`),
    found.columns_unknown.length && t(`Cột không nhận ra, không đọc: ${found.columns_unknown.join(', ')}`, `Columns not known, not read: ${found.columns_unknown.join(', ')}`),
  ].filter(Boolean);
  const told = [...found.file_notes, ...unread];
  if (!told.length) return [];
  return [
    make('h3', {}, t('Máy đã đọc tệp thế nào', 'How the file was read')),
    make('ul', { class: 'told' }, ...told.map((each) => make('li', {}, each))),
  ];
}

/** The imports that the key may see; `open` shows one. */
export function listed(imports, open) {
  if (!imports.length) return [];
  return [
    make('h2', { id: 'latest' }, t('Các đợt gần đây', 'Latest imports')),
    make('div', { class: 'scroll', role: 'region', 'aria-labelledby': 'latest', tabindex: '0' },
      make('table', { class: 'verdicts' },
        make('thead', {}, make('tr', {}, ...[t('Đợt', 'Number'), t('Tệp', 'File'), t('Nguồn', 'Source'), t('Lúc', 'When'), t('Tình trạng', 'State')].map((each) => make('th', { scope: 'col' }, each)))),
        make('tbody', {}, ...imports.map((each) => make('tr', {},
          make('td', {}, make('button', { type: 'button', class: 'link', onclick: () => open(each.id) }, `#${each.id}`)),
          make('td', {}, each.file_name),
          make('td', { 'data-head': t('Nguồn', 'Source') }, each.source),
          make('td', {}, moment(each.created_at)),
          make('td', {}, badge(stateOf(each)), each.counts ? ` ${counted(each)}` : '')))))),
  ];
}
