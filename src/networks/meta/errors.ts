import { NetworkError, type NetworkErrorClass } from '../ad-network.ts';
import type { NetworkAnswer } from '../request.ts';
import { errorSchema, type MetaErrorBody } from './schema.ts';

const MINUTE_MS = 60_000;

/** The class of a Graph API error, from code, subcode and is_transient; the HTTP status says too little. */
export function classOf(
  error: Pick<MetaErrorBody, 'code' | 'error_subcode' | 'is_transient'>,
): NetworkErrorClass {
  const { code, error_subcode: subcode } = error;
  if (code === 190 || code === 102 || code === 104) return 'AUTH_DEAD';
  if ((code === 613 && subcode === 1_487_632) || (code === 17 && subcode === 1_885_172)) return 'EDIT_QUOTA';
  if (code === 100 && subcode === 33) return 'GONE';
  if (code === 10 || code === 294 || (code >= 200 && code <= 299) || subcode === 1_885_183)
    return 'PERMISSION';
  if (code === 4 || code === 17 || code === 32 || code === 613 || (code >= 80_000 && code <= 80_014))
    return 'RATE';
  if (code === 1 || code === 2 || error.is_transient === true) return 'TRANSIENT';
  if (code === 100 && subcode === 1_504_018) return 'TRANSIENT';
  return 'INVALID';
}

/** Code and subcode as people look them up: "613/1487632". */
function codeText(error: MetaErrorBody): string {
  return error.error_subcode === undefined ? String(error.code) : `${error.code}/${error.error_subcode}`;
}

const NEXT: Readonly<Record<NetworkErrorClass, string>> = {
  AUTH_DEAD: 'the token is no longer valid; make a new one and store it with `bidloop account add`',
  PERMISSION: 'the token lacks a permission for this; it needs ads_read, and ads_management to write',
  RATE: 'the account has used up its calls for now; the next try waits',
  EDIT_QUOTA: 'this field was changed too often; Meta blocks further changes for an hour',
  INVALID: 'Meta refuses the request as it is; trying again would not help',
  CONFLICT: 'the object was changed meanwhile; it is read again',
  TRANSIENT: "a fault on Meta's side; it will be tried again",
  UNKNOWN_RESULT: 'read the live value before trying again',
  GONE: 'the object does not exist or is not visible to this token',
};

/**
 * Makes the error of an answer that is not a success.
 *
 * @param what the call in words, for the message.
 */
export function errorOf(
  answer: NetworkAnswer,
  call: { readonly what: string; readonly write: boolean },
): NetworkError {
  const read = errorSchema.safeParse(answer.body);
  if (!read.success) {
    // A proxy's page: whether the write behind it went through, nobody knows.
    const errorClass = call.write ? 'UNKNOWN_RESULT' : 'TRANSIENT';
    return new NetworkError(
      errorClass,
      `${call.what}: HTTP ${answer.status} with a body that is not Meta's; ${NEXT[errorClass]}`,
      {
        networkCode: `HTTP ${answer.status}`,
      },
    );
  }
  const { error } = read.data;
  const errorClass = inTheirAnswer(classOf(error), answer.status, call.write);
  const said = error.error_user_msg ?? error.message;
  return new NetworkError(errorClass, `${call.what}: ${said} (${codeText(error)}); ${NEXT[errorClass]}`, {
    networkCode: codeText(error),
    requestId: error.fbtrace_id ?? null,
    retryAfterMs: waitMs(errorClass, answer.headers),
  });
}

/** A fault on Meta's side: a read is repeated; whether a write went through before it, the answer does not say. */
function inTheirAnswer(told: NetworkErrorClass, status: number, write: boolean): NetworkErrorClass {
  const theirs = told === 'TRANSIENT' || (told === 'INVALID' && status >= 500);
  if (!theirs) return told;
  return write ? 'UNKNOWN_RESULT' : 'TRANSIENT';
}

function waitMs(errorClass: NetworkErrorClass, headers: Readonly<Record<string, string>>): number | null {
  if (errorClass === 'EDIT_QUOTA') return 60 * MINUTE_MS;
  if (errorClass !== 'RATE') return null;
  return usageOf(headers).regainMs ?? 5 * MINUTE_MS;
}

/**
 * Share of the account's quota that is used, 0 to 100 and more, how long it is closed, and the access tier of the
 * token's app, from the usage headers.
 */
export function usageOf(headers: Readonly<Record<string, string>>): {
  readonly percent: number;
  readonly regainMs: number | null;
  readonly tier: string | null;
} {
  let percent = 0;
  let tier: string | null = null;
  let regainMinutes = 0;
  const see = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'number') {
        if (key === 'call_count' || key === 'acc_id_util_pct' || key === 'app_id_util_pct')
          percent = Math.max(percent, inner);
        if (key === 'estimated_time_to_regain_access') regainMinutes = Math.max(regainMinutes, inner);
      } else if (key === 'ads_api_access_tier' && typeof inner === 'string') tier = inner;
      else see(inner);
    }
  };
  for (const name of [
    'x-app-usage',
    'x-ad-account-usage',
    'x-business-use-case-usage',
    'x-fb-ads-insights-throttle',
  ]) {
    try {
      see(JSON.parse(headers[name] ?? 'null'));
    } catch {
      // A header we cannot read says nothing; the error codes still do.
    }
  }
  return { percent, regainMs: regainMinutes > 0 ? regainMinutes * MINUTE_MS : null, tier };
}
