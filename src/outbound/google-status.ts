import { array, members, object, shown, text } from './answer-json.ts';
import type { GoogleDestination } from './destination.ts';
import { type HttpParts, headerText, urlText } from './http-parts.ts';

/** What Google made of an accepted request. */
export type GoogleStatus =
  | { readonly kind: 'processing' }
  /** `repeat`: it had this conversion already. */
  | { readonly kind: 'confirmed'; readonly repeat: boolean }
  | { readonly kind: 'refused'; readonly why: string; readonly next: string }
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

/** Its reference says FAILED, its guide FAILURE; of one event in a request, a part that failed is all of it. */
const REFUSED = new Set(['FAILED', 'FAILURE', 'PARTIAL_SUCCESS']);
/** The conversion is there: by the same transaction id, or by the same click and time. */
const REPEATS = new Set(['DUPLICATE_TRANSACTION_ID', 'DUPLICATE_GCLID']);

/**
 * Reads the answer to that question (Data Manager API, "RequestStatusPerDestination", "ProcessingErrorReason"). Requests
 * here have one destination and one event.
 */
export function readGoogleStatus(status: number, body: string): GoogleStatus {
  const json = members(body);
  if (status < 200 || status >= 300)
    return { kind: 'unknown', why: `status ${status} ${shown(body)}`.trim() };
  const states = array(json['requestStatusPerDestination']).map(object);
  const words = states.map((one) => text(one['requestStatus']));
  const bad = states.find((one) => REFUSED.has(text(one['requestStatus'])));
  if (bad !== undefined) return refused(bad);
  if (words.length > 0 && words.every((word) => word === 'SUCCESS'))
    return { kind: 'confirmed', repeat: false };
  if (words.includes('PROCESSING')) return { kind: 'processing' };
  return { kind: 'unknown', why: `not understood: ${shown(body)}` };
}

function refused(state: Readonly<Record<string, unknown>>): GoogleStatus {
  const reasons = array(object(state['errorInfo'])['errorCounts']).map((one) =>
    text(object(one)['reason']).replace(/^PROCESSING_ERROR_(?:REASON_)?/, ''),
  );
  if (reasons.length > 0 && reasons.every((reason) => REPEATS.has(reason)))
    return { kind: 'confirmed', repeat: true };
  const why = reasons.join(', ') || shown(JSON.stringify(state));
  const next = reasons.includes('INTERNAL_ERROR')
    ? 'The fault was on its side: replay it.'
    : 'Correct what it names, then replay it.';
  return { kind: 'refused', why: `Google refused it later: ${why}`, next };
}
