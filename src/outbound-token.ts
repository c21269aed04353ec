import { readToken, type TokenAnswer, tokenRequest } from './outbound/access-token.ts';
import type { Destination } from './outbound/destination.ts';
import type { HttpParts } from './outbound/http-parts.ts';
import { maskSecrets } from './outbound/mask.ts';
import type { Sent } from './outbound-send.ts';

export type WithToken =
  | { readonly kind: 'ready'; readonly destination: Destination }
  | { readonly kind: 'refused' | 'passing'; readonly why: string };

/** Wall time until a refused sign-in is tried again with the same secrets. */
const REFUSED_FOR_MS = 60_000;

export interface Tokens {
  readonly tokenFor: (destination: Destination) => Promise<WithToken>;
  /** Drops what is kept for a destination: its receiver said that the token is valid no more. */
  readonly forgetToken: (destinationId: string) => void;
}

/** Gives destinations that sign in by a refresh token their access token, kept in memory for as long as it is valid. */
export function createTokens(deps: {
  readonly send: (request: HttpParts) => Promise<Sent>;
  readonly wallNowMs: () => number;
}): Tokens {
  /** By all secrets: changed ones are a new entry. A refusal is kept too, or each waiting forward would ask again. */
  const known = new Map<string, { readonly read: TokenAnswer; readonly untilWallMs: number }>();

  const ask = async (request: HttpParts): Promise<TokenAnswer> => {
    const sent = await deps.send(request);
    if (sent.kind === 'answer') return readToken(sent.status, sent.body);
    return { kind: sent.kind === 'no_answer' ? 'passing' : 'refused', why: `no access token: ${sent.why}` };
  };

  const tokenFor = async (destination: Destination): Promise<WithToken> => {
    const request = tokenRequest(destination);
    if (request === null) return { kind: 'ready', destination };
    const key = `${destination.id} ${JSON.stringify(destination.secrets)}`;
    const kept = known.get(key);
    const valid = kept !== undefined && kept.untilWallMs > deps.wallNowMs();
    const read = valid ? kept.read : await ask(request);
    if (!valid && read.kind !== 'passing')
      known.set(key, {
        read,
        untilWallMs: deps.wallNowMs() + (read.kind === 'token' ? read.forMs : REFUSED_FOR_MS),
      });
    if (read.kind !== 'token') return { kind: read.kind, why: maskSecrets(read.why, destination.secrets) };
    const secrets = { ...destination.secrets, access_token: read.token };
    return { kind: 'ready', destination: { ...destination, secrets } };
  };
  return {
    tokenFor,
    forgetToken(destinationId) {
      for (const key of known.keys()) if (key.startsWith(`${destinationId} `)) known.delete(key);
    },
  };
}
