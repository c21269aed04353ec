import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { codeOf, messageOf } from './errors.ts';
import { checkAddresses, checkUrl, type GuardRules } from './outbound/guard.ts';
import type { HttpParts } from './outbound/http-parts.ts';
import type { Answer } from './outbound/judge-answer.ts';

/** Receivers answer postbacks within a second; whoever takes longer is asked again later. Wall ms, all steps together. */
const TIMEOUT_MS = 5_000;
/** As much of an answer as its judgement may need. */
const MAX_BODY_BYTES = 65_536;

/** What came of one request, with the wall time it took. */
export type Sent =
  | (Answer & { readonly latencyMs: number })
  /** Nothing was sent: the host leads where no conversion may go. */
  | { readonly kind: 'refused_address'; readonly why: string; readonly latencyMs: number };

/**
 * Sends one request. The host is looked up once, every address is judged, and the connection goes to one of these very
 * addresses: a name that changes its mind between the check and the call gains nothing. Redirects are not followed.
 *
 * @param wallNowMs for the latency alone.
 */
export async function sendRequest(
  request: HttpParts,
  deps: { readonly guard: GuardRules; readonly wallNowMs: () => number; readonly timeoutMs?: number },
): Promise<Sent> {
  const startedMs = deps.wallNowMs();
  const since = () => Math.max(0, deps.wallNowMs() - startedMs);
  const allowed = checkUrl(request.url, deps.guard);
  if (!allowed.ok)
    return { kind: 'refused_address', why: `${allowed.message} ${allowed.next}`, latencyMs: 0 };
  const timeoutMs = deps.timeoutMs ?? TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const url = new URL(request.url);
    const addresses = await within(signal, addressesOf(allowed.host));
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    const verdict = checkAddresses(
      allowed.host,
      addresses.map((one) => one.address),
      deps.guard,
      port,
    );
    if (!verdict.ok)
      return { kind: 'refused_address', why: `${verdict.message} ${verdict.next}`, latencyMs: since() };
    const answer = await call(url, request, addresses, signal);
    return { ...answer, latencyMs: since() };
  } catch (error) {
    const why = signal.aborted
      ? `nothing within ${timeoutMs / 1_000} s`
      : (codeOf(error) ?? messageOf(error));
    return { kind: 'no_answer', why, latencyMs: since() };
  }
}

interface Address {
  readonly address: string;
  readonly family: number;
}

async function addressesOf(host: string): Promise<readonly Address[]> {
  if (ipaddr.isValid(host)) return [{ address: host, family: host.includes(':') ? 6 : 4 }];
  return lookup(host, { all: true });
}

/** The system's resolver cannot be told to stop; its answer is not waited for. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('too late')), { once: true });
  });
  return Promise.race([work, late]);
}

function call(
  url: URL,
  { method, headers, body }: HttpParts,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<Answer> {
  const checked: LookupFunction = (_host, options, done) => {
    const [first] = addresses;
    if (options.all === true) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family ?? 4);
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      {
        method,
        // Encodings are not asked for: the body is read as it comes.
        headers: { 'user-agent': 'bidloop', accept: '*/*', ...headers, ...lengthOf(body) },
        // A connection of its own: one kept open would pass the check of addresses by.
        agent: false,
        lookup: checked,
        signal,
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        const done = () =>
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            headers: plainHeaders(response.headers),
            body: Buffer.concat(parts).toString('utf8'),
          });
        response.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size < MAX_BODY_BYTES) return;
          done();
          response.destroy();
        });
        response.on('end', done);
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

function lengthOf(body: string | null): Readonly<Record<string, string>> {
  return body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function plainHeaders(headers: http.IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
