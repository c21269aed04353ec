import type { Credit } from '../../core/attribution-facts.ts';
import { isCountedStatus } from '../../core/conversion.ts';
import { mergeInto, newConversion, touchOf } from './conversion-rows.ts';
import { SAME_INSTALL, type Settled } from './installs.ts';
import type { Lives } from './lives.ts';
import { type Lookups, namedBySender } from './lookups.ts';
import { type ConversionRow, conversionKeyOf, type Message } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
import { speak } from './speak.ts';
import type { WaitingRow } from './waiting.ts';

/** What became of one message; written into its postback row. */
export interface MessageOutcome {
  readonly message: Message;
  readonly outcome:
    | 'counted'
    | 'updated'
    | 'duplicate'
    | 'unattributed'
    | 'late'
    | 'rejected'
    | 'quarantined'
    | 'test';
  readonly reason: string | null;
  readonly detail: string | null;
  readonly conversionId: string;
  readonly warnings: readonly string[];
}

export interface Judgement {
  readonly changes: readonly ConversionChange[];
  /** Conversions that happened earlier than was known, as they are in the end: who earned them is to be asked anew. */
  readonly retimed: ReadonlySet<string>;
  /** Those of them whose first postback has been told something else before. */
  readonly retold: readonly ConversionChange[];
  readonly outcomes: readonly MessageOutcome[];
  readonly waiting: readonly WaitingRow[];
}

/**
 * Judges messages in order of receipt. `known` holds the conversions stored under their keys and takes in those of the
 * batch, so that several messages for one key follow each other; `lives` what was said about them. Pure but for these two and
 * the anchors it adds.
 */
export function judge(
  messages: readonly Message[],
  lookups: Lookups,
  known: Map<string, ConversionRow>,
  lives: Lives,
): Judgement {
  const changes: ConversionChange[] = [];
  const retimed = new Set<string>();
  const retold: ConversionChange[] = [];
  const outcomes: MessageOutcome[] = [];
  const waiting: WaitingRow[] = [];
  const means = { ground: lookups.ground, convert: lookups.convert, lives };

  messages.forEach((message, index) => {
    const cause = { postbackId: message.id, knownFrom: message.received_at };
    const key = conversionKeyOf(message);
    /** Other conversions that a new or changed one speaks of. */
    const settled = (row: ConversionRow): ConversionRow => {
      const found = settle(lookups, row);
      for (const step of found.others) {
        const change = { ...step, ...cause };
        changes.push(change);
        if (step.before.same_as_id !== step.after.same_as_id) retold.push(change);
      }
      return found.row;
    };
    const stored = key === null ? undefined : known.get(key);
    if (key !== null && stored) {
      const before = latest(lookups, stored);
      const merged = mergeInto(before, message, means);
      const { reason, warnings } = merged;
      const after = merged.after && settled(merged.after);
      outcomes.push({
        message,
        outcome: reason === null ? 'updated' : 'duplicate',
        reason,
        detail: null,
        conversionId: before.id,
        warnings,
      });
      if (after) {
        known.set(key, after);
        changes.push({ before, after, ...cause });
        if (after.event_at < before.event_at) retimed.add(after.id);
      }
      return;
    }
    const spoken = speak(message, lookups.touches[index] ?? [], lookups, null);
    const after = settled(newConversion(message, spoken, means));
    changes.push({ before: null, after, ...cause });
    outcomes.push(outcomeOfNew(message, after, spoken.credit, lookups.installs.sentenceOf(after.id)));
    if (key !== null) known.set(key, after);
    if (message.test) return;
    // An install or trial of this batch credits what follows it in the same batch.
    lookups.anchors.add(after, touchOf(after, spoken.credit, lookups.ground));
    if (spoken.missing !== null) {
      waiting.push({
        workspaceId: message.workspace_id,
        networkId: spoken.missing,
        kind: 'conversion',
        id: after.id,
        at: after.received_at,
        objectId: after.object_id,
      });
    }
  });
  return { changes, retimed, retold, outcomes, waiting };
}

/** The row with what it is to others of its kind, and those of them that change by it. */
export function settle(lookups: Lookups, row: ConversionRow): Settled {
  const found = (row.event_type === 'install' ? lookups.installs : lookups.payments).settle(row);
  for (const { after } of found.others) lookups.anchors.add(after);
  return found;
}

/** A conversion as the batch left it. */
export function latest({ installs, payments }: Lookups, row: ConversionRow): ConversionRow {
  return payments.latest(installs.latest(row));
}

/** The first reason that keeps a conversion out of the counts, in the order a person would ask. */
export function outcomeOfNew(
  message: Message,
  row: ConversionRow,
  credit: Credit,
  same: string | null = null,
): MessageOutcome {
  const warnings: readonly string[] = row.correction ? ['refund_without_conversion'] : [];
  const told = { message, detail: credit.text, conversionId: row.id, warnings };
  if (row.excluded === 'test') return { ...told, outcome: 'test', reason: 'test_postback' };
  if (same !== null)
    return { ...told, detail: `${same}; ${credit.text}`, outcome: 'duplicate', reason: SAME_INSTALL };
  switch (credit.kind) {
    case 'unattributed': {
      // Ids were named, but nothing here has them yet: a sync may bring the object.
      const reason = message.click_id === null && namedBySender(message) ? 'unknown_object' : credit.reason;
      return { ...told, outcome: 'unattributed', reason };
    }
    case 'late':
      return { ...told, outcome: 'late', reason: 'outside_window' };
    case 'attributed': {
      return { ...told, warnings: [...credit.warnings, ...warnings], ...standing(row) };
    }
  }
}

/** Where an attributed conversion stands: counted, or the reason why not. */
export function standing(row: ConversionRow): Pick<MessageOutcome, 'outcome' | 'reason'> {
  if (row.object_id === null) return { outcome: 'unattributed', reason: 'unknown_object' };
  if (isCountedStatus(row.status)) return { outcome: 'counted', reason: null };
  if (row.status === 'hold') return { outcome: 'quarantined', reason: 'held_by_sender' };
  return { outcome: 'rejected', reason: `${row.status}_by_sender` };
}
