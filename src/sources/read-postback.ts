import type { Micros } from '../core/money.ts';
import { conversionKey, messageKey } from './keys.ts';
import { lookUp } from './look-up.ts';
import { hashedUser, readAddress, readConsent, readCountry } from './person.ts';
import { refuseWithoutClick, shown } from './missing-click.ts';
import { misspeltNames } from './misspelt-names.ts';
import { readMoney } from './money.ts';
import type { Params } from './params.ts';
import { type Fields, MAX_ID, pickFields } from './pick-fields.ts';
import type { EventType, ScopeWithoutTxid, SourceProfile, SourceSettings, Status } from './profile.ts';
import { readTime } from './times.ts';
import { joinVia, VIA_PARAM } from './via.ts';

/** One postback in our words. Everything the sender left out is null. */
export interface Reading {
  readonly clickId: string | null;
  readonly event: string;
  readonly eventType: EventType;
  /** Null for a refund alone: a negative amount without a status takes money away and says nothing else. */
  readonly status: Status | null;
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
  readonly clickAtMs: number | null;
  readonly installAtMs: number | null;
  /** When the download began, as the store says: a click after it claimed an install that was under way. */
  readonly installBeginAtMs: number | null;
  readonly site: string | null;
  readonly viewThrough: boolean;
  readonly reEngagement: boolean;
  /** Why the sender rejected it, in its words. */
  readonly rejectReason: string | null;
  /** SHA-256 of the user's id or e-mail address. */
  readonly userHash: Buffer | null;
  /** Two letters, upper case. */
  readonly country: string | null;
  /** The person's, never the sending server's. */
  readonly visitorIp: string | null;
  /** What the person agreed to; null where nobody said. */
  readonly consent: { readonly adUserData: boolean | null; readonly adPersonalization: boolean | null };
  /** Marks of the installations that passed it on; null where none did. */
  readonly via: string | null;
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
  const userHash = hashedUser(fields.userId?.value);
  if (clickId === null && deviceId === null && senderIds === null && userHash === null)
    return refuseWithoutClick(params, profile, warnings);
  warnings.push(...misspeltNames(params, profile, fields, bySender));

  const money = readMoney(fields, profile, warnings);
  if (money.problem === 'amount_unparsed') {
    return refuse(
      'amount_unparsed',
      `"${shown(fields.amount?.value)}" in "${fields.amount?.name}" is not an amount.`,
      'Send a plain number such as 12.50, or leave the parameter out when there is no amount.',
    );
  }
  if (money.problem === 'unknown_currency') {
    return refuse(
      'unknown_currency',
      `"${shown(fields.currency?.value)}" in "${fields.currency?.name}" is not an ISO 4217 currency.`,
      `Send a three-letter code such as USD, or leave it out to use the source's own, ${settings.currency}.`,
    );
  }
  const named = profile.eventOf?.(params.values) ?? null;
  const event = (named?.event ?? fields.event?.value ?? settings.defaultEvent ?? profile.defaultEvent).slice(
    0,
    200,
  );
  const eventType = named?.eventType ?? lookUp(EVENT_TYPES, event.toLowerCase()) ?? 'event';
  const { status, unmapped } = pickStatus(fields, params, context, (money.micros ?? 0) < 0, warnings);
  if (status === 'ignore') {
    return refuse(
      'status_ignored',
      `The address itself says that status "${shown(fields.status?.value)}" is to be ignored.`,
      'Nothing, unless it should count: then take it out of ignore_status in the address.',
    );
  }
  const eventAtMs = pickTime(fields.eventTime, profile, warnings);
  if (eventAtMs !== null && eventAtMs > context.nowMs + FUTURE_MS) warnings.push('future_event_time');
  const txid = fields.txid?.value.slice(0, MAX_ID) ?? null;
  const amountMicros = money.micros;
  const currency = amountMicros === null ? null : (money.currency ?? settings.currency);
  const facts = {
    sourceId: context.sourceId,
    clickId,
    deviceId: deviceId ?? (userHash === null ? null : `user ${userHash.toString('hex')}`),
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
  const adds = settings.duplicates === 'add';
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
      clickAtMs: pickTime(fields.clickTime, profile, warnings),
      installAtMs: pickTime(fields.installTime, profile, warnings),
      installBeginAtMs: pickTime(fields.installBegin, profile, warnings),
      site: fields.site?.value.slice(0, MAX_ID) ?? null,
      viewThrough: /^(?:1|true|impression|view|view[-_]?through)$/i.test(fields.viewThrough?.value ?? ''),
      reEngagement: /^(?:1|true|re-?engagement|retargeting)$/i.test(fields.reEngagement?.value ?? ''),
      rejectReason: fields.rejectReason?.value.slice(0, 200) ?? null,
      userHash,
      country: readCountry(fields.country?.value),
      visitorIp: readAddress(fields.visitorIp?.value),
      consent: {
        adUserData: readConsent(fields.adUserData?.value),
        adPersonalization: readConsent(fields.adPersonalization?.value),
      },
      via: joinVia(params.values.get(VIA_PARAM) ?? null),
      test: isTrue(fields.test?.value),
      warnings,
      messageKey: repeatsCount ? null : messageKey(facts),
      messageKeyExpires: txid === null,
      conversionKey: conversionKey(
        facts,
        // Equal repeats whose payouts add up are no conversions of their own.
        repeatsCount && !adds ? 'each' : scopeOf(profile, settings),
      ),
    },
  };
}

/** Repeats that are ignored or added up are known by click and event: another amount makes them no other conversion. */
function scopeOf(profile: SourceProfile, settings: SourceSettings): ScopeWithoutTxid {
  const { scopeWithoutTxid: chosen, duplicates = 'update' } = settings;
  if (chosen !== undefined) return chosen;
  const own = profile.scopeWithoutTxid;
  return own === 'click-event-amount' && duplicates !== 'update' ? 'click-event' : own;
}

/** The id that a part of a tracker name ends with, "Summer sale (23851234567)"; without one the name itself. */
function idWithin(named: string): string {
  return /\((\d{5,})\)$/.exec(named)?.[1] ?? named;
}

/** Adjust names what it credits by a path, "Network::Campaign::Ad group::Creative", of which the end may be missing. */
function pickSenderIds(fields: Fields): Readonly<Record<string, string>> | null {
  const ids: Record<string, string> = {};
  for (const field of ['campaign', 'adset', 'ad', 'network'] as const) {
    const value = fields[field]?.value;
    if (value !== undefined && value.length <= MAX_ID) ids[field] = value;
  }
  const [, ...path] = (ids['network'] ?? '').split('::');
  for (const [index, field] of (['campaign', 'adset', 'ad'] as const).entries()) {
    const named = path[index]?.trim() ?? '';
    if (named !== '') ids[field] ??= idWithin(named);
  }
  // A media source alone names no object.
  return 'campaign' in ids || 'adset' in ids || 'ad' in ids ? ids : null;
}

function pickStatus(
  fields: Fields,
  params: Params,
  context: ReadContext,
  negative: boolean,
  warnings: string[],
): { readonly status: Status | 'ignore' | null; readonly unmapped: string | null } {
  const { profile, settings } = context;
  if (isTrue(fields.rejected?.value) || saysRejected(fields, params))
    return { status: 'rejected', unmapped: null };
  const word = fields.status?.value;
  if (word === undefined) {
    if (!negative) return { status: settings.defaultStatus ?? profile.defaultStatus, unmapped: null };
    warnings.push('negative_amount');
    return { status: null, unmapped: null };
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

/** A reason to reject, or an activity kind such as rejected_install: the sender's own fraud tests found it bad. */
function saysRejected(fields: Fields, params: Params): boolean {
  const reason = fields.rejectReason?.value.toLowerCase() ?? '';
  if (reason !== '' && reason !== '0' && reason !== 'false') return true;
  return /^rejected[_ -]/i.test(params.values.get('activity_kind') ?? '');
}

function pickTime(field: Fields['eventTime'], profile: SourceProfile, warnings: string[]): number | null {
  if (field === undefined) return null;
  const ms = readTime(field.value, profile);
  if (ms !== undefined) return ms;
  warnings.push(`time_unparsed:${field.name}`);
  return null;
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}
