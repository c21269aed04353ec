import type { Params } from '../params.ts';
import type { SaidFields } from './said.ts';

/**
 * What an Apple install postback says: SKAdNetwork by its own keys (an install, told apart by transaction-id),
 * AdAttributionKit inside its signed message (conversion-type and postback-identifier). Signatures are checked
 * elsewhere: this only reads.
 *
 * @returns null for what is no Apple postback.
 */
export function appleFields(params: Params): SaidFields | null {
  const jws = params.values.get('jws-string');
  if (jws !== undefined) return signedFields(jws);
  if (!params.values.has('ad-network-id')) return null;
  const txid = params.values.get('transaction-id');
  return {
    event: { name: 'ad-network-id', value: 'install', place: 'signed' },
    ...(txid === undefined
      ? {}
      : { txid: { name: 'transaction-id', value: txid, place: 'parameter' as const } }),
  };
}

function signedFields(jws: string): SaidFields {
  const claims = claimsOf(jws);
  const said: SaidFields = {};
  const event = claims.get('conversion-type');
  if (typeof event === 'string') said.event = { name: 'conversion-type', value: event, place: 'signed' };
  const txid = claims.get('postback-identifier');
  if (typeof txid === 'string') said.txid = { name: 'postback-identifier', value: txid, place: 'signed' };
  return said;
}

function claimsOf(jws: string): ReadonlyMap<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return new Map(claims === null || typeof claims !== 'object' ? [] : Object.entries(claims));
  } catch {
    return new Map();
  }
}
