// What this device keeps, in IndexedDB: packs as they were signed, the keys they are checked by, addresses that were
// opened, and reports that wait for a network. It stays here, and survives a restart.

const STORES = ['packs', 'known', 'opened', 'outbox'];
const VERSION = 1;
const MOST_OPENED = 500;

let opening = null;

function database() {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open('diachiso', VERSION);
    asked.onupgradeneeded = () => { for (const name of STORES) asked.result.createObjectStore(name, { keyPath: 'id' }); };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  opening.catch(() => { opening = null; });
  return opening;
}

/** Do something in one store; done when it is on the disk. Rejects with QuotaExceededError where that is full. */
async function within(name, mode, work) {
  const transaction = (await database()).transaction(name, mode, mode === 'readwrite' ? { durability: 'strict' } : {});
  return new Promise((done, failed) => {
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => done(request.result);
    transaction.onabort = () => failed(transaction.error ?? request.error);
  });
}

export const all = (name) => within(name, 'readonly', (store) => store.getAll());
export const get = (name, id) => within(name, 'readonly', (store) => store.get(id));
export const put = (name, value) => within(name, 'readwrite', (store) => store.put(value));
export const remove = (name, id) => within(name, 'readwrite', (store) => store.delete(id));

/** An address that was opened; the oldest of many is forgotten. */
export async function keepOpened(address) {
  await put('opened', { ...address, at: Date.now() });
  const kept = (await all('opened')).sort((one, other) => one.at - other.at);
  for (const { id } of kept.slice(0, -MOST_OPENED)) await remove('opened', id);
}
