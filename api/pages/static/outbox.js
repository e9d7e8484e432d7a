// Reports that were made where there may be no network: kept first, sent when there is one, once. The key of each is
// made when it is written down, so that the server knows it again (Idempotency-Key).

import { all, get, put } from './store.js';
import { t } from './ui.js';

/** As many as a browser asks one server at once. */
const AT_ONCE = 6;
const LATER = [401, 408, 425, 429, 500, 502, 503, 504];

/** Write a report down; `label` is what it is about, for people. */
export async function keepReport(body, label) {
  const report = { id: crypto.randomUUID(), body, label, at: new Date().toISOString(), state: 'waiting', told: null, receipt: null };
  await put('outbox', report);
  return report;
}

/** Send what waits, a few at once; another tab that sends meanwhile is waited for. Calls `changed` after them. */
export async function sendReports(changed) {
  const send = async () => {
    const waiting = (await all('outbox')).filter(({ state }) => state === 'waiting').sort((one, other) => one.at.localeCompare(other.at));
    const token = waiting.length ? await formToken() : null;
    for (let at = 0; at < waiting.length; at += AT_ONCE) {
      const on = await Promise.all(waiting.slice(at, at + AT_ONCE).map(({ id }) => sendKept(id, token)));
      await changed();
      if (!on.every(Boolean)) return;
    }
  };
  await (navigator.locks ? navigator.locks.request('outbox', send) : send());
}

/** What proves to the server that this page sends with the session of who sits here; null without a network. */
export async function formToken() {
  const page = await fetch('/packs', { cache: 'no-store' }).then((response) => response.text()).catch(() => '');
  return new DOMParser().parseFromString(page, 'text/html').querySelector('[data-csrf]')?.dataset.csrf ?? '';
}

async function sendKept(id, token) {
  const report = await get('outbox', id);
  return report?.state !== 'waiting' || sendOne(report, token);
}

/** Whether the next may be tried. */
async function sendOne(report, token) {
  let response;
  try {
    response = await fetch('/v1/reports', {
      method: 'POST',
      body: JSON.stringify(report.body),
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': report.id, 'X-Csrf-Token': token },
    });
  } catch {
    return false; // no network: it goes on waiting
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) {
    await put('outbox', { ...report, state: 'sent', receipt: answer.receipt, told: null });
    return true;
  }
  if (LATER.includes(response.status) || !answer) {
    await put('outbox', { ...report, told: answer?.detail ?? null });
    return false;
  }
  const onward = (answer.successors ?? []).map(({ code_display: code }) => code).join(', ');
  const why = answer.errors?.[0]?.detail ?? answer.detail ?? t('Không nhận được.', 'It was not taken.');
  await put('outbox', { ...report, state: 'refused', told: onward ? `${why} ${t('Nay là', 'Now')}: ${onward}` : why });
  return true;
}
