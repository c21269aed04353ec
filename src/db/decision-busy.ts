import { sql } from 'kysely';
import type { HeldBack } from '../core/evaluation.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import type { Judged, StoreInput } from './decision-store.ts';

const HOUR_MS = 3_600_000;

/**
 * How long the same change of the same object rests after it ended in another way than applied, in workspace time.
 * Without it a rule that keeps holding would ask again every second.
 */
const REST_AFTER_MS: Readonly<Record<string, number>> = {
  rejected: 24 * HOUR_MS,
  expired: 12 * HOUR_MS,
  superseded: HOUR_MS,
  guardrail: HOUR_MS,
  halted: HOUR_MS / 4,
  writes_not_allowed: HOUR_MS,
  network_refused: HOUR_MS,
  not_applied: HOUR_MS / 4,
  target_busy: HOUR_MS / 12,
  unverified: 6 * HOUR_MS,
  cancelled: HOUR_MS,
  gone: 24 * HOUR_MS,
};
const LONGEST_REST_MS = 24 * HOUR_MS;

export interface Busy {
  /** Newest decision that is not closed yet, by object. */
  readonly open: ReadonlyMap<
    ObjectId,
    { readonly id: string; readonly verdict: string; readonly waitsForApproval: boolean }
  >;
  /** How earlier decisions ended, newest first, by object. */
  readonly ended: ReadonlyMap<
    ObjectId,
    readonly { readonly verdict: string; readonly outcome: string; readonly closedAtMs: number }[]
  >;
}

/** What is under way or just ended in the account, newest first. */
export async function loadBusy(db: Db, input: StoreInput): Promise<Busy> {
  const { rows } = await sql<{
    id: string;
    object_id: ObjectId;
    verdict: string;
    outcome: string | null;
    closed_at: Date | null;
    waits: boolean;
  }>`
    select d.id, d.object_id, d.verdict, d.outcome, d.closed_at,
           (d.mode = 'approve' and not exists (select 1 from lease l where l.decision_id = d.id)
                               and not exists (select 1 from action a where a.decision_id = d.id)) as waits
    from decision d
    where d.account_id = ${input.accountId} and d.needs_workflow
      and (d.closed_at is null or d.closed_at > ${new Date(input.nowMs - LONGEST_REST_MS)})
    order by d.decided_at desc`.execute(db);
  const open = new Map<ObjectId, { id: string; verdict: string; waitsForApproval: boolean }>();
  const ended = new Map<ObjectId, { verdict: string; outcome: string; closedAtMs: number }[]>();
  for (const row of rows) {
    if (row.closed_at === null) {
      if (!open.has(row.object_id))
        open.set(row.object_id, { id: row.id, verdict: row.verdict, waitsForApproval: row.waits });
    } else if (row.outcome !== null) {
      const list = ended.get(row.object_id) ?? [];
      list.push({ verdict: row.verdict, outcome: row.outcome, closedAtMs: row.closed_at.getTime() });
      ended.set(row.object_id, list);
    }
  }
  return { open, ended };
}

/** Why a verdict that acts is not stored now; undefined when it is, or when it changes nothing anyway. */
export function holdBack(
  judged: Judged,
  busy: Busy,
  taken: ReadonlyMap<ObjectId, string>,
  { nowMs, settleMs }: StoreInput,
): { by: HeldBack; detail: string } | undefined {
  const { decision, strategy } = judged;
  const { kind } = decision.verdict;
  if (kind === 'keep' || kind === 'notify' || strategy.compiled.mode === 'dry-run') return undefined;
  const other = taken.get(decision.objectId);
  if (other !== undefined)
    return { by: 'other_strategy', detail: `the strategy ${other} acts on it in this pass` };
  const open = busy.open.get(decision.objectId);
  // A pause does not wait for a person's answer about a bid.
  const overtakes =
    open !== undefined && kind === 'pause' && open.verdict !== 'pause' && open.waitsForApproval;
  if (open !== undefined && !overtakes) {
    return {
      by: 'open_decision',
      detail: open.waitsForApproval
        ? `decision ${open.id} waits for approval`
        : `decision ${open.id} is being carried out`,
    };
  }
  const ended = busy.ended.get(decision.objectId) ?? [];
  if (ended.some((end) => end.outcome === 'applied' && end.closedAtMs > nowMs - settleMs)) {
    return { by: 'recent_outcome', detail: 'it was changed a moment ago' };
  }
  const rest = ended.find((end) => end.verdict === kind);
  if (rest !== undefined && nowMs - rest.closedAtMs < (REST_AFTER_MS[rest.outcome] ?? 0)) {
    return { by: 'recent_outcome', detail: `the same change ended as "${rest.outcome}" a short while ago` };
  }
  return undefined;
}
