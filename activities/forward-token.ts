import { tokenRequest, readToken } from '../src/outbound/access-token.ts';
import type { Destination } from '../src/outbound/destination.ts';
import type { HttpParts } from '../src/outbound/http-parts.ts';
import { maskSecrets } from '../src/outbound/mask.ts';
import type { Sent } from '../src/outbound-send.ts';

export type WithToken =
  | { readonly kind: 'ready'; readonly destination: Destination }
  | { readonly kind: 'refused' | 'passing'; readonly why: string };

/** Gives destinations that sign in by a refresh token their access token, kept in memory for as long as it is valid. */
export function createTokens(deps: {
  readonly send: (request: HttpParts) => Promise<Sent>;
  readonly wallNowMs: () => number;
}): (destination: Destination) => Promise<WithToken> {
  /** By refresh token: a renewed one is a new entry. */
  const known = new Map<string, { readonly token: string; readonly untilWallMs: number }>();

  return async (destination) => {
    const request = tokenRequest(destination);
    if (request === null) return { kind: 'ready', destination };
    const key = `${destination.id} ${destination.secrets['refresh_token']}`;
    const kept = known.get(key);
    if (kept !== undefined && kept.untilWallMs > deps.wallNowMs())
      return { kind: 'ready', destination: withToken(destination, kept.token) };
    const sent = await deps.send(request);
    if (sent.kind === 'no_answer') return { kind: 'passing', why: `no access token: ${sent.why}` };
    if (sent.kind === 'refused_address') return { kind: 'refused', why: sent.why };
    const read = readToken(sent.status, sent.body);
    if (read.kind !== 'token') return { kind: read.kind, why: maskSecrets(read.why, destination.secrets) };
    known.set(key, { token: read.token, untilWallMs: deps.wallNowMs() + read.forMs });
    return { kind: 'ready', destination: withToken(destination, read.token) };
  };
}

function withToken(destination: Destination, token: string): Destination {
  return { ...destination, secrets: { ...destination.secrets, access_token: token } };
}
