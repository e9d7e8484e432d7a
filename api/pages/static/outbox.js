// Reports that were made where there may be no network: kept first, sent when there is one, once. The key of each is
// made when it is written down, so that the server knows it again. Many go in one request, and each has an answer.

import { all, get, put, putAll } from './store.js';
import { _, call } from './ui.js';

/** Reports of one request: as many as a slow network carries before it is cut. */
const AT_ONCE = 50;
const AGAIN_MS = 20_000;
const LATER = [401, 408, 425, 429, 500, 502, 503, 504];

/** Write a report down; `label` is what it is about, for people. */
export async function keepReport(body, label) {
  const report = { id: crypto.randomUUID(), body, label, at: new Date().toISOString(), state: 'waiting', told: null, receipt: null };
  await put('outbox', report);
  return report;
}

/** Send reports that wait; calls `changed` after each request. */
export async function sendReports(changed) {
  let token = null;
  const { cut } = await sendWaiting('outbox', AT_ONCE, async (reports) => {
    token ??= await formToken();
    return post('/v1/batch/reports', { 'X-Csrf-Token': token }, { reports: reports.map(({ id, body }) => ({ ...body, once: id })) });
  }, ({ reports }, at) => outcomeOf(reports[at]), changed);
  if (cut) later(() => sendReports(changed));
}

let again = null;

/** Send once more in a while: a radio may be back though the browser never said that it was gone. */
export function later(sending) {
  clearTimeout(again);
  again = setTimeout(sending, AGAIN_MS);
}

/** What became of a report. */
const outcomeOf = ({ filed, problem }) => (filed ? { state: 'sent', receipt: filed.receipt, told: null } : refused(problem));

/** What a problem makes of what was sent: it waits, or is refused with its reason. */
export function refused(problem) {
  if (LATER.includes(problem.status)) return { state: 'waiting', told: problem.detail };
  const onward = (problem.successors ?? []).map(({ code_display: code }) => code).join(', ');
  const why = problem.errors?.[0]?.detail ?? problem.detail ?? _('It was not taken.');
  return { state: 'refused', told: onward ? _('{reason} Now: {codes}', { reason: why, codes: onward }) : why };
}

/**
 * Send what waits in a store, `most` of it at once and the oldest first; another tab that sends meanwhile is waited for.
 * `send` posts some and answers { answer }, { problem } or null without a network; `outcome` reads the answer about one.
 * Answers whether the network was `cut`, and the `problem` of a request that was refused as a whole.
 */
export async function sendWaiting(name, most, send, outcome, changed, wanted = () => true) {
  const work = async () => {
    const waiting = (await all(name)).filter((each) => each.state === 'waiting' && wanted(each)).sort((one, other) => one.at.localeCompare(other.at));
    for (let at = 0; at < waiting.length; at += most) {
      // Another tab may have sent some, or somebody taken one back.
      const part = (await Promise.all(waiting.slice(at, at + most).map(({ id }) => get(name, id)))).filter((each) => each?.state === 'waiting');
      const sent = part.length ? await send(part) : { answer: null };
      if (!sent) return { cut: true };
      if (sent.problem) {
        await putAll(name, part.map((each) => ({ ...each, told: sent.problem.detail ?? null })));
        await changed();
        return { problem: sent.problem };
      }
      const told = part.map((each, place) => ({ ...each, ...outcome(sent.answer, place) }));
      await putAll(name, told);
      await changed();
      if (told.some(({ state }) => state === 'waiting')) return {};
    }
    return {};
  };
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

/** What the server says to a request: { answer }, { problem }; null without a network. */
export async function post(url, headers, body) {
  try {
    const response = await call(url, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
    const answer = await response.json();
    return response.ok ? { answer } : { problem: answer };
  } catch {
    return null; // no network, or half an answer: what was sent is known when it is sent again
  }
}

/** What proves to the server that this page sends with the session of who sits here; null without a network. */
export async function formToken() {
  const page = await fetch('/packs', { cache: 'no-store' }).then((response) => response.text()).catch(() => '');
  return new DOMParser().parseFromString(page, 'text/html').querySelector('[data-csrf]')?.dataset.csrf ?? '';
}
