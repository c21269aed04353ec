import { type Members, array, members, number, object, shown, text } from './answer-json.ts';
import type { TemplateDestination } from './destination.ts';

/** What a body says beyond its status, in the receiver's own way. */
export type Said =
  | { readonly kind: 'taken'; readonly repeat: boolean; readonly receipt: string | null }
  | { readonly kind: 'passing'; readonly why: string; readonly waitMs: number | null }
  | { readonly kind: 'refused'; readonly why: string; readonly next?: string }
  /** The access token is no longer valid: where it can be renewed, a fresh one may do. */
  | { readonly kind: 'old_token'; readonly why: string }
  /** Nothing: the status decides. */
  | { readonly kind: 'by_status' };

export const TOKEN = 'Renew the access token of the destination, then replay it.';
const BY_STATUS: Said = { kind: 'by_status' };

/** The configured status and body rule: TUNE and ExoClick say failures with status 200. */
export function templateSays(destination: TemplateDestination, status: number, body: string): Said {
  const { statuses, body: rule } = destination.success;
  const good = statuses === null ? status >= 200 && status < 300 : statuses.includes(status);
  if (rule !== null) {
    const text = body.trim().toLowerCase();
    if (good && rule.repeats.some((words) => text.includes(words.toLowerCase())))
      return { kind: 'taken', repeat: true, receipt: null };
    if (good && !text.startsWith(rule.begins.toLowerCase()))
      return { kind: 'refused', why: `status ${status}, but the body says: ${shown(body)}` };
  }
  if (good) return { kind: 'taken', repeat: false, receipt: null };
  // A success that the operator did not list is not a failure of the network that time heals.
  if (status >= 200 && status < 300)
    return { kind: 'refused', why: `status ${status} is not one that counts as success here` };
  return BY_STATUS;
}

/** Graph API: `events_received`, or an error whose code matters more than the status. */
export function metaSays(status: number, body: string): Said {
  const json = members(body);
  const error = object(json['error']);
  const code = number(error['code']);
  if (code !== null) {
    const why = `Meta: ${code}${subcode(error)} ${shown(text(error['message']))}`;
    const passing = [1, 2, 4, 17, 32, 341, 613].includes(code) || (code >= 80_000 && code <= 80_014);
    if (passing || error['is_transient'] === true) return { kind: 'passing', why, waitMs: null };
    return code === 190 || code === 102 ? { kind: 'refused', why, next: TOKEN } : { kind: 'refused', why };
  }
  if (status < 200 || status >= 300) return BY_STATUS;
  const received = number(json['events_received']);
  if (received === null || received < 1)
    return { kind: 'refused', why: `Meta took no event: ${shown(body)}` };
  return { kind: 'taken', repeat: false, receipt: text(json['fbtrace_id']) || null };
}

function subcode(error: Members): string {
  const code = number(error['error_subcode']);
  return code === null ? '' : `/${code}`;
}

/** TikTok answers 200 to nearly everything; `code` 0 is success. */
export function tiktokSays(status: number, body: string): Said {
  const json = members(body);
  const code = number(json['code']);
  if (code === null) return status >= 200 && status < 300 ? unreadable('TikTok', body) : BY_STATUS;
  if (code === 0) return { kind: 'taken', repeat: false, receipt: text(json['request_id']) || null };
  const why = `TikTok: ${code} ${shown(text(json['message']))}`;
  const passing = [40_100, 40_132, 61_000, 60_001].includes(code) || (code >= 50_000 && code <= 52_999);
  if (passing) return { kind: 'passing', why, waitMs: null };
  return code >= 40_102 && code <= 40_107 ? { kind: 'refused', why, next: TOKEN } : { kind: 'refused', why };
}

/** Data Manager: a request id is a receipt, not yet an acceptance. Errors are google.rpc.Status. */
export function googleSays(status: number, body: string): Said {
  const json = members(body);
  if (status >= 200 && status < 300) {
    const receipt = text(json['requestId']);
    return receipt === '' ? unreadable('Google', body) : { kind: 'taken', repeat: false, receipt };
  }
  if (status === 401) return { kind: 'old_token', why: 'Google: the access token is no longer valid' };
  const error = object(json['error']);
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'passing', why: `status ${status}`, waitMs: retryDelay(error) };
  const message = text(error['message']);
  return message === ''
    ? BY_STATUS
    : { kind: 'refused', why: `Google: ${text(error['status'])} ${shown(message)}` };
}

/** google.rpc.RetryInfo among an error's details: `"retryDelay": "30s"`. */
function retryDelay(error: Members): number | null {
  for (const detail of array(error['details'])) {
    const seconds = /^(\d{1,6}(?:\.\d+)?)s$/.exec(text(object(detail)['retryDelay']))?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return null;
}

/** A conversion that was not applied stands among `PartialErrors`, with status 200. */
export function microsoftSays(status: number, body: string): Said {
  const json = members(body);
  if (status < 200 || status >= 300) return microsoftFault(status, json);
  if (!('PartialErrors' in json)) return unreadable('Microsoft', body);
  // One entry per conversion in some answers, null for those that were applied.
  const first = array(json['PartialErrors'])
    .filter((one) => one !== null)
    .map(object)[0];
  if (first === undefined) return { kind: 'taken', repeat: false, receipt: null };
  return { kind: 'refused', why: microsoftWords(first) };
}

/** Of "Operation Error Codes": the token's time is over; too many calls in a minute, or at once. */
const TOKEN_EXPIRED = 109;
const BUSY = new Set([117, 207]);
const MICROSOFT_WAIT_MS = 60_000;

/** AdApiFaultDetail has `Errors`, ApiFaultDetail `OperationErrors` and `BatchErrors`; what is not said so goes by status. */
function microsoftFault(status: number, json: Members): Said {
  const [first] = ['Errors', 'OperationErrors', 'BatchErrors']
    .flatMap((name) => array(json[name]))
    .map(object);
  const code = first === undefined ? null : number(first['Code']);
  if (status === 401 || code === TOKEN_EXPIRED)
    return { kind: 'old_token', why: 'Microsoft: the access token is no longer valid' };
  if (first === undefined || status >= 500) return BY_STATUS;
  const why = microsoftWords(first);
  return code !== null && BUSY.has(code)
    ? { kind: 'passing', why, waitMs: MICROSOFT_WAIT_MS }
    : { kind: 'refused', why };
}

function microsoftWords(error: Members): string {
  const code = text(error['ErrorCode']) || String(number(error['Code']) ?? '');
  return `Microsoft: ${code} ${shown(text(error['Message']))}`.trim();
}

function unreadable(who: string, body: string): Said {
  return { kind: 'refused', why: `${who} answered something that is not understood: ${shown(body)}` };
}
