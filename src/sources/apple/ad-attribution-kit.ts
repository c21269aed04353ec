import { hash, verify } from 'node:crypto';
import { emptyParams, readBody } from '../params.ts';
import { lookUp } from '../look-up.ts';
import { type AppleKeys, publicKey } from './keys.ts';
import { type SignatureCheck, type SignedFields, badSignature, unverifiable } from './outcome.ts';

const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;
/** ES256 in a JWS is r and s behind one another, 32 bytes each (RFC 7518, 3.4); not DER as in SKAdNetwork. */
const SIGNATURE_BYTES = 64;
const MAX_JWS = 10_000;

/**
 * Checks the signed half of an AdAttributionKit postback, a JWS in compact form (RFC 7515), by Apple's "Verifying a
 * postback". The key is chosen by `kid` alone; the algorithm is ES256 whatever the header says, and a header that says
 * otherwise is a forgery. Never throws.
 *
 * @param jws the postback's `jws-string`.
 * @returns valid with `keyCounts` false for a development key: such a signature is real and worth nothing.
 */
export function checkAdAttributionKit(jws: string, keys: AppleKeys): SignatureCheck {
  const match = jws.length <= MAX_JWS ? COMPACT.exec(jws) : null;
  const [, head = '', body = '', sign = ''] = match ?? [];
  const header = match === null ? null : jsonValues(head);
  if (header === null) return badSignature('"jws-string" is not a JSON Web Signature in compact form.');
  const alg = header.get('alg') ?? '';
  if (alg !== 'ES256')
    return badSignature(`The header asks for the algorithm "${alg.slice(0, 20)}"; Apple signs with ES256.`);
  const keyId = header.get('kid') ?? '';
  const key = lookUp(keys.adAttributionKit, keyId);
  if (key === undefined)
    return unverifiable(
      'unknown_key',
      `The key "${keyId.slice(0, 60)}" is not one of Apple's that are known here.`,
    );
  const signature = Buffer.from(sign, 'base64url');
  if (
    signature.length !== SIGNATURE_BYTES ||
    !verify(
      'sha256',
      Buffer.from(`${head}.${body}`, 'latin1'),
      { key: publicKey(key.spki), dsaEncoding: 'ieee-p1363' },
      signature,
    )
  ) {
    return badSignature(`The signature does not fit its content under the key "${keyId}".`);
  }
  const payload = jsonValues(body);
  if (payload === null) return unverifiable('malformed_field', 'The signed content is not a JSON object.');
  return readPayload(payload, hash('sha256', `${head}.${body}`), keyId, key.counts);
}

/** A base64url segment's JSON object, numbers as text; null for anything else. */
function jsonValues(segment: string): ReadonlyMap<string, string> | null {
  const bytes = Buffer.from(segment, 'base64url');
  // readBody takes forms too; a segment is JSON or nothing.
  if (bytes[0] !== 0x7b) return null;
  const params = emptyParams();
  return readBody(bytes, 'application/json', params) === null ? params.values : null;
}

const PUBLISHER = 'publisher-item-identifier';
const SHAPES: Readonly<Record<string, RegExp>> = {
  'postback-identifier': /^.{1,100}$/,
  'ad-network-identifier': /^.{1,200}$/,
  'advertised-item-identifier': /^\d{1,20}$/,
  'source-identifier': /^\d{1,4}$/,
  'conversion-type': /^(?:download|redownload|re-engagement)$/,
  'did-win': /^(?:true|false)$/,
  'postback-sequence-index': /^[012]$/,
};

function readPayload(
  payload: ReadonlyMap<string, string>,
  digest: string,
  keyId: string,
  keyCounts: boolean,
): SignatureCheck {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const value = payload.get(name) ?? '';
    if (value === '') return unverifiable('missing_field', `The signed content has no "${name}".`);
    if (!shape.test(value))
      return unverifiable('malformed_field', `"${value.slice(0, 40)}" is no value of "${name}" known here.`);
  }
  const type = payload.get('conversion-type');
  const index = payload.get('postback-sequence-index');
  const signed: SignedFields = {
    framework: 'adattributionkit',
    version: null,
    postbackId: payload.get('postback-identifier') ?? '',
    adNetworkId: payload.get('ad-network-identifier') ?? '',
    appId: payload.get('advertised-item-identifier') ?? '',
    campaignId: null,
    sourceIdentifier: payload.get('source-identifier') ?? null,
    conversionType: type === 'redownload' || type === 're-engagement' ? type : 'download',
    sourceAppId: payload.get(PUBLISHER) || null,
    sourceDomain: null,
    fidelityType: null,
    didWin: payload.get('did-win') === 'true',
    sequenceIndex: index === '1' ? 1 : index === '2' ? 2 : 0,
    others: Object.fromEntries(
      [...payload].filter(([name]) => !Object.hasOwn(SHAPES, name) && name !== PUBLISHER),
    ),
    digest,
  };
  return { kind: 'valid', signed, keyId, keyCounts };
}
