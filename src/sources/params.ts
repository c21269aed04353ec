import { parse as parseLossless } from 'lossless-json';
import { lookUp } from './look-up.ts';

/** What a request said, whatever form it was said in. */
export interface Params {
  /** By lower-case name, the first value of each; values byte-exact after one percent-decoding. */
  readonly values: Map<string, string>;
  /** Names whose later values differed from the first, and damage found on the way. */
  readonly warnings: string[];
}

export type BodyProblem = 'broken_json' | 'unreadable_body';

const MAX_PARAMS = 500;

export function emptyParams(): Params {
  return { values: new Map(), warnings: [] };
}

/** NUL and lone surrogates cannot be stored as text; everything else stays as it came. */
export function cleanText(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.includes('\0') ? formed.replaceAll('\0', '') : formed;
}

/** Adds `name=value&…` to the params: a query string without its `?`, or a form body. */
export function readPairs(given: string, into: Params): void {
  // Some senders part their pairs by semicolons, and then by nothing else.
  const text = given.includes(';') && !given.includes('&') ? given.replaceAll(SEMICOLON, '&') : given;
  let start = 0;
  const length = text.length;
  let count = 0;
  while (start <= length && count < MAX_PARAMS) {
    let end = text.indexOf('&', start);
    if (end === -1) end = length;
    if (end > start) {
      const equals = text.indexOf('=', start);
      const split = equals === -1 || equals > end ? end : equals;
      addPair(
        decode(text.slice(start, split)),
        decode(text.slice(split + 1, Math.max(end, split + 1))),
        into,
      );
      count += 1;
    }
    start = end + 1;
  }
}

/** One decoding, `+` as a space; a broken % sequence keeps the raw text. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function addPair(rawName: string, rawValue: string, into: Params): void {
  let name = cleanText(rawName).toLowerCase();
  let value = rawValue;
  while (name.startsWith('?')) name = name.slice(1);
  if (name.startsWith('amp;')) {
    name = name.slice(4);
    into.warnings.push(`html_entity:${name}`);
  }
  const entity = lookUp(ENTITIES, name.charAt(0));
  if (entity !== undefined) {
    name = entity + name.slice(1);
    into.warnings.push(`html_entity:${name}`);
  }
  const cut = NOT_ASCII.test(value) ? CUT_BY_ENTITY.exec(value) : null;
  if (cut !== null) {
    addPair(
      value.slice(cut.index, cut.index + cut[0].length - 1),
      value.slice(cut.index + cut[0].length),
      into,
    );
    value = value.slice(0, cut.index);
  }
  addParam(name, value, into);
}

/**
 * Names that begin like an HTML entity lose that beginning to a sign where an address goes through a page that does not
 * encode it: "&currency=" becomes "¤cy=", "&times…" "×…".
 */
const ENTITIES: Readonly<Record<string, string>> = {
  '¤': 'curren',
  '©': 'copy',
  '®': 'reg',
  '×': 'times',
  '¶': 'para',
  '§': 'sect',
  '¬': 'not',
  '°': 'deg',
};
const CUT_BY_ENTITY = /[¤©®×¶§¬°][\w-]*=/;
const NOT_ASCII = /[\u0080-\uffff]/;
const SEMICOLON = /;(?=[\w~.%-]+=)/g;

/** The first value of a name wins; a later one that differs, and what had to be left out of one, is noted. */
export function addParam(name: string, rawValue: string, into: Params): void {
  if (name === '') return;
  const value = cleanText(rawValue);
  if (value !== rawValue && into.warnings.length < 50) into.warnings.push(`damaged_text:${name}`);
  const first = into.values.get(name);
  if (first === undefined) into.values.set(name, value);
  else if (first !== value && into.warnings.length < 50) into.warnings.push(`repeated:${name}`);
}

/**
 * Adds a body: JSON when it says so or looks so (senders mislabel it), else a form. A body's value wins over the
 * query's where both name a field, since a body is what the sender built last.
 *
 * @returns what is wrong with it, or null.
 */
export function readBody(body: Buffer, contentType: string, into: Params): BodyProblem | null {
  const text = body
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (text === '') return null;
  const fromBody = emptyParams();
  const type = contentType.toLowerCase();
  if (type.includes('json') || text.startsWith('{') || text.startsWith('[')) {
    let parsed: unknown;
    try {
      parsed = parseLossless(text, undefined, {
        parseNumber: String,
        onDuplicateKey: ({ oldValue }) => oldValue,
      });
    } catch {
      return 'broken_json';
    }
    if (Array.isArray(parsed)) parsed = parsed.length === 1 ? parsed[0] : null;
    if (parsed === null || typeof parsed !== 'object') return 'unreadable_body';
    flatten(parsed, '', fromBody, 0);
  } else if (type.includes('multipart/')) {
    return 'unreadable_body';
  } else if (text.includes('=')) {
    readPairs(text, fromBody);
  } else {
    return 'unreadable_body';
  }
  for (const [name, value] of fromBody.values) {
    const earlier = into.values.get(name);
    if (earlier !== undefined && earlier !== value) into.warnings.push(`repeated:${name}`);
    into.values.set(name, value);
  }
  into.warnings.push(...fromBody.warnings);
  return null;
}

/** Lists of messages: one that holds a single message is that message. Lists of goods stay text. */
const LISTS = new Set(['data', 'events', 'conversions', 'records', 'messages', 'identifiers']);

/** Nested objects become dotted names; null is absent; big integers keep every digit. */
function flatten(value: object, prefix: string, into: Params, depth: number): void {
  for (const [key, given] of Object.entries(value)) {
    if (into.values.size >= MAX_PARAMS) return;
    const name = cleanText(prefix === '' ? key : `${prefix}.${key}`).toLowerCase();
    const item: unknown =
      Array.isArray(given) && given.length === 1 && LISTS.has(key.toLowerCase()) ? given[0] : given;
    if (item === null || item === undefined) continue;
    if (typeof item === 'object' && !Array.isArray(item) && depth < 5) {
      flatten(item, name, into, depth + 1);
    } else {
      addParam(name, typeof item === 'string' ? item : JSON.stringify(item), into);
    }
  }
}
