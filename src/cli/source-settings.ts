import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import { fieldsOf } from '../sources/profiles/dialect.ts';
import { generic } from '../sources/profiles/generic.ts';
import { checkSettings } from '../sources/settings-schema.ts';
import { readCurrency } from '../sources/values.ts';
import { type CliContext, UsageError } from './command.ts';
import type { SettingOptions } from './source-options.ts';

/** A source's settings after a command, and the secret it brought. */
export interface ChosenSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Null where the one on record stays. */
  readonly secret: string | null;
}

/**
 * The settings there are with those that a command names.
 *
 * @param signed a secret for signatures is on record.
 * @throws UsageError with every value that does not fit, and what would.
 */
export function chooseSettings(
  context: CliContext,
  options: SettingOptions,
  before: Readonly<Record<string, unknown>>,
  signed: boolean,
): ChosenSettings {
  const checked = checkSettings(readSettingOptions(options, before));
  if (!checked.ok) throw new UsageError(checked.problems.join('\n'));
  const secret = readSignatureSecret(options, context);
  const merged = Object.entries({ ...before, ...checked.settings }).filter(([, value]) => !isEmpty(value));
  const settings = Object.fromEntries(merged);
  const signs = settings['signature'] !== undefined;
  if (signs && !signed && secret === null)
    throw new UsageError(
      'a signature needs its secret: put it into an environment variable and name that with --signature-secret-env',
    );
  if (!signs && secret !== null)
    throw new UsageError(
      'a secret alone says nothing: add --signature-param, --signature-algorithm and --signature-formula (or --signature-over)',
    );
  return { settings, secret };
}

/** A map whose last entry was taken away is no choice any more. */
function isEmpty(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * The settings that the options say, merged into those there are: a map gets entries (an empty value takes one away),
 * a list grows, all else is replaced. Not yet checked.
 *
 * @returns only the settings that were spoken of.
 * @throws UsageError for a word that cannot be a setting at all.
 */
function readSettingOptions(
  options: SettingOptions,
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const given: Record<string, unknown> = options.settings === undefined ? {} : readFile(options.settings);
  const now = (setting: string): unknown => given[setting] ?? before[setting];
  const put = (setting: string, value: unknown): void => {
    if (value !== undefined) given[setting] = value;
  };
  put('currency', options.currency === undefined ? undefined : currencyOf(options.currency));
  put('defaultEvent', options.event);
  put('defaultStatus', options.defaultStatus);
  put('unmappedStatus', options.unmappedStatus);
  put('zone', options.zone);
  put('dateOrder', options.dateOrder);
  put('commaThousands', options.commaThousands);
  put('scopeWithoutTxid', options.scope);
  put('repeatsCount', options.repeatsCount);
  put('duplicates', options.duplicates);
  put('attributesBySender', options.attributesBySender);
  put('answers', options.answers);
  put('keyParam', options.keyParam);
  put(
    'statuses',
    entries('--status', options.status, now('statuses'), (word) => word, lowerCase),
  );
  put('names', entries('--map', options.map, now('names'), fieldNamed, lowerCase));
  put('windowHours', entries('--window', options.window, now('windowHours'), hoursOf));
  put('viewWindowHours', entries('--view-window', options.viewWindow, now('viewWindowHours'), hoursOf));
  put('reengagementHours', hoursIf(options.reengagementWindow));
  put(
    'answerTexts',
    parts(now('answerTexts'), { accepted: options.answerAccepted, duplicate: options.answerDuplicate }),
  );
  put(
    'signature',
    parts(now('signature'), {
      param: options.signatureParam,
      algorithm: options.signatureAlgorithm,
      formula: options.signatureFormula,
      over: options.signatureOver,
      in: options.signatureIn,
    }),
  );
  if (options.allowAddress !== undefined) {
    const listed = now('addresses');
    given['addresses'] = [...new Set([...(Array.isArray(listed) ? listed : []), ...options.allowAddress])];
  }
  return given;
}

/** The secret that signatures are made with, from where it was said to stand; null when nothing was said. */
function readSignatureSecret(options: SettingOptions, context: CliContext): string | null {
  const place = options.signatureSecretEnv;
  if (place === undefined) return null;
  const secret = (place === '-' ? readFileSync(0, 'utf8') : (context.env[place] ?? '')).trim();
  if (secret !== '') return secret;
  throw new UsageError(
    place === '-'
      ? 'the secret was to come from standard input, and nothing came'
      : `the environment variable ${place} is empty; set it to the secret, as the sender shows it`,
  );
}

function readFile(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${messageOf(error)}`);
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed))
    throw new UsageError(`${path} must hold one JSON object of settings, such as {"zone": "Europe/Berlin"}`);
  return { ...parsed };
}

/** `word=value` pairs into a map: later ones win, an empty value takes the word away. */
function entries(
  flag: string,
  pairs: readonly string[] | undefined,
  before: unknown,
  read: (value: string) => unknown,
  spell: (word: string) => string = (word) => word,
): Record<string, unknown> | undefined {
  if (pairs === undefined) return undefined;
  const map = new Map(Object.entries(before !== null && typeof before === 'object' ? before : {}));
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`${flag} "${pair}": write it as name=value`);
    const word = spell(pair.slice(0, at).trim());
    const value = pair.slice(at + 1).trim();
    if (value === '') map.delete(word);
    else map.set(word, read(value));
  }
  return Object.fromEntries(map);
}

function parts(
  before: unknown,
  given: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> | undefined {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  if (said.length === 0) return undefined;
  return { ...(before !== null && typeof before === 'object' ? before : {}), ...Object.fromEntries(said) };
}

const lowerCase = (word: string): string => word.toLowerCase();

/** click_id, click-id and clickid are the field clickId; what is none is told by the check. */
function fieldNamed(word: string): string {
  const bare = word.replaceAll(/[-_ ]/g, '').toLowerCase();
  return fieldsOf(generic).find((field) => field.toLowerCase() === bare) ?? word;
}

function hoursOf(text: string): number {
  const match = /^(\d{1,5}(?:\.\d{1,2})?)\s*(h|d)$/.exec(text.trim());
  if (match === null) throw new UsageError(`"${text}" is no time; write hours or days, such as 36h or 7d`);
  return Number(match[1]) * (match[2] === 'd' ? 24 : 1);
}

function hoursIf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : hoursOf(text);
}

function currencyOf(text: string): string {
  const code = readCurrency(text);
  if (code === null)
    throw new UsageError(`"${text}" is not an ISO 4217 currency; write three letters such as USD`);
  return code;
}
