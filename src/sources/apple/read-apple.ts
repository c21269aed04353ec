import { lookUp } from '../look-up.ts';
import { checkAdAttributionKit } from './ad-attribution-kit.ts';
import { APPLE_KEYS, type AppleKeys } from './keys.ts';
import type { AppleOutcome, AppleWarning, SignatureCheck, UnsignedFields } from './outcome.ts';
import { SIGNED_ORDER, checkSkadnetwork } from './skadnetwork.ts';

export interface AppleSettings {
  /** App Store ids whose postbacks are expected; left out, any. A real postback of somebody else's app verifies too. */
  readonly appIds?: readonly string[];
  /** Signers that are believed; Apple's own by default. */
  readonly keys?: AppleKeys;
}

const UNSIGNED_NAMES: readonly string[] = [
  'conversion-value',
  'coarse-conversion-value',
  'ad-interaction-type',
  'country-code',
];

/**
 * Judges one postback of Apple's: SKAdNetwork 1.0–4.0 (`attribution-signature`) or AdAttributionKit (`jws-string`).
 * Never throws; what cannot be counted says why and what to do.
 *
 * SKAdNetwork devices repeat whatever is not answered with 200, so the answer is 200 for every outcome.
 *
 * @param values by lower-case name, from `readBody` or a query: numbers and booleans as text, null left out.
 */
export function readApple(values: ReadonlyMap<string, string>, settings: AppleSettings = {}): AppleOutcome {
  const keys = settings.keys ?? APPLE_KEYS;
  const jws = values.get('jws-string') ?? '';
  const check = jws === '' ? skadnetwork(values, keys) : checkAdAttributionKit(jws, keys);
  if (check.kind !== 'valid') return check;
  const { signed } = check;
  const warnings: AppleWarning[] = [];
  if (signed.sourceAppId === '0') warnings.push('source_app_zero');
  const facts = { signed, unsigned: readUnsigned(values, signed.version, warnings), warnings };
  // The key first: whatever a development postback says, it is about nothing.
  if (!check.keyCounts) return { kind: 'dev_signature', ...facts, keyId: check.keyId };
  if (settings.appIds !== undefined && !settings.appIds.includes(signed.appId))
    return { kind: 'other_app', ...facts };
  if (signed.didWin === false) return { kind: 'not_winning', ...facts };
  const again = signed.conversionType === 're-engagement';
  const eventType = again
    ? 're-engagement'
    : signed.conversionType === 'redownload'
      ? 'reinstall'
      : 'install';
  return {
    kind: 'counts',
    ...facts,
    eventType,
    event: again ? 're-engagement' : 'install',
    firstReport: signed.sequenceIndex === 0,
  };
}

function skadnetwork(
  values: ReadonlyMap<string, string>,
  keys: AppleKeys,
): SignatureCheck | Extract<AppleOutcome, { readonly kind: 'not_apple' }> {
  if (!values.has('attribution-signature') && !values.has('ad-network-id')) {
    return {
      kind: 'not_apple',
      message: 'The request has neither "attribution-signature" nor "jws-string".',
      next: 'Point only Apple postbacks at this address: SKAdNetwork or AdAttributionKit JSON, as the device sends it.',
    };
  }
  return checkSkadnetwork(values, keys);
}

/**
 * The fields beside the signature. A value outside 0–63 or an unknown coarse word is left out with a warning; Apple
 * never sends a fine and a coarse value together, so two of them are noted.
 *
 * @param version SKAdNetwork's; null for AdAttributionKit, whose signed fields are inside the JWS.
 */
function readUnsigned(
  values: ReadonlyMap<string, string>,
  version: string | null,
  warnings: AppleWarning[],
): UnsignedFields {
  // What this version signs is reported as signed; the rest was added on the way, whatever its name.
  const read = new Set(
    version === null
      ? ['jws-string', ...UNSIGNED_NAMES]
      : ['version', 'attribution-signature', ...UNSIGNED_NAMES, ...(lookUp(SIGNED_ORDER, version) ?? [])],
  );
  const fine = values.get('conversion-value') ?? '';
  const coarse = values.get('coarse-conversion-value') ?? '';
  const fineValue = /^\d{1,2}$/.test(fine) && Number(fine) <= 63 ? Number(fine) : null;
  const coarseValue = coarse === 'low' || coarse === 'medium' || coarse === 'high' ? coarse : null;
  if ((fine !== '' && fineValue === null) || (coarse !== '' && coarseValue === null))
    warnings.push('value_out_of_range');
  if (fineValue !== null && coarseValue !== null) warnings.push('two_values');
  const interaction = values.get('ad-interaction-type');
  return {
    fineValue,
    coarseValue,
    interaction: interaction === 'click' || interaction === 'view' ? interaction : null,
    countryCode: values.get('country-code') || null,
    others: Object.fromEntries([...values].filter(([name]) => !read.has(name))),
  };
}
