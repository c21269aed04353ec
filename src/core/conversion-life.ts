import type { AmountSaid, DuplicatePolicy } from './conversion-amount.ts';
import { type ConversionStatus, isCountedStatus } from './conversion.ts';
import { type Micros, micros } from './money.ts';

/** One message about a conversion. */
export interface LifeMessage {
  /** The message key: the same one again is the same message. */
  readonly key: string;
  /** Null for a refund alone: it says nothing of the status, which stays as others set it. */
  readonly status: ConversionStatus | null;
  /** When the sender says that this happened; null when it says nothing. */
  readonly atMs: number | null;
  readonly receivedAtMs: number;
  readonly amount: AmountSaid;
}

/** Money with its currency; a null currency is the source's own. */
export interface LifeAmount {
  readonly micros: Micros;
  readonly currency: string | null;
}

/** What a conversion is by all messages about it. */
export interface LifeState {
  readonly status: ConversionStatus;
  /** When it happened: the earliest date of any message, since later ones may be dated with what they change. */
  readonly beganAtMs: number;
  /** Date of the message that set the status. */
  readonly statusAtMs: number;
  /** What was named last, counted or not; null while no message and no payout table names any. */
  readonly face: LifeAmount | null;
  /** Conversions this is: 0 unless it is pending or approved. A correction without a conversion is 0 too, with its value. */
  readonly conversions: 0 | 1;
  /** What counts now: the face amount while it counts, else 0. */
  readonly value: LifeAmount;
  readonly warnings: readonly LifeWarning[];
}

/**
 * A difference in another currency than the amount's cannot be added; a sum beyond ±2^53 micros cannot be kept; refunds may take
 * back more than there was, or come without a conversion.
 */
export type LifeWarning =
  | 'delta_currency_differs'
  | 'amount_out_of_range'
  | 'refund_exceeds_amount'
  | 'refund_without_conversion';

/** What one message changed, for rollups and rules: added up, changes give the current state. */
export interface LifeChange {
  /** When it became known here. */
  readonly knownFromMs: number;
  readonly status: ConversionStatus;
  readonly conversionsDelta: -1 | 0 | 1;
  /** One per currency; two where the currency itself changed. */
  readonly valueDeltas: readonly LifeAmount[];
}

export interface Life {
  readonly messages: readonly LifeMessage[];
  readonly state: LifeState;
}

export type LifeStep =
  | { readonly kind: 'changed'; readonly life: Life; readonly change: LifeChange }
  | {
      readonly kind: 'unchanged';
      readonly life: Life;
      readonly reason: 'duplicate_conversion' | 'older_status' | 'too_many_messages' | 'duplicates_ignored';
    };

/** More messages than this about one conversion are a fault of the sender, and each would be read again with every new one. */
export const MAX_MESSAGES = 200;

/** Of messages with one date the later stage wins, whichever arrived first: many senders date every message with the event. */
const STAGE: Readonly<Record<ConversionStatus | 'refund', number>> = {
  pending: 0,
  hold: 1,
  approved: 2,
  refund: 3,
  rejected: 4,
  reversed: 5,
};

/**
 * The conversion that these messages tell of. Their order in the list does not matter: they are read by date (receipt where
 * the sender gives none), then stage, then receipt. "Pending" never takes back what was decided. A total replaces what was
 * named before it, differences after it are added. Differences that take everything away are a reversal.
 *
 * @param messages at least one; of messages with one key the first counts.
 * @param payout from the payout table; the amount where no message names one.
 */
export function lifeOf(
  messages: readonly [LifeMessage, ...LifeMessage[]],
  payout: LifeAmount | null = null,
): LifeState {
  const ordered = distinct(messages).toSorted(byDate);
  const warnings = new Set<LifeWarning>();
  let status: ConversionStatus | null = null;
  const beganAtMs = dateOf(ordered[0] ?? messages[0]);
  let statusAtMs = beganAtMs;
  let decided = false;
  let face: LifeAmount | null = null;
  let totalNamed = false;
  let added = false;
  let takenAway = false;
  for (const message of ordered) {
    if (message.status === 'pending' && decided) continue;
    if (message.status !== null) {
      status = message.status;
      statusAtMs = dateOf(message);
      decided ||= status === 'approved' || isTakenBack(status);
    }
    const { amount } = message;
    if (amount.kind === 'total') {
      // A reversal names what it takes back, which may be a part: the amount on record is what an approval after it restores.
      if (isTakenBack(status) && face !== null) continue;
      face = amount;
      [totalNamed, added, takenAway] = [true, false, false];
    } else if (amount.kind === 'delta') {
      const base: LifeAmount | null = face ?? (amount.micros < 0 ? payout : null);
      const sum = plus(base, amount);
      if (typeof sum === 'string') warnings.add(sum);
      else {
        if (face === null && base !== null) totalNamed = true;
        face = sum;
        if (amount.micros < 0) takenAway = true;
        else added = true;
      }
    }
  }
  const named = totalNamed || added;
  face ??= payout;
  const amount = face ?? { micros: micros(0), currency: null };
  status ??= 'approved';
  if (isCountedStatus(status) && named && takenAway && amount.micros <= 0) status = 'reversed';
  const counts = isCountedStatus(status);
  const correction = takenAway && !named;
  if (counts && correction) warnings.add('refund_without_conversion');
  if (named && takenAway && amount.micros < 0) warnings.add('refund_exceeds_amount');
  return {
    status,
    beganAtMs,
    statusAtMs,
    face: face && { micros: face.micros, currency: face.currency },
    conversions: counts && !correction ? 1 : 0,
    value: { micros: counts ? amount.micros : micros(0), currency: amount.currency },
    warnings: [...warnings].toSorted(),
  };
}

/** The first message of a conversion, with the change it makes. */
export function beginLife(message: LifeMessage, payout: LifeAmount | null = null): LifeStep {
  const state = lifeOf([message], payout);
  const life = { messages: [message], state };
  return { kind: 'changed', life, change: changeOf(null, state, message.receivedAtMs) };
}

/**
 * One more message.
 *
 * @param payout as at the first.
 * @param duplicates with `ignore` the first received stays as it is, whatever its sender says later; whether an amount is added is
 *   said by the message itself (`readAmount`).
 */
export function continueLife(
  life: Life,
  message: LifeMessage,
  payout: LifeAmount | null = null,
  duplicates: DuplicatePolicy = 'update',
): LifeStep {
  if (life.messages.some((known) => known.key === message.key)) {
    return { kind: 'unchanged', life, reason: 'duplicate_conversion' };
  }
  if (duplicates === 'ignore') return { kind: 'unchanged', life, reason: 'duplicates_ignored' };
  if (life.messages.length >= MAX_MESSAGES) return { kind: 'unchanged', life, reason: 'too_many_messages' };
  const state = lifeOf([message, ...life.messages], payout);
  const next = { messages: [...life.messages, message], state };
  const change = changeOf(life.state, state, message.receivedAtMs);
  const same =
    state.status === life.state.status && change.conversionsDelta === 0 && change.valueDeltas.length === 0;
  if (!same) return { kind: 'changed', life: next, change };
  const older = message.status === 'pending' || life.messages.some((known) => byDate(message, known) < 0);
  const reason = older && message.status !== state.status ? 'older_status' : 'duplicate_conversion';
  return { kind: 'unchanged', life: next, reason };
}

/** The difference between two states; from nothing where there is no state before. */
export function changeOf(before: LifeState | null, after: LifeState, knownFromMs: number): LifeChange {
  const difference = after.conversions - (before?.conversions ?? 0);
  const valueDeltas = valueChange(before?.value ?? null, after.value);
  return {
    knownFromMs,
    status: after.status,
    conversionsDelta: difference > 0 ? 1 : difference < 0 ? -1 : 0,
    valueDeltas,
  };
}

function valueChange(before: LifeAmount | null, after: LifeAmount): readonly LifeAmount[] {
  const difference = after.micros - (before?.micros ?? 0);
  const comparable =
    before === null || before.micros === 0 || after.micros === 0 || before.currency === after.currency;
  // Between the ends of what a number holds exactly, the difference is none that it holds.
  if (comparable && Number.isSafeInteger(difference)) {
    const currency = before !== null && after.micros === 0 ? before.currency : after.currency;
    return difference === 0 ? [] : [{ micros: micros(difference), currency }];
  }
  const taken = before === null ? [] : [{ micros: micros(0 - before.micros), currency: before.currency }];
  return [...taken, { micros: after.micros, currency: after.currency }];
}

function plus(face: LifeAmount | null, delta: LifeAmount): LifeAmount | LifeWarning {
  if (face === null) return delta;
  if (delta.currency !== null && face.currency !== null && delta.currency !== face.currency) {
    return 'delta_currency_differs';
  }
  const sum = face.micros + delta.micros;
  if (!Number.isSafeInteger(sum)) return 'amount_out_of_range';
  return { micros: micros(sum), currency: face.currency ?? delta.currency };
}

const isTakenBack = (status: ConversionStatus | null): boolean =>
  status === 'rejected' || status === 'reversed';

const dateOf = ({ atMs, receivedAtMs }: LifeMessage): number =>
  atMs !== null && Number.isFinite(atMs) ? atMs : receivedAtMs;

function byDate(a: LifeMessage, b: LifeMessage): number {
  return (
    dateOf(a) - dateOf(b) ||
    STAGE[a.status ?? 'refund'] - STAGE[b.status ?? 'refund'] ||
    a.receivedAtMs - b.receivedAtMs ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}

function distinct(messages: readonly LifeMessage[]): readonly LifeMessage[] {
  const byKey = new Map<string, LifeMessage>();
  for (const message of messages) if (!byKey.has(message.key)) byKey.set(message.key, message);
  return [...byKey.values()];
}
