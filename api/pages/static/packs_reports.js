// Reports of the page /packs: about the door of a card, or a house without a code; and the outbox.

import { shown } from './code.js';
import { keepReport, sendReports } from './outbox.js';
import { isPersonal, LEAVE_OUT, namesPerson } from './personal.js';
import { all, remove, whyNotKept as why } from './store.js';
import { _, make, unplaced } from './ui.js';

const KINDS = {
  new_house: _('A house without a code'), confirmed: _('Right: it is there'), wrong_point: _('It is elsewhere'),
  entrance: _('An entrance'), no_such_house: _('No such house'),
  plate_mounted: _('The plate hangs'), plate_lost: _('The plate is lost or broken'),
};
const STATES = { waiting: _('waits for a network'), sent: _('sent'), refused: _('not taken') };
const ENTRANCES = { main: _('Main entrance'), vehicles: _('For vehicles'), delivery: _('For deliveries'), locker: _('Parcel lockers') };
const at = (id) => document.getElementById(id);

/** Label of a kind of entrance. */
export const entranceWords = (kind) => ENTRANCES[kind];

/** Position of the phone, as reported by the browser. */
export const position = () => new Promise((found, failed) => {
  const refuse = () => failed(new Error(unplaced()));
  if (!isSecureContext || !navigator.geolocation) return refuse();
  navigator.geolocation.getCurrentPosition(found, refuse, { enableHighAccuracy: true, timeout: 15_000 });
});

const pointOf = ({ coords }) => ({ lon: coords.longitude, lat: coords.latitude, position_accuracy_m: Math.round(coords.accuracy) });

/** Stores a report, and sends it when possible; throws errors of the storage. */
async function report(kind, code, label, more = {}) {
  await keepReport({ kind, code, ...more }, label);
  await showOutbox();
  at('outbox-head').scrollIntoView({ block: 'center' });
  sendReports(showOutbox);
}

/** The report form of a card's door. */
export function reportButtons(code, label) {
  const button = (words, act, look = null) => make('button', { type: 'button', class: look, onclick: async ({ currentTarget }) => {
    const article = currentTarget.closest('article');
    article.querySelector('.hand-wrong')?.remove();
    try {
      await act(article);
    } catch (error) {
      article.append(make('p', { class: 'wrong hand-wrong', role: 'alert' }, why(error)));
    }
  } }, words);
  const plate = ['plate_mounted', 'plate_lost'].map((kind) => button(KINDS[kind], () => report(kind, code, label), 'button button-quiet'));
  return [
    button(_('Right'), () => report('confirmed', code, label)),
    button(_('It is here'), async () => report('wrong_point', code, label, pointOf(await position()))),
    button(_('Entrance'), (article) => toggle(article, 'entrance', () => entranceForm(code, label))),
    button(_('Plate'), (article) => toggle(article, 'plate', () => make('p', { class: 'actions' }, ...plate))),
    button(_('Not there'), () => report('no_such_house', code, label)),
  ];
}

/** Shows or hides a part of a card. */
function toggle(article, name, part) {
  const there = article.querySelector(`[data-part="${name}"]`);
  if (there) return there.remove();
  const made = part();
  made.dataset.part = name;
  article.append(made);
  return made.querySelector('select, button').focus();
}

/** Reports an entrance at the position of the phone. */
function entranceForm(code, label) {
  const form = make('form', { class: 'hand-way' },
    make('label', {}, _('Entrance'), make('select', { name: 'entrance' }, ...Object.keys(ENTRANCES).map((kind) => make('option', { value: kind }, entranceWords(kind))))),
    make('label', {}, _('How one gets in; no name, no telephone number'), make('input', { name: 'note', maxlength: '140', autocomplete: 'off' })),
    make('button', { class: 'button' }, _('The entrance is where I stand')),
    make('p', { class: 'wrong', role: 'alert', hidden: true }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const note = form.note.value.trim();
      if (isPersonal(note) || namesPerson(note)) throw new Error(LEAVE_OUT);
      await report('entrance', code, label, { entrance: form.entrance.value, ...(note ? { note } : {}), ...pointOf(await position()) });
      form.remove();
    } catch (error) {
      form.lastChild.hidden = false;
      form.lastChild.textContent = why(error);
    }
  });
  return form;
}

/** Reports an unregistered house at the position of the phone; the input stays until it is in the outbox. */
export async function reportNew(event) {
  event.preventDefault();
  const address = at('address').value.trim();
  try {
    if (isPersonal(address)) throw new Error(LEAVE_OUT);
    await report('new_house', undefined, address || _('a new house without an address'), { ...pointOf(await position()), ...(address ? { address } : {}) });
    at('address').value = '';
    at('new-notice').hidden = true;
    await remove('known', 'draft');
  } catch (error) {
    at('new-notice').hidden = false;
    at('new-notice').textContent = why(error);
  }
}

export async function showOutbox() {
  const reports = (await all('outbox')).sort((one, other) => other.at.localeCompare(one.at));
  const waiting = reports.filter(({ state }) => state === 'waiting').length;
  at('reports').hidden = !reports.length;
  at('waiting').textContent = waiting ? _('{count:n} waiting', { count: waiting }) : '';
  at('send').hidden = !waiting;
  at('outbox').replaceChildren(...reports.map((each) => make('li', { 'data-state': each.state },
    make('div', {}, make('b', {}, KINDS[each.body.kind]), ' · ', each.body.code ? make('span', { class: 'code' }, `${shown(each.body.code)} · `) : null, make('span', { class: `state-${each.state}` }, STATES[each.state]),
      make('br'), each.label, each.body.entrance ? make('p', {}, [entranceWords(each.body.entrance), each.body.note].filter(Boolean).join(': ')) : null,
      each.told ? make('p', { class: each.state === 'refused' ? 'wrong' : 'quiet' }, each.told) : null),
    each.receipt ? make('a', { href: `/reports/${each.receipt}` }, _('Receipt')) : null,
    make('button', { type: 'button', class: 'link', onclick: async () => { await remove('outbox', each.id); await showOutbox(); } }, each.state === 'waiting' ? _('Drop') : _('Remove')))));
}
