// Forms for a door on a round and for an unregistered house. Input is stored at every keystroke.

import { COARSE_M, metres, pointing } from './field_point.js';
import { isPersonal, LEAVE_OUT, namesPerson } from './personal.js';
import { _, make, number } from './ui.js';

const KINDS = {
  right: _('Right'), here: _('It is here'), gone: _('No longer there'), count: _('Households'),
  flats: _('Flats'), new: _('New house'),
};

/** Label of a kind of record. */
export const kindWords = (kind) => KINDS[kind];

const button = (text, onclick, kind = 'button button-quiet') => make('button', { type: 'button', class: kind, onclick }, text);

/** Label of a door without the number, street and hamlet of its heading; the full label without a number. */
function restOf({ label, number, street, locality }) {
  if (!number) return label;
  const said = [number, street, ...(locality ?? '').split(', ')].filter(Boolean);
  return label.split(', ').map((part) => said.reduce((rest, each) => (rest === each || rest.startsWith(`${each} `) ? rest.slice(each.length).trim() : rest), part)).filter(Boolean).join(', ');
}

/** Expected position of a door: its point, or that of the door with the nearest number. */
function beside(round, { lon, lat, number, street }) {
  if (lon !== null) return [lon, lat];
  const placed = round.area.doors.filter((door) => door.lon !== null && (!street || door.street === street));
  const apart = (door) => Math.abs(parseInt(door.number, 10) - parseInt(number, 10));
  const near = placed.filter((door) => !Number.isNaN(apart(door))).sort((one, other) => apart(one) - apart(other))[0];
  return near ? [near.lon, near.lat] : round.place.middle;
}

/** A row of the list, which opens the form of the door. */
export function doorRow(round, door) {
  const card = make('div', { class: 'field-card', hidden: true });
  const notice = make('span', { class: 'field-notice' });
  const away = make('small', { class: 'field-away' });
  const needs = [
    door.verified_on ? null : _('not verified'),
    door.lon === null ? _('no point') : null,
  ].filter(Boolean);
  const row = make('button', { type: 'button', class: 'field-row', 'aria-expanded': 'false', onclick: open },
    make('b', {}, door.number ?? '–'), make('span', {}, restOf(door), ...(door.number ? [] : [' ', make('span', { class: 'code' }, door.code_display)]), make('small', { class: needs.length ? 'old' : 'quiet' }, needs.join(', ') || _('verified')), away), notice);
  const item = make('li', { class: 'field-door', 'data-code': door.code }, row, card);

  function open() {
    card.hidden = !card.hidden;
    row.setAttribute('aria-expanded', String(!card.hidden));
    if (!card.hidden) card.replaceChildren(...parts());
  }

  function shut() {
    card.hidden = true;
    row.setAttribute('aria-expanded', 'false');
    row.focus();
  }

  const say = async (kind, more = {}) => { if (await round.keep(kind, door, more)) shut(); };
  const part = (content, ...more) => { card.replaceChildren(make('p', {}, make('b', {}, content)), ...more, make('p', { class: 'actions' }, button(_('Back'), () => card.replaceChildren(...parts())))); };

  function parts() {
    return [
      make('p', { class: 'quiet' }, make('span', { class: 'code' }, door.code_display), ' · ', _('{count:n} households', { count: door.households_count })),
      make('p', { class: 'actions' },
        button(kindWords('right'), () => say('right'), 'button'),
        button(kindWords('here'), askPoint), button(kindWords('gone'), () => say('gone')),
        door.kind === 'building' ? null : button(kindWords('count'), askCount), button(kindWords('flats'), askFlats)),
    ];
  }

  function askPoint() {
    const where = pointing({ place: round.place, near: () => beside(round, door), recorded: door.lon === null ? null : [door.lon, door.lat] });
    part(_('Where is it?'), where.element,
      button(_('Keep this point'), () => (where.said() ? say('here', where.said()) : where.say(_('Measure or tap a point first.'), 'wrong')), 'button'));
  }

  function askCount() {
    asked('count', _('Households at this door'), { type: 'number', min: 1, max: 100000, inputmode: 'numeric', value: door.households_count }, (value) => (Number.isInteger(Number(value)) && Number(value) > 0 ? { households_count: Number(value) } : null));
  }

  function askFlats() {
    asked('flats', _('Numbers of the flats, with commas'), { type: 'text', maxlength: 300, placeholder: '101, 102, 201' }, (value) => {
      const units = value.split(/[,;\n]/).map((each) => each.trim()).filter(Boolean);
      return units.length && units.length <= 50 ? { units } : null;
    });
  }

  function asked(kind, label, attributes, read) {
    const id = `${kind} ${door.code}`;
    const input = make('input', { ...attributes, autocomplete: 'off', id: `asked-${kind}` });
    input.value = round.draft(id)?.value ?? attributes.value ?? '';
    input.addEventListener('input', () => round.keepDraft(id, { value: input.value }));
    const wrong = make('p', { class: 'wrong', role: 'alert', hidden: true });
    part(label, make('label', { class: 'unseen', for: input.id }, label), input, wrong, button(_('Keep this answer'), async () => {
      const said = isPersonal(input.value) ? null : read(input.value);
      wrong.hidden = said !== null;
      wrong.textContent = isPersonal(input.value) ? LEAVE_OUT : _('This is not understood.');
      if (said === null) return;
      await say(kind, said);
      await round.keepDraft(id, null);
    }, 'button'));
    input.focus();
  }

  const show = (records) => {
    item.dataset.state = records.length ? 'answered' : '';
    notice.replaceChildren(...(records.length ? [`✓ ${records.map(({ body }) => kindWords(body.kind)).join(', ')}`] : []));
  };
  /** Distance from the phone, as far as known. */
  const showAway = (here, within) => {
    const far = here && door.lon !== null ? Math.round(metres(here, [door.lon, door.lat])) : null;
    away.textContent = far === null ? '' : `${within > COARSE_M ? '≈ ' : ''}${number(far)} m`;
  };
  return { item, show, showAway };
}

/** The form of a new house; `begin` opens it with a missing number. */
export function newHouse(round, form) {
  const field = (name) => form.elements[name];
  const names = ['house_number', 'street', 'locality', 'households_count', 'note'];
  const wrong = form.querySelector('.wrong');
  let where = null;

  function draftNow(point = where.said()) {
    return round.keepDraft('new', { values: Object.fromEntries(names.map((name) => [name, field(name).value])), point });
  }

  function fill(draft) {
    for (const name of names) field(name).value = draft?.values?.[name] ?? '';
    where = pointing({ place: round.place, near: () => beside(round, { lon: null, number: field('house_number').value, street: field('street').value || null }), given: draft?.point ?? null, changed: (point) => draftNow(point) });
    form.querySelector('[data-point]').replaceChildren(where.element);
  }

  function complain(text) {
    wrong.hidden = !text;
    wrong.textContent = text;
    if (text) wrong.scrollIntoView({ block: 'center' });
  }

  async function send(event) {
    event.preventDefault();
    const values = Object.fromEntries(names.map((name) => [name, field(name).value.trim()]).filter(([, value]) => value));
    if (Object.values(values).some(isPersonal) || namesPerson(values.note ?? '')) return complain(LEAVE_OUT);
    if (!where.said()) return complain(_('Measure or tap where it is.'));
    if (values.households_count) values.households_count = Number(values.households_count);
    const label = [values.house_number, values.street ?? (round.area.kind === 'street' ? round.area.place : null), values.locality].filter(Boolean).join(' ');
    if (!await round.keep('new', null, { ...values, ...where.said() }, label || _('without a number'))) return null;
    await round.keepDraft('new', null);
    complain('');
    fill(null);
    form.closest('details').open = false;
    return null;
  }

  form.onsubmit = send;
  form.oninput = () => draftNow();
  fill(round.draft('new'));
  if (round.draft('new')) form.closest('details').open = true;
  return {
    begin(number, street) {
      field('house_number').value = number;
      if (round.area.kind !== 'street') field('street').value = street;
      form.closest('details').open = true;
      field('house_number').focus();
      draftNow();
    },
  };
}
