import type { Attribution } from '../../core/attribution.ts';
import { continueLife, lifeOf, type LifeState } from '../../core/conversion-life.ts';
import { isCountedStatus } from '../../core/conversion.ts';
import type { Micros } from '../../core/money.ts';
import { dayOf } from '../../core/zone.ts';
import type { Ground } from './accounts.ts';
import type { Convert } from './exchange.ts';
import { lifeMessageOf, type Lives } from './lives.ts';
import { eventAt, eventName } from './lookups.ts';
import type { ConversionRow, Message } from './messages.ts';
import { isCounted } from './rollups.ts';

interface Means {
  readonly ground: Ground;
  readonly convert: Convert;
}

interface LifeMeans extends Means {
  readonly lives: Lives;
}

/** The conversion a message begins. Its id is its first postback's. */
export function newConversion(message: Message, attribution: Attribution, means: LifeMeans): ConversionRow {
  const told = lifeMessageOf(message);
  const state = lifeOf([told]);
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
    event: eventName(message),
    event_type: message.event_type ?? 'event',
    ...stateOf(state),
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
  };
  const begun = withAttribution(row, attribution, means);
  means.lives.begin(begun, told);
  return begun;
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

/** The conversion as this attribution makes it; its money in the account's currency. */
export function withAttribution(row: ConversionRow, attribution: Attribution, means: Means): ConversionRow {
  switch (attribution.kind) {
    case 'unattributed':
      return { ...row, attribution: attribution.text };
    case 'late':
      return {
        ...row,
        account_id: attribution.click.accountId,
        click_id: attribution.click.clickId,
        clicked_at: new Date(attribution.click.clickedAtMs),
        placement: attribution.click.placement,
        attribution: attribution.text,
      };
    case 'attributed':
      return withValue(
        {
          ...row,
          account_id: attribution.accountId,
          object_id: attribution.object?.id ?? null,
          campaign_id: attribution.object?.campaignId ?? null,
          click_id: attribution.clickId ?? row.click_id,
          clicked_at: attribution.clickedAtMs === null ? null : new Date(attribution.clickedAtMs),
          placement: attribution.placement,
          attributed_by: attribution.by,
          attribution: attribution.text,
          follows_id: attribution.followsId,
        },
        means,
      );
  }
}

/** One more message for a known conversion; `after` is null when it changes nothing. */
export function mergeInto(
  row: ConversionRow,
  message: Message,
  means: LifeMeans,
): {
  readonly after: ConversionRow | null;
  readonly reason: string | null;
  readonly warnings: readonly string[];
} {
  const told = lifeMessageOf(message);
  const messages = means.lives.of(row);
  const step = continueLife({ messages, state: lifeOf(messages) }, told);
  const { state } = step.life;
  if (step.kind === 'changed' || step.reason !== 'too_many_messages') means.lives.add(row, told);
  const next = stateOf(state);
  // Amounts are summed by status, counted or not: one that is on hold may change too.
  const same =
    next.status === row.status &&
    next.original_micros === row.original_micros &&
    next.original_currency === row.original_currency &&
    next.correction === row.correction;
  const reason = step.kind === 'changed' ? 'duplicate_conversion' : step.reason;
  if (same) return { after: null, reason, warnings: state.warnings };
  const after: ConversionRow = {
    ...row,
    ...next,
    status_at: new Date(state.statusAtMs),
    last_postback_id: message.id,
  };
  return {
    after: row.attributed_by === null ? after : withValue(after, means),
    reason: null,
    warnings: state.warnings,
  };
}

/** Converts the amount as of the day of the event and says whether the row counts. */
export function withValue(row: ConversionRow, { ground, convert }: Means): ConversionRow {
  const account = ground.accounts.get(row.account_id ?? '');
  let value: { valueMicros: Micros | null; rate: number | null } = { valueMicros: null, rate: null };
  if (account) {
    const day = dayOf(row.event_at.getTime(), account.zone).date;
    value = convert(row.original_micros, row.original_currency, account.currency, day);
  }
  const valued = { ...row, value_micros: value.valueMicros, rate: value.rate };
  return { ...valued, counted: isCounted(valued) };
}
