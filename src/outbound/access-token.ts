import { members, number, shown, text } from './answer-json.ts';
import type { Destination } from './destination.ts';
import { type HttpParts, urlText } from './http-parts.ts';

/** What a refresh token is exchanged for (Google, "Using OAuth 2.0 for web server applications", names nothing; Microsoft
 * Advertising, "Get an access token"). */
const SCOPES = {
  google: '',
  microsoft: 'https://ads.microsoft.com/msads.manage offline_access',
} as const;

/**
 * The request that gets an access token for the next hour, where a destination's kind needs one and its secrets hold a
 * `refresh_token` with `client_id` (and `client_secret`, where the client has one).
 *
 * @returns null where the stored access token is all there is.
 */
export function tokenRequest(destination: Destination): HttpParts | null {
  if (destination.kind !== 'google' && destination.kind !== 'microsoft') return null;
  const {
    refresh_token: refresh = '',
    client_id: client = '',
    client_secret: secret = '',
  } = destination.secrets;
  if (refresh === '' || client === '') return null;
  const fields = [
    ['grant_type', 'refresh_token'],
    ['client_id', client],
    ['client_secret', secret],
    ['refresh_token', refresh],
    ['scope', SCOPES[destination.kind]],
  ] as const;
  return {
    method: 'POST',
    url: destination.tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: fields
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${urlText(value)}`)
      .join('&'),
  };
}

export type TokenAnswer =
  | { readonly kind: 'token'; readonly token: string; readonly forMs: number }
  /** The agreement behind the refresh token is gone: somebody must sign in anew. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'passing'; readonly why: string };

/** Reads the answer to {@link tokenRequest}; a token counts as old a minute before it is. */
export function readToken(status: number, body: string): TokenAnswer {
  const json = members(body);
  const token = text(json['access_token']);
  if (status === 200 && token !== '') {
    const seconds = number(json['expires_in']) ?? 3_600;
    return { kind: 'token', token, forMs: Math.max(0, seconds - 60) * 1_000 };
  }
  const why = `no access token: status ${status} ${text(json['error']) || shown(body)}`;
  // RFC 6749, 5.2: what is wrong with the grant or the client stays wrong.
  return status === 400 || status === 401 ? { kind: 'refused', why } : { kind: 'passing', why };
}
