import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Who may read the API. A closed set, so that each refusal has its own words. */
export type Access =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly status: 401 | 403;
      readonly reason: string;
      readonly message: string;
      readonly next: string;
    };

/** What the decision needs of a request. */
export interface AccessRequest {
  readonly remoteAddress: string | undefined;
  /** Host header, with or without port. */
  readonly host: string | undefined;
  /** True when a proxy says it passed the request on. */
  readonly forwarded: boolean;
  /** The token shown, from the Authorization header or the page's cookie. */
  readonly token: string | undefined;
}

const COOKIE = 'bidloop_token';

/**
 * With a token configured everybody shows it. Without one only this machine is served, and only under a loopback
 * name: a public name on a loopback connection is a proxy in front, or a foreign page that had its name point here.
 */
export function apiAccess(request: AccessRequest, configuredToken: string | null): Access {
  if (configuredToken !== null) {
    if (request.token !== undefined && sameText(request.token, configuredToken)) return { allowed: true };
    return {
      allowed: false,
      status: 401,
      reason: 'token_required',
      message:
        request.token === undefined
          ? 'This installation asks for its API token.'
          : 'This is not the API token of this installation.',
      next: 'Open the page once with ?token=<BIDLOOP_API_TOKEN>, or send the header "Authorization: Bearer <BIDLOOP_API_TOKEN>".',
    };
  }
  if (isLoopback(request.remoteAddress) && !request.forwarded && isLoopbackName(request.host))
    return { allowed: true };
  return {
    allowed: false,
    status: 403,
    reason: 'local_only',
    message: 'Without an API token the page and the API are for this machine only.',
    next: 'Set BIDLOOP_API_TOKEN to a long random text and restart, then open the page once with ?token=<that text>. Tracking links and postbacks need no token.',
  };
}

/** Reads what {@link apiAccess} needs from a request. */
export function accessRequest(request: FastifyRequest): AccessRequest {
  const authorization = request.headers.authorization;
  const bearer = authorization?.startsWith('Bearer ') === true ? authorization.slice(7).trim() : undefined;
  return {
    remoteAddress: request.socket.remoteAddress,
    host: request.headers.host,
    forwarded: request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined,
    token: bearer ?? cookieToken(request.headers.cookie),
  };
}

/** Answers a refusal, as every failing route of the API does: code, what is wrong, what to do. */
export async function sendRefusal(reply: FastifyReply, refusal: Access & { allowed: false }): Promise<void> {
  await reply
    .code(refusal.status)
    .send({ status: 'refused', reason: refusal.reason, message: `${refusal.message} ${refusal.next}` });
}

/** The cookie that keeps a page signed in after it was opened with ?token=. Not readable by scripts, not sent by foreign pages. */
export function tokenCookie(token: string, secure: boolean): string {
  return `${COOKIE}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000${secure ? '; Secure' : ''}`;
}

function cookieToken(header: string | undefined): string | undefined {
  const pair = header?.split(';').find((part) => part.trim().startsWith(`${COOKIE}=`));
  if (pair === undefined) return undefined;
  try {
    return decodeURIComponent(pair.trim().slice(COOKIE.length + 1));
  } catch {
    return undefined;
  }
}

/** In constant time: hashing first makes the lengths equal. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address);
}

function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host);
}
