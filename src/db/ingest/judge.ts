import { type Attribution, attribute } from '../../core/attribution.ts';
import { isCountedStatus } from '../../core/conversion.ts';
import { mergeInto, newConversion } from './conversion-rows.ts';
import type { Lives } from './lives.ts';
import { type Lookups, namedBySender, touchesOf } from './lookups.ts';
import { type ConversionRow, conversionKeyOf, type Message } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
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

export interface KeyClaim {
  readonly sourceId: string;
  readonly key: Buffer;
  readonly conversionId: string;
}

export interface Judgement {
  readonly changes: readonly ConversionChange[];
  readonly outcomes: readonly MessageOutcome[];
  readonly claims: readonly KeyClaim[];
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
  const outcomes: MessageOutcome[] = [];
  const claims: KeyClaim[] = [];
  const waiting: WaitingRow[] = [];
  const means = { ground: lookups.ground, convert: lookups.convert, lives };

  messages.forEach((message, index) => {
    const cause = { postbackId: message.id, knownFrom: message.received_at };
    const key = conversionKeyOf(message);
    const before = key === null ? undefined : known.get(key);
    if (key !== null && before) {
      const { after, reason, warnings } = mergeInto(before, message, means);
      outcomes.push({
        message,
        outcome: after ? 'updated' : 'duplicate',
        reason,
        detail: null,
        conversionId: before.id,
        warnings,
      });
      if (after) {
        known.set(key, after);
        changes.push({ before, after, ...cause });
      }
      return;
    }
    const touches = touchesOf(message, lookups, lookups.clicks[index] ?? { byId: null, byDevice: null });
    const attribution = attribute(touches.input);
    const after = newConversion(message, attribution, means);
    changes.push({ before: null, after, ...cause });
    outcomes.push(outcomeOfNew(message, after, attribution));
    if (key !== null && message.conversion_key !== null) {
      known.set(key, after);
      claims.push({ sourceId: message.source_id, key: message.conversion_key, conversionId: after.id });
    }
    if (message.test) return;
    if (attribution.kind === 'attributed') remember(lookups, after, attribution);
    const byClick = attribution.kind === 'attributed' && attribution.by === 'click';
    const missing = byClick ? touches.clickMissing : touches.senderMissing;
    if (missing !== null) {
      waiting.push({
        workspaceId: message.workspace_id,
        networkId: missing,
        kind: 'conversion',
        id: after.id,
        at: after.received_at,
        objectId: after.object_id,
      });
    }
  });
  return { changes, outcomes, claims, waiting };
}

/** An install or trial of this batch credits what follows it in the same batch. */
function remember(
  lookups: Lookups,
  row: ConversionRow,
  attribution: Attribution & { kind: 'attributed' },
): void {
  lookups.anchors.add(
    {
      conversionId: row.id,
      event: row.event,
      by: attribution.by,
      network: lookups.ground.accounts.get(row.account_id ?? '')?.network ?? 'network',
      accountId: attribution.accountId,
      object: attribution.object,
      clickId: row.click_id,
      clickedAtMs: attribution.clickedAtMs,
      placement: attribution.placement,
      atMs: row.event_at.getTime(),
    },
    row.event_type,
    row.workspace_id,
    row.device_id,
  );
}

/** The first reason that keeps a conversion out of the counts, in the order a person would ask. */
export function outcomeOfNew(message: Message, row: ConversionRow, attribution: Attribution): MessageOutcome {
  const told = { message, detail: attribution.text, conversionId: row.id, warnings: [] };
  if (row.excluded === 'test') return { ...told, outcome: 'test', reason: 'test_postback' };
  switch (attribution.kind) {
    case 'unattributed': {
      // Ids were named, but nothing here has them yet: a sync may bring the object.
      const reason =
        message.click_id === null && namedBySender(message) ? 'unknown_object' : attribution.reason;
      return { ...told, outcome: 'unattributed', reason };
    }
    case 'late':
      return { ...told, outcome: 'late', reason: 'outside_window' };
    case 'attributed': {
      return { ...told, warnings: attribution.warnings, ...standing(row) };
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
