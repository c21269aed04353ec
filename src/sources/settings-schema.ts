import { z } from 'zod';
import { fraudSettingsSchema } from '../contract/fraud-settings.ts';
import { DUPLICATE_POLICIES } from '../core/conversion-amount.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { isTimeZone } from '../core/zone.ts';
import { isAddressOrNetwork } from './allowed-address.ts';
import { fieldsOf } from './profiles/dialect.ts';
import { generic } from './profiles/generic.ts';
import { readCurrency } from './values.ts';

const FIELDS = fieldsOf(generic);
const STATUSES = ['pending', 'hold', 'approved', 'rejected', 'reversed'] as const;
const LONGEST_WINDOW_HOURS = 400 * 24;

const status = z.enum(STATUSES);
const hours = z.number().positive().max(LONGEST_WINDOW_HOURS);
const name = z.string().min(1).max(200);
const param = z.string().trim().min(1).max(100).toLowerCase();
const text = z.string().max(200);
const wordOf = name.toLowerCase();

/** Every choice of a source, as it is kept in `source.settings`. */
export const settingsSchema = z.object({
  currency: z.string().refine((code) => readCurrency(code) === code),
  defaultEvent: name,
  defaultStatus: status,
  statuses: z.record(wordOf, status),
  unmappedStatus: status,
  scopeWithoutTxid: z.enum(['click-event', 'click-event-amount', 'occurrence', 'each']),
  repeatsCount: z.boolean(),
  duplicates: z.enum(DUPLICATE_POLICIES),
  attributesBySender: z.boolean(),
  names: z.record(param, z.enum(FIELDS)),
  zone: z.string().refine(isTimeZone),
  dateOrder: z.enum(['ymd', 'mdy', 'dmy']),
  commaThousands: z.boolean(),
  answers: z.enum(['codes', 'always-200']),
  answerTexts: z.strictObject({ accepted: text.min(1), duplicate: text.min(1) }),
  keyParam: param,
  signature: z.strictObject({
    param,
    algorithm: z.enum(['md5', 'sha1', 'sha256', 'hmac-md5', 'hmac-sha1', 'hmac-sha256']),
    formula: z.string().min(1).max(1000).exactOptional(),
    over: z.enum(['parameters', 'body', 'url']).exactOptional(),
    in: z.enum(['parameter', 'header']).exactOptional(),
  }),
  addresses: z.array(z.string().refine(isAddressOrNetwork)).min(1).max(1000),
  windowHours: z.record(name, hours),
  viewWindowHours: z.record(name, hours),
  reengagementHours: hours,
  fraud: fraudSettingsSchema,
});

export type SettingName = keyof typeof settingsSchema.shape;

/** What is right, where something else was given. */
const WANTED: Readonly<Record<SettingName, string>> = {
  currency: 'an ISO 4217 code such as USD',
  defaultEvent: 'an event name such as purchase, of at most 200 characters',
  defaultStatus: `one of ${STATUSES.join(', ')}`,
  statuses: `the sender's words with one of ${STATUSES.join(', ')} each, such as {"lead": "pending"}`,
  unmappedStatus: `one of ${STATUSES.join(', ')}`,
  scopeWithoutTxid: 'one of click-event, click-event-amount, occurrence, each',
  repeatsCount: 'true or false',
  duplicates: 'one of update, ignore, add',
  attributesBySender: 'true or false',
  names: `parameters with a field each, such as {"sub9": "clickId"}; fields are ${FIELDS.join(', ')}`,
  zone: 'an IANA zone such as Europe/Berlin',
  dateOrder: 'ymd for 2026-11-23, mdy for 11/23/2026, dmy for 23/11/2026',
  commaThousands: 'true or false',
  answers: 'codes (409 and 4xx) or always-200',
  answerTexts: 'both texts, such as {"accepted": "OK", "duplicate": "DUP"}',
  keyParam: 'the name of one parameter, such as secure',
  signature:
    '{"param": "sig", "algorithm": "md5", "formula": "{user_id}{transaction_id}{secret}"}; algorithms are md5, sha1, sha256, hmac-md5, hmac-sha1, hmac-sha256; or, over the whole body or address, {"param": "x-signature", "in": "header", "over": "body", "algorithm": "hmac-sha256"}',
  addresses: 'addresses and networks, such as ["203.0.113.7", "198.51.100.0/24"]',
  windowHours: 'events with the hours in which a click may earn them, such as {"install": 168}',
  viewWindowHours: 'events with the hours in which a view may earn them, such as {"install": 24}',
  reengagementHours: `hours, more than 0 and at most ${LONGEST_WINDOW_HOURS}`,
  fraud: 'what "bidloop fraud policy" sets, such as {"policy": {"install_too_fast": "quarantine"}}',
};

/** Names of all settings, for commands that take one away. */
export function settingNames(): readonly SettingName[] {
  // The shape's keys are its type.
  return Object.keys(settingsSchema.shape) as SettingName[];
}

/**
 * Settings from outside: of a file or of a command's options.
 *
 * @returns the settings as they are kept, or every problem as a sentence that says what is right.
 */
export function checkSettings(
  given: Readonly<Record<string, unknown>>,
):
  | { readonly ok: true; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  const known = settingNames();
  for (const [key, value] of Object.entries(given)) {
    const setting = known.find((one) => one === key);
    if (setting === undefined) {
      const near = nearestWord(key, known);
      problems.push(
        `there is no setting "${key}"; ${near === null ? `there are: ${known.join(', ')}` : `did you mean ${near}?`}`,
      );
      continue;
    }
    const parsed = settingsSchema.shape[setting].safeParse(value);
    if (parsed.success) settings[setting] = parsed.data;
    else problems.push(problemOf(setting, value, parsed.error));
  }
  problems.push(...formulaProblems(settings['signature']));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings };
}

function problemOf(setting: SettingName, value: unknown, error: z.ZodError): string {
  const path = error.issues[0]?.path ?? [];
  const at = path.reduce<unknown>(
    (inner, key) => (inner !== null && typeof inner === 'object' ? Reflect.get(inner, key) : undefined),
    value,
  );
  const where = [setting, ...path.map(String)].join('.');
  const near =
    setting === 'names' && typeof at === 'string' ? nearestWord(at.replaceAll(/[-_ ]/g, ''), FIELDS) : null;
  const meant = near === null ? '' : ` (did you mean ${near}?)`;
  return `${where}: ${shortJson(at)} does not fit${meant}; write ${WANTED[setting]}`;
}

function shortJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}

/** A plain hash without its secret is one that anybody can compute. */
function formulaProblems(signature: unknown): readonly string[] {
  const parsed = settingsSchema.shape.signature.safeParse(signature);
  if (!parsed.success) return [];
  const { algorithm, formula, over = 'parameters' } = parsed.data;
  if (over !== 'parameters')
    return algorithm.startsWith('hmac-')
      ? []
      : [
          `signature.algorithm: over the ${over} anybody can compute a plain ${algorithm}; choose hmac-${algorithm}`,
        ];
  if (formula === undefined)
    return [
      'signature.formula: say what is signed, such as {user_id}{transaction_id}{secret}; or set "over" to body or url',
    ];
  if (algorithm.startsWith('hmac-') || /\{secret\}/i.test(formula)) return [];
  return [
    `signature.formula: with ${algorithm} the secret must stand in the formula as {secret}, else anybody could sign; or choose hmac-${algorithm}`,
  ];
}
