// Reports made without a network: stored first, and sent once when there is one. Each gets its idempotency key when it
// is stored, so that the server recognises it. Many are sent in one request, and each has an answer.

import { all, get, put, putAll } from './store.js';
import { _, call } from './ui.js';

/** Reports of one request: as many as a slow network transmits before it breaks. */
const AT_ONCE = 50;
const AGAIN_MS = 20_000;
const LATER = [401, 408, 425, 429, 500, 502, 503, 504];

/** Stores a report; `label` is its subject, for people. */
export async function keepReport(body, label) {
  const report = { id: crypto.randomUUID(), body, label, at: new Date().toISOString(), state: 'waiting', told: null, receipt: null };
  await put('outbox', report);
  return report;
}

/** Sends waiting reports; calls `changed` after each request. */
export async function sendReports(changed) {
  let token = null;
  const { cut } = await sendWaiting('outbox', AT_ONCE, async (reports) => {
    token ??= await formToken();
    return post('/v1/batch/reports', { 'X-Csrf-Token': token }, { reports: reports.map(({ id, body }) => ({ ...body, once: id })) });
  }, ({ reports }, at) => outcomeOf(reports[at]), changed);
  if (cut) later(() => sendReports(changed));
}

let again = null;

/** Sends again after a while: the network may be back although the browser reported no change. */
export function later(sending) {
  clearTimeout(again);
  again = setTimeout(sending, AGAIN_MS);
}

/** The result of a report. */
const outcomeOf = ({ filed, problem }) => (filed ? { state: 'sent', receipt: filed.receipt, told: null } : refused(problem));

/** The state after a problem: waiting, or refused with the reason. */
export function refused(problem) {
  if (LATER.includes(problem.status)) return { state: 'waiting', told: problem.detail };
  const onward = (problem.successors ?? []).map(({ code_display: code }) => code).join(', ');
  const why = problem.errors?.[0]?.detail ?? problem.detail ?? _('It was not taken.');
  return { state: 'refused', told: onward ? _('{reason} Now: {codes}', { reason: why, codes: onward }) : why };
}

/**
 * Sends the entries of a store, at most `most` at once and the oldest first, after any other tab that is sending.
 * `send` posts some and returns { answer }, { problem } or null without a network; `outcome` reads the answer for one.
 * Returns whether the network was `cut`, and the `problem` of a request that was refused as a whole.
 */
export async function sendWaiting(name, most, send, outcome, changed, wanted = () => true) {
  const work = async () => {
    const waiting = (await all(name)).filter((each) => each.state === 'waiting' && wanted(each)).sort((one, other) => one.at.localeCompare(other.at));
    for (let at = 0; at < waiting.length; at += most) {
      // Another tab may have sent some, or the user withdrawn one.
      const part = (await Promise.all(waiting.slice(at, at + most).map(({ id }) => get(name, id)))).filter((each) => each?.state === 'waiting');
      const sent = part.length ? await send(part) : { answer: null };
      if (!sent) return { cut: true };
      if (sent.problem) {
        await putAll(name, part.map((each) => ({ ...each, told: sent.problem.detail ?? null })));
        await changed();
        return { problem: sent.problem };
      }
      const filed = part.map((each, place) => ({ ...each, ...outcome(sent.answer, place) }));
      await putAll(name, filed);
      await changed();
      if (filed.some(({ state }) => state === 'waiting')) return {};
    }
    return {};
  };
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

/** The server's response: { answer } or { problem }; null without a network. */
export async function post(url, headers, body) {
  try {
    const response = await call(url, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
    const answer = await response.json();
    return response.ok ? { answer } : { problem: answer };
  } catch {
    return null; // no network, or half an answer: the server recognises what is sent again
  }
}

/** The CSRF token of the current session; null without a network. */
export async function formToken() {
  const page = await fetch('/packs', { cache: 'no-store' }).then((response) => response.text()).catch(() => '');
  return new DOMParser().parseFromString(page, 'text/html').querySelector('[data-csrf]')?.dataset.csrf ?? '';
}
