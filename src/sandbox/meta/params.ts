import { GraphError, invalid } from './errors.ts';

/** A call's parameters, query and body in one, as they came. */
export type Params = Readonly<Record<string, unknown>>;

export function textParam(params: Params, name: string): string | undefined {
  const value = params[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

/** A list or object parameter: JSON text in queries and forms, the thing itself in JSON bodies. */
export function jsonParam(params: Params, name: string): unknown {
  const value = params[name];
  if (typeof value !== 'string') return value;
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw invalid(`Param ${name} must be valid JSON`, undefined, name);
  }
}

/** A list that may also be written with commas. */
export function listParam(params: Params, name: string): readonly string[] | undefined {
  const value = params[name];
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'string' || value === '') return undefined;
  if (value.startsWith('[')) {
    const parsed = jsonParam(params, name);
    if (!Array.isArray(parsed)) throw invalid(`Param ${name} must be an array`, undefined, name);
    return parsed.map(String);
  }
  return value.split(',').map((part) => part.trim());
}

/** An amount in minor units: a whole number, as text or number. */
export function minorParam(params: Params, name: string): number | undefined {
  const value = params[name];
  if (value === undefined || value === null || value === '') return undefined;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (!/^\d{1,15}$/.test(text)) throw invalid(`Param ${name} must be an integer`, undefined, name);
  return Number(text);
}

/** `a,b{c,d}` → the fields with what stands in their braces. */
export function fieldsParam(
  params: Params,
): readonly { readonly name: string; readonly inner: readonly string[] }[] {
  const value = params['fields'];
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : '';
  const fields: { name: string; inner: string[] }[] = [];
  for (const match of text.replace(/^\[|\]$|"/g, '').matchAll(/([\w.]+)(?:\{([^}]*)\})?/g)) {
    fields.push({ name: match[1] ?? '', inner: (match[2] ?? '').split(',').filter(Boolean) });
  }
  return fields;
}

export function pageParams(params: Params): { readonly limit: number; readonly offset: number } {
  const limit = Math.min(minorParam(params, 'limit') ?? 25, 5_000);
  const after = textParam(params, 'after');
  if (!after) return { limit, offset: 0 };
  const offset = Number(Buffer.from(after, 'base64').toString('utf8'));
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new GraphError(100, '(#100) Invalid cursor in "after"');
  return { limit, offset };
}
