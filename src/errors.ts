/**
 * A failure that the operator can do something about. The message says what is wrong, `next` what to do; `code` is
 * stable, so that scripts and tests may rely on it.
 */
export class OperatorError extends Error {
  readonly code: string;
  readonly next: string;

  constructor(code: string, message: string, options: { readonly next: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OperatorError';
    this.code = code;
    this.next = options.next;
  }
}

/** A thrown value's message, whatever was thrown. An aggregate (several addresses tried) gives its first. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system or database error ("ECONNREFUSED", "28P01"), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
