import type { Credit, CreditAnchor } from '../../core/attribution-facts.ts';
import { continueLife, type LifeAmount, lifeOf, type LifeState } from '../../core/conversion-life.ts';
import { isCountedStatus } from '../../core/conversion.ts';
import { dayOf } from '../../core/zone.ts';
import type { StoredLoser } from '../tables.ts';
import type { Ground } from './accounts.ts';
import type { Convert } from './exchange.ts';
import { lifeMessageOf, type Lives } from './lives.ts';
import { eventAt, eventOf } from './lookups.ts';
import type { ConversionRow, Message } from './messages.ts';
import { isCounted } from './rollups.ts';
import type { Spoken } from './speak.ts';

export interface Means {
  readonly ground: Ground;
  readonly convert: Convert;
  readonly lives: Lives;
}

/** Kept of what was passed over: enough to answer "why not that one". */
const LOSERS_KEPT = 3;

/** The conversion a message begins. Its id is its first postback's. */
export function newConversion(message: Message, spoken: Spoken, means: Means): ConversionRow {
  const told = lifeMessageOf(message, means.ground.duplicatesOf(message.source_id));
  const { event, eventType } = eventOf(message);
  const row: ConversionRow = {
    id: message.id,
    workspace_id: message.workspace_id,
    source_id: message.source_id,
    account_id: null,
    object_id: null,
    campaign_id: null,
    click_id: message.click_id,
    clicked_at: null,
    placement: null,
    event,
    event_type: eventType,
    ...stateOf(lifeOf([told], spoken.payout)),
    status_at: message.event_at,
    value_micros: null,
    rate: null,
    txid: message.txid,
    device_id: message.device_id,
    event_at: eventAt(message),
    received_at: message.received_at,
    attributed_by: null,
    attribution: '',
    follows_id: null,
    counted: false,
    excluded: message.test ? 'test' : null,
    first_postback_id: message.id,
    last_postback_id: message.id,
    match: null,
    sent_click_id: null,
    view_through: false,
    retargeting: false,
    user_hash: message.user_hash,
    losers: null,
    payout_micros: spoken.payout?.micros ?? null,
    payout_currency: spoken.payout?.currency ?? null,
    same_as_id: null,
    relation: null,
    relation_of_id: null,
  };
  const begun = withCredit(row, spoken.credit, message.click_id, means);
  means.lives.begin(begun, told);
  return begun;
}

/** The conversion as this credit makes it; its money in the account's currency. `sent` is the click id that came with it. */
export function withCredit(
  row: ConversionRow,
  credit: Credit,
  sent: string | null,
  means: Omit<Means, 'lives'>,
): ConversionRow {
  const credited = { ...row, ...creditFields(credit, sent) };
  return credit.kind === 'attributed' ? Object.assign(credited, valueFields(credited, means)) : credited;
}

/** What a credit says of its conversion; what the last one said is gone. */
function creditFields(credit: Credit, sent: string | null) {
  const told = { ...NOBODY, click_id: sent, attribution: credit.text, losers: losersOf(credit) };
  switch (credit.kind) {
    case 'unattributed':
      return told;
    case 'late':
      return {
        ...told,
        account_id: credit.candidate.accountId,
        click_id: credit.candidate.id,
        clicked_at: new Date(credit.candidate.atMs),
        placement: credit.candidate.placement,
        match: credit.candidate.match,
      };
    case 'attributed':
      return {
        ...told,
        account_id: credit.accountId,
        object_id: credit.object?.id ?? null,
        campaign_id: credit.object?.campaignId ?? null,
        click_id: credit.touchId ?? sent,
        sent_click_id: credit.match === 'click_id' || credit.touchId === null ? null : sent,
        clicked_at: credit.touchedAtMs === null ? null : new Date(credit.touchedAtMs),
        placement: credit.placement,
        attributed_by: isSenders(credit) ? ('sender' as const) : ('click' as const),
        match: credit.match,
        view_through: credit.viewThrough,
        retargeting: credit.track === 'retargeting',
        follows_id: credit.followsId,
      };
  }
}

const NOBODY = {
  account_id: null,
  object_id: null,
  campaign_id: null,
  clicked_at: null,
  placement: null,
  attributed_by: null,
  match: null,
  sent_click_id: null,
  view_through: false,
  retargeting: false,
  follows_id: null,
  value_micros: null,
  rate: null,
  counted: false,
} as const;

/** A view that the sender names is its word too, and what follows it. */
function isSenders(credit: Credit & { kind: 'attributed' }): boolean {
  return credit.by === 'sender' || credit.match === 'sender';
}

function losersOf({ losers }: Credit): StoredLoser[] | null {
  if (losers.length === 0) return null;
  return losers
    .slice(0, LOSERS_KEPT)
    .map(({ object, reason, text }) => ({ objectId: object?.id ?? null, reason, text }));
}

/** What others may follow, by the credit that made it. */
export function touchOf(
  row: ConversionRow,
  credit: Credit,
  ground: Ground,
): Pick<CreditAnchor, 'network' | 'object'> {
  const network = ground.accounts.get(row.account_id ?? '')?.network ?? 'network';
  return { network, object: credit.kind === 'attributed' ? credit.object : null };
}

/**
 * One more message for a known conversion. `after` is null when it changes nothing; where it tells nothing new but when the
 * conversion happened, `reason` says so beside it.
 */
export function mergeInto(
  row: ConversionRow,
  message: Message,
  means: Means,
): {
  readonly after: ConversionRow | null;
  readonly reason: string | null;
  readonly warnings: readonly string[];
} {
  const duplicates = means.ground.duplicatesOf(message.source_id);
  const told = lifeMessageOf(message, duplicates);
  const payout = payoutOfRow(row);
  const messages = means.lives.of(row);
  const step = continueLife({ messages, state: lifeOf(messages, payout) }, told, payout, duplicates);
  const { state } = step.life;
  if (step.life.messages.length > messages.length) means.lives.add(row, told);
  const stated = withState(row, state);
  const moved = state.beganAtMs !== row.event_at.getTime();
  const unchanged = step.kind === 'changed' ? 'duplicate_conversion' : step.reason;
  const reason = stated === row ? unchanged : null;
  if (stated === row && !moved) return { after: null, reason, warnings: state.warnings };
  const after = {
    ...stated,
    event_at: new Date(state.beganAtMs),
    status_at: new Date(state.statusAtMs),
    last_postback_id: message.id,
  };
  return {
    after: row.attributed_by === null ? after : withValue(after, means),
    reason,
    warnings: state.warnings,
  };
}

/** The conversion with what it pays by the table now that somebody else is credited; the same row where that changes nothing. */
export function withPayout(row: ConversionRow, payout: LifeAmount | null, lives: Lives): ConversionRow {
  const before = payoutOfRow(row);
  if (before?.micros === payout?.micros && before?.currency === payout?.currency) return row;
  const paid = {
    ...row,
    payout_micros: payout?.micros ?? null,
    payout_currency: payout?.currency ?? null,
  };
  lives.pin(row);
  return withState(paid, lifeOf(lives.of(row), payout));
}

function payoutOfRow(row: ConversionRow): LifeAmount | null {
  return row.payout_micros === null ? null : { micros: row.payout_micros, currency: row.payout_currency };
}

/** The same row where nothing differs. Amounts are summed by status, counted or not: one that is on hold may change too. */
function withState(row: ConversionRow, state: LifeState): ConversionRow {
  const next = stateOf(state);
  const same =
    next.status === row.status &&
    next.original_micros === row.original_micros &&
    next.original_currency === row.original_currency &&
    next.correction === row.correction;
  return same ? row : { ...row, ...next };
}

function stateOf(
  state: LifeState,
): Pick<ConversionRow, 'status' | 'original_micros' | 'original_currency' | 'correction'> {
  const { status, face, conversions } = state;
  return {
    status,
    original_micros: face?.micros ?? null,
    original_currency: face?.currency ?? null,
    correction: isCountedStatus(status) && conversions === 0,
  };
}

/** Converts the amount as of the day of the event and says whether the row counts. */
export function withValue(row: ConversionRow, means: Omit<Means, 'lives'>): ConversionRow {
  return { ...row, ...valueFields(row, means) };
}

function valueFields(
  row: ConversionRow,
  { ground, convert }: Omit<Means, 'lives'>,
): Pick<ConversionRow, 'value_micros' | 'rate' | 'counted'> {
  const account = ground.accounts.get(row.account_id ?? '');
  const counted = isCounted(row);
  if (!account) return { value_micros: null, rate: null, counted };
  const day = dayOf(row.event_at.getTime(), account.zone).date;
  const value = convert(row.original_micros, row.original_currency, account.currency, day);
  return { value_micros: value.valueMicros, rate: value.rate, counted };
}
