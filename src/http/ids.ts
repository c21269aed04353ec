import { randomFillSync } from 'node:crypto';

const POOL = Buffer.allocUnsafe(8192);
let used = POOL.length;

/** Unguessable bytes, drawn from the system in larger portions. */
function random(count: number): Buffer {
  if (used + count > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += count;
  return POOL.subarray(used - count, used);
}

/** A version 7 UUID of 16 bytes: time-ordered, so that new rows land beside each other in their index. */
export function newPostbackId(wallMs: number): Buffer {
  const id = Buffer.allocUnsafe(16);
  id.writeUIntBE(wallMs, 0, 6);
  random(10).copy(id, 6);
  id.writeUInt8(((id[6] ?? 0) & 0x0f) | 0x70, 6);
  id.writeUInt8(((id[8] ?? 0) & 0x3f) | 0x80, 8);
  return id;
}

export function uuidText(id: Uint8Array): string {
  const hex = Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A click id: a ULID, 48 bits of workspace time in ms and 80 random bits, 26 characters of Crockford's base 32.
 * Its time names the click's partition; its random part cannot be guessed.
 */
export function newClickId(workspaceMs: number): string {
  let text = '';
  let time = workspaceMs;
  for (let i = 0; i < 10; i += 1) {
    text = CROCKFORD.charAt(time % 32) + text;
    time = Math.floor(time / 32);
  }
  const bytes = random(16);
  for (let i = 0; i < 16; i += 1) text += CROCKFORD.charAt((bytes[i] ?? 0) & 31);
  return text;
}
