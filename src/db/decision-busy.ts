import { sql } from 'kysely';
import type { HeldBack } from '../core/evaluation.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import type { StoreInput } from './decision-store.ts';

const HOUR_MS = 3_600_000;

/**
 * How long the same change of the same object rests after it ended in another way than applied, in workspace time, and
 * twice as long for each time within a day that it ended so before: a rule that keeps holding would ask again for ever.
 * What a person took back is a "no" like a rejection.
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
  undone: 24 * HOUR_MS,
};
const LONGEST_REST_MS = 24 * HOUR_MS;

export interface Busy {
  /** Newest decision that is not closed yet, by object. */
  readonly open: ReadonlyMap<
    ObjectId,
    { readonly id: string; readonly verdict: string; readonly waitsForApproval: boolean }
  >;
  /** Changes that wait for approval while a pause of the same object is under way. */
  readonly overtaken: readonly { readonly decisionId: string; readonly by: string }[];
  /** How earlier decisions ended, newest first, by object. */
  readonly ended: ReadonlyMap<
    ObjectId,
    readonly {
      readonly id: string;
      readonly verdict: string;
      readonly outcome: string;
      readonly closedAtMs: number;
    }[]
  >;
}

/** The decision that ended last, by object. */
export type Settled = ReadonlyMap<ObjectId, string>;

/**
 * Taken before evidence is loaded. When another decision of the object has ended by the time of storing, the evidence may
 * show the object half as it was and half as it is, and a step would be taken twice.
 */
export async function loadSettled(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number },
): Promise<Settled> {
  const { ended } = await loadBusy(db, input);
  return new Map(
    [...ended].flatMap(([objectId, [newest]]) => (newest === undefined ? [] : [[objectId, newest.id]])),
  );
}

/** What is under way or ended within a day in the account. */
export async function loadBusy(
  db: Db,
  input: { readonly accountId: string; readonly nowMs: number },
): Promise<Busy> {
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
    union all
    -- The end that a person's undo gave to what it took back.
    select u.id, d.object_id, d.verdict, 'undone', u.closed_at, false
    from decision u join decision d on d.id = u.undoes
    where u.account_id = ${input.accountId} and u.needs_workflow and u.reason = 'undo' and u.outcome = 'applied'
      and u.closed_at > ${new Date(input.nowMs - LONGEST_REST_MS)}
    order by closed_at desc nulls first, id`.execute(db);
  const open = new Map<ObjectId, { id: string; verdict: string; waitsForApproval: boolean }>();
  const pauses = new Map<ObjectId, string>();
  const waiting: { readonly objectId: ObjectId; readonly decisionId: string }[] = [];
  const ended = new Map<ObjectId, { id: string; verdict: string; outcome: string; closedAtMs: number }[]>();
  for (const row of rows) {
    if (row.closed_at === null) {
      if (row.verdict === 'pause') pauses.set(row.object_id, row.id);
      else if (row.waits) waiting.push({ objectId: row.object_id, decisionId: row.id });
      // While a pause takes the place of a change that still waits, the pause is the one to wait for.
      if (open.get(row.object_id)?.verdict !== 'pause')
        open.set(row.object_id, { id: row.id, verdict: row.verdict, waitsForApproval: row.waits });
    } else if (row.outcome !== null) {
      const list = ended.get(row.object_id) ?? [];
      list.push({
        id: row.id,
        verdict: row.verdict,
        outcome: row.outcome,
        closedAtMs: row.closed_at.getTime(),
      });
      ended.set(row.object_id, list);
    }
  }
  const overtaken = waiting.flatMap(({ objectId, decisionId }) => {
    const by = pauses.get(objectId);
    return by === undefined ? [] : [{ decisionId, by }];
  });
  return { open, overtaken, ended };
}

/** Why a change of one object is not stored as a decision now; undefined when it is. */
export function holdBack(
  change: { readonly objectId: ObjectId; readonly verdict: string },
  busy: Busy,
  taken: ReadonlyMap<ObjectId, string>,
  { nowMs, settledBefore }: StoreInput,
): { by: HeldBack; detail: string } | undefined {
  const { objectId, verdict } = change;
  const other = taken.get(objectId);
  if (other !== undefined)
    return { by: 'other_strategy', detail: `the strategy ${other} acts on it in this pass` };
  const open = busy.open.get(objectId);
  // A pause does not wait for a person's answer about a bid.
  const overtakes =
    open !== undefined && verdict === 'pause' && open.verdict !== 'pause' && open.waitsForApproval;
  if (open !== undefined && !overtakes) {
    return {
      by: 'open_decision',
      detail: open.waitsForApproval
        ? `decision ${open.id} waits for approval`
        : `decision ${open.id} is being carried out`,
    };
  }
  const ended = busy.ended.get(objectId) ?? [];
  const [newest] = ended;
  if (newest !== undefined && newest.id !== settledBefore.get(objectId))
    return { by: 'recent_outcome', detail: 'another decision ended while it was being judged' };
  const same = ended.filter((end) => end.verdict === verdict);
  const [rest] = same;
  if (rest === undefined) return undefined;
  const times = same.filter((end) => end.outcome === rest.outcome).length;
  const restMs = Math.min((REST_AFTER_MS[rest.outcome] ?? 0) * 2 ** (times - 1), LONGEST_REST_MS);
  return nowMs - rest.closedAtMs < restMs
    ? { by: 'recent_outcome', detail: `the same change ended as "${rest.outcome}" a short while ago` }
    : undefined;
}
