import { type KeyObject, createPublicKey } from 'node:crypto';

/** A key of AdAttributionKit. `counts` is false for keys that sign on phones in developer mode: anybody has one. */
export interface JwsKey {
  readonly spki: string;
  readonly counts: boolean;
}

/** Public keys as SubjectPublicKeyInfo, DER in base64. A parameter of every check, so that tests can sign themselves. */
export interface AppleKeys {
  /** SKAdNetwork version → key. A version that is not here cannot be checked. */
  readonly skadnetwork: Readonly<Record<string, string>>;
  /** AdAttributionKit `kid` → key. */
  readonly adAttributionKit: Readonly<Record<string, JwsKey>>;
}

/** Apple, "SKAdNetwork 1 release notes" and "SKAdNetwork 2 release notes". */
const P192 =
  'MEkwEwYHKoZIzj0CAQYIKoZIzj0DAQEDMgAEMyHD625uvsmGq4C43cQ9BnfN2xslVT5V1nOmAMP6qaRRUll3PB1JYmgSm+62sosG';
/** Apple, "Verifying an install-validation postback" and "Verifying a postback" (AdAttributionKit). */
const P256 =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWdp8GPcGqmhgzEFj9Z2nSpQVddayaPe4FMzqM9wib1+aHaaIzoHoLN9zW4K8y4SPykE3YVK3sVqW6Af0lfx3gg==';

/** Apple's published keys. No sample signed under `cas/0` or `development/0` was found, so those two rest on its text. */
export const APPLE_KEYS: AppleKeys = {
  skadnetwork: { '1.0': P192, '2.0': P192, '2.1': P256, '2.2': P256, '3.0': P256, '4.0': P256 },
  adAttributionKit: {
    'apple-cas-identifier/0': { spki: P256, counts: true },
    'apple-development-identifier/0': {
      spki: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELeEDzpJEP+/qRSE5hJVC1p1J0ssUnQGMzBBbvnACBok8OVGGLgxL0myrKiy6lvRtSlLRsWit87i+vftD8AEqeQ==',
      counts: false,
    },
    'apple-development-identifier/1': {
      spki: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YzdO7eM97s/IJ25kdW5CZ3A14USE5IJ5Ha/vhWaxI6UBI1ZxCEvjrKxVluVGe6qWwF1BDFq+QHqKfH5u+wxHQ==',
      counts: false,
    },
  },
};

const parsed = new Map<string, KeyObject>();

/** The key object of a table's entry; parsed once. @throws when the entry is no public key, which is a fault of ours. */
export function publicKey(spki: string): KeyObject {
  let key = parsed.get(spki);
  if (key === undefined) {
    key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    parsed.set(spki, key);
  }
  return key;
}
