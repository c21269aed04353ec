import { isPlaceholder } from '../sources/macros.ts';
import { urlText } from './http-parts.ts';

/** Values by macro name; a name that is known but has no value here is null. */
export type MacroValues = ReadonlyMap<string, string | null>;

/** `{name}`: what stands between the braces is the macro's name. */
export const MACRO = /\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g;

export interface FillRules {
  /** Parameters without which nothing may be sent. */
  readonly needed: readonly string[];
  /** Parameters that are sent empty when they have no value. */
  readonly keepEmpty: readonly string[];
}

export type Filled =
  | { readonly ok: true; readonly text: string }
  /** The macro or parameter that has no value and cannot be left out. */
  | { readonly ok: false; readonly missing: string };

/**
 * Fills a URL template. Values are percent-encoded exactly once, what the template itself says stays as it is; a
 * parameter of which a macro has no value is left out whole, a path without its value cannot be called.
 */
export function fillUrl(template: string, values: MacroValues, rules: FillRules): Filled {
  const cut = template.indexOf('?');
  const path = fillText(cut === -1 ? template : template.slice(0, cut), values, urlText);
  if (!path.ok || cut === -1) return path;
  const query = fillPairs(template.slice(cut + 1), values, rules);
  if (!query.ok) return query;
  return { ok: true, text: query.text === '' ? path.text : `${path.text}?${query.text}` };
}

/** Fills `a={x}&b={y}`, as a query or a form body. */
export function fillPairs(template: string, values: MacroValues, rules: FillRules): Filled {
  const kept: string[] = [];
  for (const pair of template.split('&')) {
    if (pair === '') continue;
    const name = pair.split('=', 1)[0] ?? '';
    const filled = fillText(pair, values, urlText);
    const empty = !filled.ok || filled.text === `${name}=`;
    if (empty && rules.needed.includes(name)) return { ok: false, missing: name };
    if (filled.ok) kept.push(filled.text);
    else if (rules.keepEmpty.includes(name)) kept.push(`${name}=`);
  }
  return { ok: true, text: kept.join('&') };
}

/** Replaces macros in one text; a value of null, "" or another product's unfilled macro counts as missing. */
export function fillText(template: string, values: MacroValues, encode: (value: string) => string): Filled {
  let missing: string | null = null;
  const text = template.replaceAll(MACRO, (whole, name: string) => {
    const value = values.get(name) ?? '';
    if (value === '' || isPlaceholder(value)) missing ??= whole;
    return encode(value);
  });
  return missing === null ? { ok: true, text } : { ok: false, missing };
}
