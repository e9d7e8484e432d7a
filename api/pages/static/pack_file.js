// A pack as a file (docs/pack.md): signature, integrity and content.

import { _ } from './ui.js';

const FORMAT = 'diachiso-pack';
const VERSION = 1;

const REFUSED = {
  not_pack: _('This file is not a pack.'),
  no_check: _('This browser cannot check signatures (Ed25519), so it takes no pack. Update it.'),
  unknown_key: _('This pack was signed by somebody else: it is not of this register.'),
  altered: _('This pack was altered and cannot be used.'),
  cut: _('This pack was cut off: take it again.'),
  other_version: _('This pack is of a newer form: open the page again with a network.'),
  other_register: _('This pack is of another register.'),
  wrong_base: _('These changes do not fit the pack that is here.'),
};

/** Why a pack is rejected: `reason` for programs, the message for people. */
export class PackError extends Error {
  constructor(reason) {
    super(REFUSED[reason]);
    this.reason = reason;
  }
}

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Returns header and compressed content of a file after verification; throws PackError. `keys` are public JWKs. */
export async function checked(file, keys, register = null) {
  const end = file.indexOf(10);
  const line = end < 0 ? '' : new TextDecoder('latin1').decode(file.subarray(0, end));
  const parts = line.split('.');
  if (parts.length !== 3) throw new PackError('not_pack');
  let head;
  let header;
  let signature;
  try {
    head = JSON.parse(atob(parts[0].replaceAll('-', '+').replaceAll('_', '/')));
    header = JSON.parse(new TextDecoder().decode(bytesOf(parts[1])));
    signature = bytesOf(parts[2]);
  } catch {
    throw new PackError('not_pack');
  }
  const key = keys.find(({ kid }) => kid === head.kid);
  if (!key) throw new PackError('unknown_key');
  if (head.alg !== 'Ed25519' || !await isSigned(key, signature, `${parts[0]}.${parts[1]}`)) throw new PackError('altered');
  if (header.format !== FORMAT || header.version !== VERSION) throw new PackError('other_version');
  if (register && header.register !== register) throw new PackError('other_register');
  const content = file.subarray(end + 1);
  if (content.length < header.content.bytes) throw new PackError('cut');
  if (hex(await crypto.subtle.digest('SHA-256', content)) !== header.content.sha256) throw new PackError('altered');
  return { header, content };
}

async function isSigned({ kty, crv, x }, signature, signed) {
  try {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(signed));
  } catch {
    throw new PackError('no_check'); // an older browser
  }
}

/** Returns the content of a file. */
export async function unpacked(content) {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
}
