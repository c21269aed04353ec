import { generateKeyPairSync, sign } from 'node:crypto';
import { signedText } from '../../../src/sources/apple/skadnetwork.ts';
import type { AppleKeys } from '../../../src/sources/apple/keys.ts';
import { emptyParams, readBody } from '../../../src/sources/params.ts';

/** Key pairs of our own in Apple's place: the tables of keys are a parameter of every check. */
const p192 = generateKeyPairSync('ec', { namedCurve: 'prime192v1' });
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const spki = (pair: typeof p192): string =>
  pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

export const OWN_KEYS: AppleKeys = {
  skadnetwork: {
    '1.0': spki(p192),
    '2.0': spki(p192),
    '2.1': spki(p256),
    '2.2': spki(p256),
    '3.0': spki(p256),
    '4.0': spki(p256),
  },
  adAttributionKit: {
    production: { spki: spki(p256), counts: true },
    development: { spki: spki(p256), counts: false },
  },
};

/** As the endpoint reads a body: lower-case names, numbers and booleans as text. */
export function values(json: string): Map<string, string> {
  const params = emptyParams();
  readBody(Buffer.from(json), 'application/json', params);
  return params.values;
}

/** Signs a SKAdNetwork postback's fields with our key for its version. */
export function signPostback(fields: Readonly<Record<string, string>>): Map<string, string> {
  const map = new Map(Object.entries(fields));
  const text = signedText(map);
  if (!text.ok) throw new Error(`not signable: ${JSON.stringify(text.check)}`);
  const pair = text.version === '1.0' || text.version === '2.0' ? p192 : p256;
  map.set(
    'attribution-signature',
    sign('sha256', Buffer.from(text.text), pair.privateKey).toString('base64'),
  );
  return map;
}

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signJws(payload: unknown, header: unknown = { kid: 'production', alg: 'ES256' }): string {
  const input = `${segment(header)}.${segment(payload)}`;
  const bytes = sign('sha256', Buffer.from(input), { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${bytes.toString('base64url')}`;
}
