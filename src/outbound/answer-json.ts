/** Of a JSON object that somebody else wrote: anything may stand there. */
export type Members = Readonly<Record<string, unknown>>;

/** A body's members; none when it is no JSON object. */
export function members(body: string): Members {
  try {
    return object(JSON.parse(body));
  } catch {
    return {};
  }
}

/** An object's members; none for anything else. */
export function object(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** As much of a body as a sentence can hold. */
export function shown(body: string): string {
  return body.trim().slice(0, 200);
}
