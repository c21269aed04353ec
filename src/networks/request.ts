import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import { NetworkError } from './ad-network.ts';

export interface NetworkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON when the body is JSON, else its text. */
  readonly body: unknown;
}

/** How long a network may take; a write that takes longer has an unknown result. */
const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 50_000_000;

/** Codes of connections that never carried the request: nothing can have happened. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
]);

/**
 * One HTTP request to a network; no retries, no redirects, every status is an answer. Retries belong to Temporal.
 *
 * @throws NetworkError TRANSIENT when nothing can have happened or the call only read; UNKNOWN_RESULT when a write
 *   was sent and no answer came.
 */
export async function networkRequest(
  config: AxiosRequestConfig & { readonly write: boolean; readonly what: string },
): Promise<NetworkAnswer> {
  const { write, what, ...request } = config;
  try {
    const answer = await axios.request<string>({
      timeout: TIMEOUT_MS,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      validateStatus: () => true,
      responseType: 'text',
      transitional: { clarifyTimeoutError: true, silentJSONParsing: true, forcedJSONParsing: false },
      // A proxy for the outside world knows nothing of this machine's own addresses.
      ...(isLoopback(request.url) ? { proxy: false as const } : {}),
      ...request,
    });
    return { status: answer.status, headers: plainHeaders(answer.headers), body: parsed(answer.data) };
  } catch (error) {
    const code = axios.isAxiosError(error) ? (error as AxiosError).code : undefined;
    if (write && !NEVER_SENT.has(code ?? '')) {
      throw new NetworkError(
        'UNKNOWN_RESULT',
        `${what}: the request was sent but no answer came (${code ?? 'connection lost'}); read the live value before trying again`,
        { cause: withoutRequest(error) },
      );
    }
    throw new NetworkError(
      'TRANSIENT',
      `${what}: no answer (${code ?? 'connection lost'}); it will be tried again`,
      {
        cause: withoutRequest(error),
      },
    );
  }
}

function isLoopback(url: string | undefined): boolean {
  const host = URL.parse(url ?? '')?.hostname;
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function plainHeaders(headers: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (typeof headers !== 'object' || headers === null) return out;
  for (const [key, value] of Object.entries(headers))
    if (typeof value === 'string') out[key.toLowerCase()] = value;
  return out;
}

/** Axios errors carry the whole request, token included; only the message may travel on. */
function withoutRequest(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : String(error));
}
