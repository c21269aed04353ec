import { array, members, object, shown, text } from './answer-json.ts';
import type { GoogleDestination } from './destination.ts';
import { type HttpParts, headerText, urlText } from './http-parts.ts';

/** What Google made of an accepted request. */
export type GoogleStatus =
  | { readonly kind: 'processing' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  /** The question itself was not answered; ask again later. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks what became of a request (`requestStatus:retrieve`), by the receipt that `judgeAnswer` gave. */
export function googleStatusRequest(destination: GoogleDestination, receipt: string): HttpParts {
  return {
    method: 'GET',
    url: `${destination.baseUrl}/v1/requestStatus:retrieve?requestId=${urlText(receipt)}`,
    headers: { authorization: headerText(`Bearer ${destination.secrets['access_token'] ?? ''}`) },
    body: null,
  };
}

/** Reads the answer to that question. Requests here have one destination and one event, so partial success is none. */
export function readGoogleStatus(status: number, body: string): GoogleStatus {
  const json = members(body);
  if (status < 200 || status >= 300) return { kind: 'unknown', why: `status ${status}` };
  const states = array(json['requestStatusPerDestination']).map(object);
  const words = states.map((one) => text(one['requestStatus']));
  const bad = states.find((one) => ['FAILED', 'PARTIAL_SUCCESS'].includes(text(one['requestStatus'])));
  if (bad !== undefined)
    return { kind: 'refused', why: `Google: ${shown(JSON.stringify(bad['errorInfo'] ?? bad))}` };
  if (words.length > 0 && words.every((word) => word === 'SUCCESS')) return { kind: 'taken' };
  if (words.includes('PROCESSING')) return { kind: 'processing' };
  return { kind: 'unknown', why: `not understood: ${shown(body)}` };
}
