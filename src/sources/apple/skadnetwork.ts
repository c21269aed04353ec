import { hash, verify } from 'node:crypto';
import { lookUp } from '../look-up.ts';
import { type AppleKeys, publicKey } from './keys.ts';
import { type SignatureCheck, type SignedFields, badSignature, unverifiable } from './outcome.ts';

/** Between the values of the signed text. */
const SEPARATOR = '\u2063';

const HEAD_2 = ['version', 'ad-network-id', 'campaign-id', 'app-id', 'transaction-id', 'redownload'] as const;

/**
 * What each version signs, in order. From Apple's articles "Combining parameters for previous SKAdNetwork postback
 * versions", "Combining parameters for SKAdNetwork 3 postbacks" and "Verifying an install-validation postback".
 * Conversion values are in none of them.
 */
export const SIGNED_ORDER: Readonly<Record<string, readonly string[]>> = {
  '1.0': ['ad-network-id', 'campaign-id', 'app-id', 'transaction-id'],
  '2.0': [...HEAD_2, 'source-app-id'],
  '2.1': [...HEAD_2, 'source-app-id'],
  '2.2': [...HEAD_2, 'source-app-id', 'fidelity-type'],
  '3.0': [...HEAD_2, 'source-app-id', 'fidelity-type', 'did-win'],
  '4.0': [
    'version',
    'ad-network-id',
    'source-identifier',
    'app-id',
    'transaction-id',
    'redownload',
    'source-app-id',
    'source-domain',
    'fidelity-type',
    'did-win',
    'postback-sequence-index',
  ],
};

const OPTIONAL: readonly string[] = ['source-app-id', 'source-domain'];

const DIGITS = /^\d{1,20}$/;
const BOOLEAN = /^(?:true|false)$/;
/**
 * The separator stands between values and is part of no escaping, so without these shapes one value could slide into
 * its neighbour's place under the same signature: a source app's id could be presented as a domain.
 */
const SHAPES: Readonly<Record<string, RegExp>> = {
  version: /^\d+\.\d+$/,
  'ad-network-id': /^[\w.-]{1,200}$/,
  'campaign-id': DIGITS,
  'source-identifier': /^\d{1,4}$/,
  'app-id': DIGITS,
  'transaction-id': /^[\w-]{1,100}$/,
  redownload: BOOLEAN,
  'source-app-id': DIGITS,
  'source-domain': /^(?!\d+$)[^\u2063\s]{1,255}$/,
  'fidelity-type': /^\d$/,
  'did-win': BOOLEAN,
  'postback-sequence-index': /^[012]$/,
};

type SignedText =
  | { readonly ok: true; readonly version: string; readonly text: string; readonly names: readonly string[] }
  | { readonly ok: false; readonly check: SignatureCheck };

/**
 * The text a version signs, from a postback's values; optional fields that are absent take their separator with them.
 * A value of "0" is present, an empty one is not. Numbers and booleans are taken as they were written, so a forwarder
 * may send them as strings.
 */
export function signedText(values: ReadonlyMap<string, string>): SignedText {
  // The first version had no such field.
  const version = values.get('version') || '1.0';
  const order = lookUp(SIGNED_ORDER, version);
  if (order === undefined) {
    const message = `SKAdNetwork version "${version.slice(0, 20)}" is not one that can be checked here.`;
    return { ok: false, check: unverifiable('unknown_version', message) };
  }
  const parts: string[] = [];
  const names: string[] = [];
  for (const name of order) {
    const value = values.get(name) ?? '';
    if (value === '') {
      if (OPTIONAL.includes(name)) continue;
      const message = `"${name}", which version ${version} signs, is missing.`;
      return { ok: false, check: unverifiable('missing_field', message) };
    }
    if (SHAPES[name]?.test(value) !== true) {
      const message = `"${value.slice(0, 40)}" is no value that "${name}" can have.`;
      return { ok: false, check: unverifiable('malformed_field', message) };
    }
    parts.push(value);
    names.push(name);
  }
  return { ok: true, version, text: parts.join(SEPARATOR), names };
}

/**
 * Checks an install-validation postback of SKAdNetwork 1.0 to 4.0: ECDSA with SHA-256, the signature DER in base64.
 * Never throws, whatever the values are.
 *
 * @param values by lower-case name, as `readBody` gives them.
 */
export function checkSkadnetwork(values: ReadonlyMap<string, string>, keys: AppleKeys): SignatureCheck {
  const signed = signedText(values);
  if (!signed.ok) return signed.check;
  const { version, text } = signed;
  const key = lookUp(keys.skadnetwork, version);
  if (key === undefined)
    return unverifiable('unknown_version', `No key for SKAdNetwork ${version} is known here.`);
  const signature = values.get('attribution-signature') ?? '';
  if (signature === '') return unverifiable('no_signature', 'The postback has no "attribution-signature".');
  // In a query a plus sign becomes a space.
  const bytes = Buffer.from(signature.replaceAll(' ', '+'), 'base64');
  if (!matches(text, publicKey(key), bytes)) {
    return badSignature(
      `The signature does not fit the ${signed.names.length} fields that version ${version} signs.`,
    );
  }
  return {
    kind: 'valid',
    keyId: `skadnetwork ${version}`,
    keyCounts: true,
    signed: signedFields(version, values, new Set(signed.names), hash('sha256', text)),
  };
}

function matches(text: string, key: Parameters<typeof verify>[2], signature: Buffer): boolean {
  try {
    return verify('sha256', Buffer.from(text, 'utf8'), key, signature);
  } catch {
    // Bytes that are no DER signature at all.
    return false;
  }
}

/** Only what this version signs: a `did-win` glued to a 2.0 postback is not Apple's word. */
function signedFields(
  version: string,
  values: ReadonlyMap<string, string>,
  names: ReadonlySet<string>,
  digest: string,
): SignedFields {
  const value = (name: string): string | null => (names.has(name) ? (values.get(name) ?? null) : null);
  const redownload = value('redownload');
  const didWin = value('did-win');
  const fidelity = value('fidelity-type');
  const index = value('postback-sequence-index');
  return {
    framework: 'skadnetwork',
    version,
    postbackId: value('transaction-id') ?? '',
    adNetworkId: value('ad-network-id') ?? '',
    appId: value('app-id') ?? '',
    campaignId: value('campaign-id'),
    sourceIdentifier: value('source-identifier'),
    conversionType: redownload === null ? null : redownload === 'true' ? 'redownload' : 'download',
    sourceAppId: value('source-app-id'),
    sourceDomain: value('source-domain'),
    fidelityType: fidelity === null ? null : Number(fidelity),
    didWin: didWin === null ? null : didWin === 'true',
    sequenceIndex: index === '1' ? 1 : index === '2' ? 2 : 0,
    others: {},
    digest,
  };
}
