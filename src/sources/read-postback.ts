import type { Micros } from '../core/money.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { conversionKey, messageKey } from './keys.ts';
import { lookUp } from './look-up.ts';
import { isNothing, isPlaceholder } from './macros.ts';
import type { Params } from './params.ts';
import type { EventType, Field, SourceProfile, SourceSettings, Status } from './profile.ts';
import { readAmount, readCurrency, readTime } from './values.ts';

/** One postback in our words. Everything the sender left out is null. */
export interface Reading {
  readonly clickId: string | null;
  readonly event: string;
  readonly eventType: EventType;
  readonly status: Status;
  /** The sender's own word where nobody mapped it. */
  readonly unmappedStatus: string | null;
  readonly txid: string | null;
  /** In `currency`; null when no amount was sent, which is not zero. */
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  readonly eventAtMs: number | null;
  readonly deviceId: string | null;
  /** {"campaign","adset","ad","network"} as the network spells them. */
  readonly senderIds: Readonly<Record<string, string>> | null;
  readonly test: boolean;
  readonly warnings: readonly string[];
  /** Decides "duplicate" in the answer; null when every message counts. */
  readonly messageKey: Buffer | null;
  /** The key is a hash of the whole request: a repeat after 72 h is a new message. */
  readonly messageKeyExpires: boolean;
  /** Decides which messages are one conversion; null for always a new one. */
  readonly conversionKey: Buffer | null;
}

export type RefusalReason =
  | 'missing_click_id'
  | 'unresolved_macro'
  | 'bad_click_id'
  | 'amount_unparsed'
  | 'unknown_currency';

/** What is wrong with a postback and what its sender should change. */
export interface Refusal {
  readonly reason: RefusalReason | (string & {});
  readonly message: string;
  readonly next: string;
  readonly warnings: readonly string[];
}

export type PostbackReading =
  | { readonly ok: true; readonly reading: Reading }
  | { readonly ok: false; readonly refusal: Refusal };

export interface ReadContext {
  readonly sourceId: string;
  readonly profile: SourceProfile;
  readonly settings: SourceSettings;
  /** Workspace time, ms: event times beyond it are noted. */
  readonly nowMs: number;
}

const FUTURE_MS = 10 * 60_000;
const MAX_ID = 512;
const CONTROL = /\p{Cc}/u;
const EVENT_TYPES: Readonly<Record<string, EventType>> = {
  install: 'install',
  reinstall: 'reinstall',
  're-engagement': 're-engagement',
  re_engagement: 're-engagement',
  're-attribution': 're-attribution',
  re_attribution: 're-attribution',
  uninstall: 'uninstall',
};

type Fields = Partial<Record<Field, { readonly name: string; readonly value: string }>>;

interface Index {
  readonly field: Field;
  readonly rank: number;
}

const indexes = new WeakMap<SourceProfile, ReadonlyMap<string, readonly Index[]>>();

/** Parameter name → the fields it may fill, with its rank among their names. */
function indexOf(profile: SourceProfile): ReadonlyMap<string, readonly Index[]> {
  const known = indexes.get(profile);
  if (known !== undefined) return known;
  const index = new Map<string, Index[]>();
  for (const field of Object.keys(profile.names) as Field[]) {
    profile.names[field].forEach((name, rank) => {
      index.set(name, [...(index.get(name) ?? []), { field, rank }]);
    });
  }
  indexes.set(profile, index);
  return index;
}

/**
 * Reads one authenticated request as a postback of its source. Pure: the same request gives the same reading and keys.
 *
 * @param params what the request said; its warnings are passed on.
 * @returns the reading, or why it cannot be kept as a conversion, in words for the person who set the sender up.
 */
export function readPostback(params: Params, context: ReadContext): PostbackReading {
  const { profile, settings } = context;
  const warnings = [...params.warnings];
  const fields = pickFields(params, profile, warnings);
  const refuse = (reason: string, message: string, next: string): PostbackReading => ({
    ok: false,
    refusal: { reason, message, next, warnings },
  });

  const clickId = fields.clickId?.value ?? null;
  const deviceId = fields.deviceId?.value ?? null;
  if (clickId !== null && (clickId.length > MAX_ID || CONTROL.test(clickId))) {
    return refuse(
      'bad_click_id',
      `The click id in "${fields.clickId?.name}" is longer than ${MAX_ID} characters or holds control characters.`,
      'Send the click id exactly as our redirect gave it.',
    );
  }
  const bySender = settings.attributesBySender ?? profile.attributesBySender;
  const senderIds = bySender ? pickSenderIds(fields) : null;
  if (clickId === null && deviceId === null && senderIds === null)
    return refuseWithoutClick(params, profile, warnings);

  const amount = fields.amount === undefined ? null : readAmount(fields.amount.value, profile.commaThousands);
  if (amount === undefined) {
    return refuse(
      'amount_unparsed',
      `"${shown(fields.amount?.value)}" in "${fields.amount?.name}" is not an amount.`,
      'Send a plain number such as 12.50, or leave the parameter out when there is no amount.',
    );
  }
  if (amount?.ambiguous) warnings.push(`ambiguous_amount:${fields.amount?.name}`);
  const sentCurrency = fields.currency === undefined ? null : readCurrency(fields.currency.value);
  if (fields.currency !== undefined && sentCurrency === null) {
    if (amount !== null && amount.micros !== 0) {
      return refuse(
        'unknown_currency',
        `"${shown(fields.currency.value)}" in "${fields.currency.name}" is not an ISO 4217 currency.`,
        `Send a three-letter code such as USD, or leave it out to use the source's own, ${settings.currency}.`,
      );
    }
    warnings.push(`unknown_currency:${fields.currency.name}`);
  }

  const named = profile.eventOf?.(params.values) ?? null;
  const event = (named?.event ?? fields.event?.value ?? settings.defaultEvent ?? profile.defaultEvent).slice(
    0,
    200,
  );
  const eventType = named?.eventType ?? lookUp(EVENT_TYPES, event.toLowerCase()) ?? 'event';
  const { status, unmapped } = pickStatus(fields, params, context, (amount?.micros ?? 0) < 0, warnings);
  if (status === 'ignore') {
    return refuse(
      'status_ignored',
      `The address itself says that status "${shown(fields.status?.value)}" is to be ignored.`,
      'Nothing, unless it should count: then take it out of ignore_status in the address.',
    );
  }
  const eventAtMs = pickTime(fields, context.nowMs, warnings);
  const txid = fields.txid?.value.slice(0, MAX_ID) ?? null;
  const amountMicros = amount?.micros ?? null;
  const currency = amount === null ? null : (sentCurrency ?? amount.currency ?? settings.currency);
  const facts = {
    sourceId: context.sourceId,
    clickId,
    deviceId,
    event,
    eventType,
    txid,
    status,
    amountMicros,
    currency,
    eventAtMs,
    params,
  };
  const repeatsCount = txid === null && settings.repeatsCount === true;
  return {
    ok: true,
    reading: {
      clickId,
      event,
      eventType,
      status,
      unmappedStatus: unmapped,
      txid,
      amountMicros,
      currency,
      eventAtMs,
      deviceId,
      senderIds,
      test: isTrue(fields.test?.value),
      warnings,
      messageKey: repeatsCount ? null : messageKey(facts),
      messageKeyExpires: txid === null,
      conversionKey: conversionKey(
        facts,
        repeatsCount ? 'each' : (settings.scopeWithoutTxid ?? profile.scopeWithoutTxid),
      ),
    },
  };
}

/** One pass over what was sent: the preferred name of each field that has a real value. */
function pickFields(params: Params, profile: SourceProfile, warnings: string[]): Fields {
  const index = indexOf(profile);
  const fields: Fields = {};
  const ranks: Partial<Record<Field, number>> = {};
  for (const [name, value] of params.values) {
    const entries = index.get(name);
    if (entries === undefined) continue;
    const trimmed = value.trim();
    if (isPlaceholder(trimmed)) {
      warnings.push(`unresolved_macro:${name}`);
      continue;
    }
    if (isNothing(trimmed)) continue;
    for (const { field, rank } of entries) {
      if (rank >= (ranks[field] ?? Infinity)) continue;
      // Looked up by, and no device has one this long.
      if (field === 'deviceId' && trimmed.length > MAX_ID) {
        warnings.push(`too_long:${name}`);
        continue;
      }
      // msclkid=N and subid=0 mean "none".
      if (field === 'clickId' && (trimmed === 'N' || trimmed === '0')) continue;
      // Ids are kept byte-exact, inner and outer spaces included: a "+" in an id arrives as one.
      fields[field] = { name, value: field === 'clickId' ? value : trimmed };
      ranks[field] = rank;
    }
  }
  return fields;
}

function pickSenderIds(fields: Fields): Readonly<Record<string, string>> | null {
  const ids: Record<string, string> = {};
  for (const field of ['campaign', 'adset', 'ad', 'network'] as const) {
    const value = fields[field]?.value;
    if (value !== undefined && value.length <= MAX_ID) ids[field] = value;
  }
  // A media source alone names no object.
  return 'campaign' in ids || 'adset' in ids || 'ad' in ids ? ids : null;
}

function refuseWithoutClick(params: Params, profile: SourceProfile, warnings: string[]): PostbackReading {
  const wanted = profile.names.clickId[0] ?? 'click_id';
  const unresolved = profile.names.clickId.find((name) => warnings.includes(`unresolved_macro:${name}`));
  if (unresolved !== undefined) {
    return {
      ok: false,
      refusal: {
        reason: 'unresolved_macro',
        message: `"${unresolved}" still holds the macro ${shown(params.values.get(unresolved))} instead of a click id.`,
        next: `Use the macro of the sender's own product for the id that our redirect passed on as click_id, and check its spelling.`,
        warnings,
      },
    };
  }
  const near = nearMiss([...params.values.keys()], profile.names.clickId);
  const hint = near === null ? '' : ` You sent "${near.sent}"; did you mean "${near.meant}"?`;
  return {
    ok: false,
    refusal: {
      reason: 'missing_click_id',
      message: `There is no click id (and no device id) in this postback.${hint}`,
      next: `Send the id that our redirect put on the landing page as click_id, in the parameter "${wanted}".`,
      warnings: near === null ? warnings : [...warnings, `near_miss:${near.sent}`],
    },
  };
}

function pickStatus(
  fields: Fields,
  params: Params,
  context: ReadContext,
  negative: boolean,
  warnings: string[],
): { readonly status: Status | 'ignore'; readonly unmapped: string | null } {
  const { profile, settings } = context;
  if (isTrue(fields.rejected?.value)) return { status: 'rejected', unmapped: null };
  const word = fields.status?.value;
  if (word === undefined) {
    if (!negative) return { status: settings.defaultStatus ?? profile.defaultStatus, unmapped: null };
    warnings.push('negative_amount');
    return { status: 'reversed', unmapped: null };
  }
  const lower = word.toLowerCase();
  const known =
    listedStatus(params, profile, lower) ??
    lookUp(settings.statuses, lower) ??
    lookUp(profile.statuses, lower);
  if (known !== undefined) return { status: known, unmapped: null };
  warnings.push('status_unmapped');
  return { status: profile.unmappedStatus, unmapped: word };
}

/** The sender's own list of its words comes before ours: "lead" may mean a sale to it. */
function listedStatus(params: Params, profile: SourceProfile, word: string): Status | 'ignore' | undefined {
  for (const [name, status] of Object.entries(profile.statusLists)) {
    const list = params.values.get(name);
    if (
      list
        ?.toLowerCase()
        .split(',')
        .some((one) => one.trim() === word)
    )
      return status;
  }
  return undefined;
}

function pickTime(fields: Fields, nowMs: number, warnings: string[]): number | null {
  if (fields.eventTime === undefined) return null;
  const ms = readTime(fields.eventTime.value);
  if (ms === undefined) {
    warnings.push(`time_unparsed:${fields.eventTime.name}`);
    return null;
  }
  if (ms > nowMs + FUTURE_MS) warnings.push('future_event_time');
  return ms;
}

/** The likely slip of the pen ("clik_id"). */
function nearMiss(
  sent: readonly string[],
  wanted: readonly string[],
): { readonly sent: string; readonly meant: string } | null {
  const long = wanted.filter((name) => name.length >= 5);
  for (const name of sent.slice(0, 50)) {
    if (name.length < 5 || name.length > 30) continue;
    const meant = nearestWord(name, long);
    if (meant !== null) return { sent: name, meant };
  }
  return null;
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}

function shown(value: string | undefined): string {
  const text = value ?? '';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
