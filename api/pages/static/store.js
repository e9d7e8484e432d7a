// Storage of this device, in IndexedDB: signed packs, their base maps and public keys, opened addresses, reports that
// wait for a network, field rounds and their records. It stays on the device, and survives a restart.

import { _ } from './ui.js';

const STORES = ['packs', 'known', 'opened', 'outbox', 'walks', 'found', 'maps'];
const VERSION = 3;
const MOST_OPENED = 500;

let opening = null;

function database() {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open('diachiso', VERSION);
    asked.onupgradeneeded = () => {
      const there = asked.result.objectStoreNames;
      for (const name of STORES) if (!there.contains(name)) asked.result.createObjectStore(name, { keyPath: 'id' });
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opening = null; };
      done(asked.result);
    };
    asked.onerror = () => failed(asked.error);
    asked.onblocked = () => failed(new Error(_('Close the other pages of the register on this device, and open this again.')));
  });
  opening.catch(() => { opening = null; });
  return opening;
}

/** Runs a transaction in one store; resolves when it is on disk. Rejects with QuotaExceededError if that is full. */
async function within(name, mode, work) {
  const transaction = (await database()).transaction(name, mode, mode === 'readwrite' ? { durability: 'strict' } : {});
  return new Promise((done, failed) => {
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => done(request?.result);
    transaction.onabort = () => failed(transaction.error ?? request?.error);
  });
}

export const all = (name) => within(name, 'readonly', (store) => store.getAll());
export const get = (name, id) => within(name, 'readonly', (store) => store.get(id));
export const put = (name, value) => within(name, 'readwrite', (store) => store.put(value));
export const putAll = (name, values) => within(name, 'readwrite', (store) => { for (const value of values) store.put(value); });
export const remove = (name, id) => within(name, 'readwrite', (store) => store.delete(id));

/** Stores an opened address; the oldest ones are dropped. */
export async function keepOpened(address) {
  await put('opened', { ...address, at: Date.now() });
  const kept = (await all('opened')).sort((one, other) => one.at - other.at);
  for (const { id } of kept.slice(0, -MOST_OPENED)) await remove('opened', id);
}

/** Message for a storage error, above all a full disk. */
export const whyNotKept = (error) => (error.name === 'QuotaExceededError'
  ? _('The device is full: this was not kept. Free some space and try again.')
  : error.name === 'InvalidStateError' || error.name === 'SecurityError'
    ? _('The browser keeps nothing here (a private window?).')
    : error.message);
