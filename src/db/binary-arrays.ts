/**
 * PostgreSQL's binary form of one-dimensional arrays, for the statements that take thousands of rows a second: bytes
 * go through as they are, without being written as hex or quoted text and parsed again. pg sends a Buffer parameter as
 * binary, so `$1::text[]` takes the result as it stands.
 */

const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  text: 25,
  float8: 701,
  timestamptz: 1184,
  uuid: 2950,
} as const;
const HEADER = 20;
const EPOCH_2000_MS = 946_684_800_000;
const TWO_32 = 4_294_967_296;

function header(buffer: Buffer, oid: number, count: number): void {
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
}

function fixed<T>(
  oid: number,
  size: number,
  values: readonly (T | null)[],
  write: (buffer: Buffer, value: T, at: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + values.length * (4 + size));
  header(buffer, oid, values.length);
  let at = HEADER;
  for (const value of values) {
    if (value === null) {
      buffer.writeInt32BE(-1, at);
      at += 4;
    } else {
      buffer.writeInt32BE(size, at);
      write(buffer, value, at + 4);
      at += 4 + size;
    }
  }
  return buffer.subarray(0, at);
}

/** Text without NUL (see cleanText); lone surrogates become U+FFFD. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER;
  for (const value of values) size += 4 + (value === null ? 0 : value.length * 3);
  const buffer = Buffer.allocUnsafe(size);
  header(buffer, OID.text, values.length);
  let at = HEADER;
  for (const value of values) {
    const written = value === null ? -1 : buffer.write(value, at + 4, 'utf8');
    buffer.writeInt32BE(written, at);
    at += 4 + Math.max(0, written);
  }
  return buffer.subarray(0, at);
}

export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let size = HEADER;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const buffer = Buffer.allocUnsafe(size);
  header(buffer, OID.bytea, values.length);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(value === null ? -1 : value.length, at);
    at += 4;
    if (value !== null) {
      buffer.set(value, at);
      at += value.length;
    }
  }
  return buffer;
}

/** Each value 16 bytes, or as text with hyphens. */
export function uuidArray(values: readonly (Uint8Array | string | null)[]): Buffer {
  return fixed(OID.uuid, 16, values, (buffer, value, at) => {
    if (typeof value !== 'string') buffer.set(value, at);
    else writeUuid(buffer, value, at);
  });
}

const HYPHEN = 45;
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => parseInt(String.fromCharCode(code), 16) || 0);

/** Nine of them for each postback: by hand it is a third of the time that cutting hyphens out and decoding takes. */
function writeUuid(buffer: Buffer, text: string, at: number): void {
  let to = at;
  for (let i = 0; i < text.length && to < at + 16; i += 2) {
    if (text.charCodeAt(i) === HYPHEN) i += 1;
    buffer[to] = ((NIBBLES[text.charCodeAt(i)] ?? 0) << 4) | (NIBBLES[text.charCodeAt(i + 1)] ?? 0);
    to += 1;
  }
}

/** Instants in ms since the epoch. */
export function timestampArray(values: readonly (number | null)[]): Buffer {
  return fixed(OID.timestamptz, 8, values, (buffer, value, at) =>
    writeInt64(buffer, (Math.round(value) - EPOCH_2000_MS) * 1000, at),
  );
}

/** Safe integers. */
export function bigintArray(values: readonly (number | null)[]): Buffer {
  return fixed(OID.int8, 8, values, writeInt64);
}

export function smallintArray(values: readonly (number | null)[]): Buffer {
  return fixed(OID.int2, 2, values, (buffer, value, at) => buffer.writeInt16BE(value, at));
}

export function doubleArray(values: readonly (number | null)[]): Buffer {
  return fixed(OID.float8, 8, values, (buffer, value, at) => buffer.writeDoubleBE(value, at));
}

export function booleanArray(values: readonly (boolean | null)[]): Buffer {
  return fixed(OID.bool, 1, values, (buffer, value, at) => {
    buffer[at] = value ? 1 : 0;
  });
}

function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * TWO_32, at + 4);
}
