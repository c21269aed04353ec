import { nearestWord } from '../core/nearest-word.ts';
import { urlText } from './http-parts.ts';
import { isPlaceholder } from '../sources/macros.ts';

/** Values by macro name; a name that is known but has no value here is null. */
export type MacroValues = ReadonlyMap<string, string | null>;

export interface TemplateProblem {
  readonly part: string;
  readonly message: string;
  readonly next: string;
}

const MACRO = /\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g;

/** Names that every conversion has a place for. Names of the click's own parameters come as `{click.NAME}`. */
export const MACRO_NAMES = [
  'click_id',
  'event',
  'status',
  'amount',
  'currency',
  'txid',
  'sender_txid',
  'event_time',
  'event_time_ms',
  'event_time_iso',
  'click_time',
  'click_time_ms',
  'ip',
  'user_agent',
  'page_url',
] as const;

/** Prefixes whose rest is free: a network's click id, a parameter of the click, a secret of the destination. */
const FREE_PREFIXES = ['network.', 'click.', 'secret.'];

/**
 * What is wrong with a URL template, before anything is sent with it. An empty list means that each macro is known here
 * and stands where it can be filled.
 */
export function checkTemplate(template: string): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  const problem = (part: string, message: string, next: string): unknown =>
    problems.push({ part, message, next });
  const bare = template.replaceAll(MACRO, 'x');
  let url: URL | null = null;
  try {
    url = new URL(bare);
  } catch {
    problem(template, 'This is not an address.', 'Begin with https:// and a host name.');
  }
  if (url !== null && url.protocol !== 'https:' && url.protocol !== 'http:')
    problem(url.protocol, 'Only http and https can be called.', 'Begin with https://.');
  if (url !== null && (url.username !== '' || url.password !== ''))
    problem(
      'user:password@',
      'An address with a password in it ends up in logs.',
      'Use a header with {secret.NAME}.',
    );
  if (template.includes('#'))
    problem(
      '#',
      'Everything behind a # stays here and is never sent.',
      'Write macros as {name}; take the # away.',
    );
  // Whoever sends a click could otherwise choose the server that is called.
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(template)?.[0] ?? '';
  if (origin.includes('{')) problem(origin, 'The host is a macro.', 'Write the host name out.');
  problems.push(...checkMacros(template));
  const foreign = /\$\{|[{}]/.exec(template.replaceAll(/(?<!\$)\{[\w.-]+\}/g, 'x'));
  if (foreign !== null)
    problem(
      foreign[0],
      'A brace that belongs to no macro would be sent as it stands.',
      'Macros are {name}; write another brace as %7B or %7D.',
    );
  for (const part of parts(bare)) {
    if (isPlaceholder(part)) {
      const next = 'Write it as {name}.';
      problem(part, `${part} is a macro of another product and would be sent as it stands.`, next);
    }
  }
  return problems;
}

/** Macros in any text (a header, a body) that are not known here. */
export function checkMacros(text: string): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  for (const [whole, name = ''] of text.matchAll(MACRO)) {
    if (isKnown(name)) continue;
    const near = nearestWord(name, MACRO_NAMES);
    const known = near === null ? `Known are ${MACRO_NAMES.join(', ')}.` : `Did you mean {${near}}?`;
    const next = `${known} Parameters of the click are {click.NAME}, ids of ad networks {network.NAME}.`;
    problems.push({ part: whole, message: `No macro is called ${whole}.`, next });
  }
  return problems;
}

function isKnown(name: string): boolean {
  return (
    MACRO_NAMES.some((known) => known === name) ||
    FREE_PREFIXES.some((prefix) => name.startsWith(prefix) && name.length > prefix.length)
  );
}

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

/** The pieces of an address in which another product's macro may stand alone: path segments and values. */
function parts(url: string): readonly string[] {
  const [path = '', ...query] = (url.split('#', 1)[0] ?? '').split('?');
  const values = query
    .join('?')
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [...path.split('/'), ...values];
}
