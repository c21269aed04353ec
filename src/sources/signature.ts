import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { lookUp } from './look-up.ts';
import type { Params } from './params.ts';
import type { SignatureRule } from './profile.ts';

const MACRO = /\{([^{}]{1,100})\}/g;

/**
 * What the signature of a request must be: a hash over the rule's formula with the parameters in it. Vendors of
 * offerwalls each have a formula; a parameter that was not sent is empty in it.
 *
 * @returns lower-case hex.
 */
export function signatureOf(params: Params, rule: SignatureRule, secret: string): string {
  const text = rule.formula.replaceAll(MACRO, (_, name: string) =>
    name.toLowerCase() === 'secret' ? secret : (params.values.get(name.toLowerCase()) ?? ''),
  );
  const algorithm = lookUp(HASHES, rule.algorithm) ?? 'sha256';
  return rule.algorithm.startsWith('hmac-')
    ? createHmac(algorithm, secret).update(text).digest('hex')
    : hash(algorithm, text, 'hex');
}

const HASHES: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  'hmac-md5': 'md5',
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
};

/**
 * Whether a request is signed by its sender. Compared in constant time; hex in any case, or base64.
 *
 * @returns `unsigned` when the parameter is missing or empty.
 */
export function checkSignature(
  params: Params,
  rule: SignatureRule,
  secret: string,
): 'right' | 'wrong' | 'unsigned' {
  const shown = params.values.get(rule.param)?.trim() ?? '';
  if (shown === '') return 'unsigned';
  const wanted = Buffer.from(signatureOf(params, rule, secret), 'hex');
  const isHex = shown.length === wanted.length * 2 && /^[0-9a-f]+$/i.test(shown);
  const given = Buffer.from(shown, isHex ? 'hex' : 'base64');
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? 'right' : 'wrong';
}
