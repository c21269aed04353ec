import type { Params } from '../sources/params.ts';
import { checkSignature, placeOfSignature } from '../sources/signature.ts';
import type { Inbound } from './postback-row.ts';
import type { Refusal } from './postback-answers.ts';
import type { SourceEntry } from './tracking-book.ts';

/** Why a request from this address is not taken for its source's sender; null where it is. */
export function addressRefusal(source: SourceEntry, inbound: Inbound): Refusal | null {
  if (source.allows === null) return null;
  if (inbound.address !== null && source.allows(inbound.address)) return null;
  return {
    httpStatus: 403,
    reason: 'address_not_allowed',
    message: `${inbound.address ?? 'An unknown address'} is not among the addresses this source may be sent from.`,
    next: `If it is the sender's, add it: bidloop source set ${source.id} --allow-address ${inbound.address ?? '<address>'}. Behind a proxy, let the proxy on this machine set X-Forwarded-For.`,
  };
}

/** Why a request's signature does not hold; null where it does, or where the sender signs nothing. */
export function signatureRefusal(source: SourceEntry, inbound: Inbound, params: Params): Refusal | null {
  if (source.signature === null) return null;
  const { rule, secret } = source.signature;
  if (secret === null)
    return {
      httpStatus: 503,
      reason: 'signature_unchecked',
      message:
        'The secret of this source\u2019s signatures cannot be opened here, so nothing it sends can be believed.',
      next: `Start this server with the BIDLOOP_SECRET_KEY it was sealed with, or set the secret again: bidloop source set ${source.id} --signature-secret-env NAME. The sender should repeat the request then.`,
    };
  const place = placeOfSignature(rule);
  switch (checkSignature(params, rule, secret, inbound)) {
    case 'right':
      return null;
    case 'unsigned':
      return {
        httpStatus: 401,
        reason: 'signature_missing',
        message: `This source signs its postbacks in ${place}, and this one has none.`,
        next: `Turn signing on at the sender and send its signature ${rule.in === 'header' ? `in ${place}` : `as ${rule.param}=…`}.`,
      };
    case 'wrong':
      return {
        httpStatus: 401,
        reason: 'bad_signature',
        message: `The signature in ${place} is not the ${rule.algorithm} of this request${{ parameters: '', body: '\u2019s body', url: '\u2019s address' }[rule.over ?? 'parameters']} under this source\u2019s secret.`,
        next: `Compare the signature that "bidloop source show ${source.id}" prints with the sender's own, and set both anew if in doubt: bidloop source set ${source.id} --signature-formula … --signature-secret-env NAME`,
      };
  }
}
