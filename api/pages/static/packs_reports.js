// What is reported on the page /packs: at the door of a card, or of a house without a code; and the outbox.

import { shown } from './code.js';
import { keepReport, sendReports } from './outbox.js';
import { isPersonal, LEAVE_OUT, namesPerson } from './personal.js';
import { all, remove, whyNotKept as why } from './store.js';
import { make, t, unplaced } from './ui.js';

const KINDS = {
  new_house: ['Nhà chưa có mã', 'A house without a code'], confirmed: ['Đúng: nhà ở đó', 'Right: it is there'], wrong_point: ['Nhà ở chỗ khác', 'It is elsewhere'],
  entrance: ['Lối vào', 'An entrance'], no_such_house: ['Không có nhà này', 'There is no such house'],
  plate_mounted: ['Biển đã treo', 'The plate hangs'], plate_lost: ['Biển mất, vỡ', 'The plate is lost or broken'],
};
const STATES = { waiting: ['chờ mạng', 'waits for a network'], sent: ['đã gửi', 'sent'], refused: ['không nhận', 'not taken'] };
const ENTRANCES = { main: ['Cửa chính', 'Main entrance'], vehicles: ['Lối xe vào', 'For vehicles'], delivery: ['Lối giao hàng', 'For deliveries'], locker: ['Tủ nhận hàng', 'Parcel lockers'] };
const at = (id) => document.getElementById(id);

/** What a kind of entrance is called. */
export const entranceWords = (kind) => t(...ENTRANCES[kind]);

/** Where the phone is, as the browser says it. */
export const position = () => new Promise((found, failed) => {
  const refuse = () => failed(new Error(unplaced()));
  if (!isSecureContext || !navigator.geolocation) return refuse();
  navigator.geolocation.getCurrentPosition(found, refuse, { enableHighAccuracy: true, timeout: 15_000 });
});

const pointOf = ({ coords }) => ({ lon: coords.longitude, lat: coords.latitude, position_accuracy_m: Math.round(coords.accuracy) });

/** Keep what was found, and send it when that is possible; raises what the disk does. */
async function report(kind, code, label, more = {}) {
  await keepReport({ kind, code, ...more }, label);
  await showOutbox();
  at('outbox-head').scrollIntoView({ block: 'center' });
  sendReports(showOutbox);
}

/** What can be said of the door of a card. */
export function reportButtons(code, label) {
  const button = (words, act) => make('button', { type: 'button', class: 'button button-quiet', onclick: async ({ currentTarget }) => {
    const article = currentTarget.closest('article');
    article.querySelector('.hand-wrong')?.remove();
    try {
      await act(article);
    } catch (error) {
      article.append(make('p', { class: 'wrong hand-wrong', role: 'alert' }, why(error)));
    }
  } }, t(...words));
  const plate = ['plate_mounted', 'plate_lost'].map((kind) => button(KINDS[kind], () => report(kind, code, label)));
  return [
    button(['Đúng', 'Right'], () => report('confirmed', code, label)),
    button(['Nhà ở đây', 'It is here'], async () => report('wrong_point', code, label, pointOf(await position()))),
    button(['Lối vào', 'Entrance'], (article) => toggle(article, 'entrance', () => entranceForm(code, label))),
    button(['Biển', 'Plate'], (article) => toggle(article, 'plate', () => make('p', { class: 'actions' }, ...plate))),
    button(['Không có nhà', 'Not there'], () => report('no_such_house', code, label)),
  ];
}

/** Show or hide a part of a card. */
function toggle(article, name, part) {
  const there = article.querySelector(`[data-part="${name}"]`);
  if (there) return there.remove();
  const made = part();
  made.dataset.part = name;
  article.append(made);
  return made.querySelector('select, button').focus();
}

/** An entrance where the phone is. */
function entranceForm(code, label) {
  const form = make('form', { class: 'hand-way' },
    make('label', {}, t('Lối vào', 'Entrance'), make('select', { name: 'entrance' }, ...Object.keys(ENTRANCES).map((kind) => make('option', { value: kind }, entranceWords(kind))))),
    make('label', {}, t('Vào thế nào; không ghi tên người, số điện thoại', 'How one gets in; no name, no telephone number'), make('input', { name: 'note', maxlength: '140', autocomplete: 'off' })),
    make('button', { class: 'button' }, t('Báo lối vào ở chỗ tôi đứng', 'It is where I stand')),
    make('p', { class: 'wrong', role: 'alert', hidden: true }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const note = form.note.value.trim();
      if (isPersonal(note) || namesPerson(note)) throw new Error(t(...LEAVE_OUT));
      await report('entrance', code, label, { entrance: form.entrance.value, ...(note ? { note } : {}), ...pointOf(await position()) });
      form.remove();
    } catch (error) {
      form.lastChild.hidden = false;
      form.lastChild.textContent = why(error);
    }
  });
  return form;
}

/** A house that nobody registered, where the phone is; what was typed stays until it is in the outbox. */
export async function reportNew(event) {
  event.preventDefault();
  const address = at('address').value.trim();
  try {
    if (isPersonal(address)) throw new Error(t(...LEAVE_OUT));
    await report('new_house', undefined, address || t('nhà mới, chưa rõ địa chỉ', 'a new house without an address'), { ...pointOf(await position()), ...(address ? { address } : {}) });
    at('address').value = '';
    at('new-told').hidden = true;
    await remove('known', 'draft');
  } catch (error) {
    at('new-told').hidden = false;
    at('new-told').textContent = why(error);
  }
}

export async function showOutbox() {
  const reports = (await all('outbox')).sort((one, other) => other.at.localeCompare(one.at));
  const waiting = reports.filter(({ state }) => state === 'waiting').length;
  at('reports').hidden = !reports.length;
  at('waiting').textContent = waiting ? t(`${waiting} chờ gửi`, `${waiting} waiting`) : '';
  at('send').hidden = !waiting;
  at('outbox').replaceChildren(...reports.map((each) => make('li', { 'data-state': each.state },
    make('div', {}, make('b', {}, t(...KINDS[each.body.kind])), ' · ', each.body.code ? make('span', { class: 'code' }, `${shown(each.body.code)} · `) : null, make('span', { class: `state-${each.state}` }, t(...STATES[each.state])),
      make('br'), each.label, each.body.entrance ? make('p', {}, [entranceWords(each.body.entrance), each.body.note].filter(Boolean).join(': ')) : null,
      each.told ? make('p', { class: each.state === 'refused' ? 'wrong' : 'quiet' }, each.told) : null),
    each.receipt ? make('a', { href: `/reports/${each.receipt}` }, t('Biên nhận', 'Receipt')) : null,
    make('button', { type: 'button', class: 'link', onclick: async () => { await remove('outbox', each.id); await showOutbox(); } }, each.state === 'waiting' ? t('Bỏ', 'Drop') : t('Xoá', 'Remove')))));
}
