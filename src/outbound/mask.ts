import { type HttpParts, urlText } from './http-parts.ts';
import type { Answer } from './judge-answer.ts';

/** Characters of an answer's body that are kept. */
const MAX_BODY = 1024;

/**
 * A text without the secrets in it, as written, as part of an address and as part of JSON. Receivers repeat what they
 * were sent in their error pages, so answers go through this too.
 *
 * @param secrets by name; the name stands where the value stood.
 */
export function maskSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  // The longest first: one secret may be the beginning of another.
  const bySize = Object.entries(secrets)
    .filter(([, value]) => value !== '')
    .toSorted(([, a], [, b]) => b.length - a.length);
  let masked = text;
  for (const [name, value] of bySize) {
    const forms = new Set([
      value,
      urlText(value),
      urlText(value).replaceAll('%20', '+'),
      JSON.stringify(value).slice(1, -1),
    ]);
    for (const form of forms) masked = masked.replaceAll(form, () => `[${name}]`);
  }
  return masked;
}

/**
 * One attempt as it is kept and shown: where it went and what came back, without secrets. The address still holds what a
 * template put there about the person, so it is kept no longer than a raw postback.
 */
export interface AttemptLine {
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  /** The beginning of the answer's body, or why there is none. */
  readonly body: string;
}

export function attemptLine(
  request: Pick<HttpParts, 'method' | 'url'>,
  answer: Answer,
  secrets: Readonly<Record<string, string>>,
): AttemptLine {
  const answered = answer.kind === 'answer';
  return {
    method: request.method,
    url: maskSecrets(request.url, secrets),
    status: answered ? answer.status : null,
    // Masked before it is cut, or a secret cut in two would show its first half. NUL cannot be stored as text.
    body: maskSecrets(answered ? answer.body : answer.why, secrets)
      .toWellFormed()
      .replaceAll('\0', '')
      .slice(0, MAX_BODY)
      .toWellFormed(),
  };
}
