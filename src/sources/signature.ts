import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CallerHeaders } from './client-side-call.ts';
import { lookUp } from './look-up.ts';
import type { Params } from './params.ts';
import type { SignatureRule } from './profile.ts';

/** A request as it stood on the wire: what is signed may be its bytes, not what they mean. */
export interface Wire {
  /** Path and query, as called. */
  readonly url: string;
  /** Null where there was none. */
  readonly body: Uint8Array | null;
  /** Names in lower case. */
  readonly headers: CallerHeaders;
}

const NO_WIRE: Wire = { url: '', body: null, headers: {} };
const MACRO = /\{([^{}]{1,100})\}/g;
const HASHES: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  'hmac-md5': 'md5',
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
};

/**
 * What the signature of a request must be: over its parameters in the rule's formula (vendors of offerwalls each have
 * one; a parameter that was not sent is empty in it), over its raw body, or over its address without the signature.
 *
 * @returns lower-case hex; of an address one for each way in which the sender may have written it, https first.
 */
export function signaturesOf(
  params: Params,
  rule: SignatureRule,
  secret: string,
  wire: Wire = NO_WIRE,
): readonly [string, ...string[]] {
  const sign = (text: string | Uint8Array): string => hashed(rule, text, secret);
  switch (rule.over ?? 'parameters') {
    case 'body':
      return [sign(wire.body ?? '')];
    case 'url': {
      const [first, ...others] = addressesOf(rule, wire);
      return [sign(first), ...others.map(sign)];
    }
    case 'parameters':
      return [
        sign(
          (rule.formula ?? '').replaceAll(MACRO, (_, name: string) =>
            name.toLowerCase() === 'secret' ? secret : (params.values.get(name.toLowerCase()) ?? ''),
          ),
        ),
      ];
  }
}

function hashed(rule: SignatureRule, text: string | Uint8Array, secret: string): string {
  const algorithm = lookUp(HASHES, rule.algorithm) ?? 'sha256';
  const digest = rule.algorithm.startsWith('hmac-') ? createHmac(algorithm, secret) : createHash(algorithm);
  return digest.update(text).digest('hex');
}

/** A proxy ends TLS and may set a host of its own, so the scheme and host that the sender wrote are not known for sure. */
function addressesOf(rule: SignatureRule, { url, headers }: Wire): readonly [string, ...string[]] {
  const unsigned = rule.in === 'header' ? url : withoutParameter(url, rule.param);
  const hosts = [headers['x-forwarded-host'], headers['host']].filter((host) => typeof host === 'string');
  const [first, ...others] = hosts.flatMap((host) => [
    `https://${host}${unsigned}`,
    `http://${host}${unsigned}`,
  ]);
  return first === undefined ? [unsigned] : [first, ...others, unsigned];
}

/** Every other byte stays as it was. */
function withoutParameter(url: string, name: string): string {
  const mark = url.indexOf('?');
  if (mark === -1) return url;
  const kept = url
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair.split('=', 1)[0]?.toLowerCase() !== name);
  return kept.length === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${kept.join('&')}`;
}

/**
 * Whether a request is signed by its sender. Compared in constant time; hex in any case, or base64; what names its
 * algorithm (`sha256=…`) may.
 *
 * @param wire needed for rules over the body or the address, and for signatures in a header.
 * @returns `unsigned` when the parameter or header is missing or empty.
 */
export function checkSignature(
  params: Params,
  rule: SignatureRule,
  secret: string,
  wire: Wire = NO_WIRE,
): 'right' | 'wrong' | 'unsigned' {
  const header = rule.in === 'header' ? wire.headers[rule.param] : undefined;
  const sent =
    rule.in === 'header' ? (typeof header === 'string' ? header : '') : params.values.get(rule.param);
  const shown = (sent ?? '').trim().replace(/^(?:md5|sha-?1|sha-?256|hmac-sha256)=/i, '');
  if (shown === '') return 'unsigned';
  for (const hex of signaturesOf(params, rule, secret, wire)) {
    const wanted = Buffer.from(hex, 'hex');
    const isHex = shown.length === hex.length && /^[0-9a-f]+$/i.test(shown);
    const given = Buffer.from(shown, isHex ? 'hex' : 'base64');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return 'right';
  }
  return 'wrong';
}

/** Where a rule's signature stands, for a sentence. */
export function placeOfSignature(rule: SignatureRule): string {
  return rule.in === 'header' ? `the header ${rule.param}` : `"${rule.param}"`;
}
