import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { PILOT_RULES } from '../core/autopilot/stage.ts';
import type { PilotFacts } from '../core/decision.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';
import type { Judged } from './decision-store.ts';
import type { StrategyInForce } from './evidence.ts';

/** What a decision about a due pause needs to know of its draw. */
export type Draw = Pick<PilotFacts, 'draw' | 'held'>;

/** A draw that holds nothing back. */
const NEVER_HELD = 1;

/** Outcomes after which the object is paused by this decision: the next due pause is another one. */
const PAUSED: readonly string[] = ['applied', 'already_so'];

interface LatestRow {
  readonly object_id: ObjectId;
  readonly episode: number;
  readonly arm: 'held' | 'acted';
  readonly draw: number;
  readonly propensity: number;
  readonly drawn_at: Date;
  readonly until: Date | null;
  readonly pause_outcome: string | null;
}

/** {@link loadDraws} for every strategy of a pass that has an autopilot, by strategy. */
export async function loadDrawsOf(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly nowMs: number;
    readonly scoped: readonly {
      readonly strategy: Pick<StrategyInForce, 'id' | 'compiled'>;
      readonly objects: readonly { readonly id: ObjectId }[];
    }[];
  },
): Promise<ReadonlyMap<string, ReadonlyMap<ObjectId, Draw>>> {
  const draws = new Map<string, ReadonlyMap<ObjectId, Draw>>();
  for (const { strategy, objects } of input.scoped) {
    const { autopilot, mode } = strategy.compiled;
    // A dry run holds nothing back: nothing would be done.
    if (autopilot === null || mode === 'dry-run') continue;
    const objectIds = objects.map((one) => one.id);
    draws.set(strategy.id, await loadDraws(db, { ...input, strategyId: strategy.id, objectIds }));
  }
  return draws;
}

/**
 * The draws of one strategy for some objects: a due pause is held back where its draw lies below the holdout's share. One
 * due pause has one draw, however often it is looked at: a hash under the workspace's key of strategy, object and how
 * many pauses were carried out before. Once it has been held back its time, it is not held again.
 */
export async function loadDraws(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly strategyId: string;
    readonly objectIds: readonly ObjectId[];
    readonly nowMs: number;
  },
): Promise<ReadonlyMap<ObjectId, Draw>> {
  const { strategyId, objectIds, nowMs } = input;
  if (objectIds.length === 0) return new Map();
  const { draw_key: key } = await db
    .selectFrom('workspace')
    .select('draw_key')
    .where('id', '=', input.workspaceId)
    .executeTakeFirstOrThrow();
  const latest = await loadLatest(db, strategyId, objectIds);
  return new Map(
    objectIds.map((objectId) => [
      objectId,
      drawNow(latest.get(objectId), nowMs, { key, strategyId, objectId }),
    ]),
  );
}

function drawNow(row: LatestRow | undefined, nowMs: number, of: Omit<DrawOf, 'episode'>): Draw {
  if (row === undefined || isOver(row))
    return { draw: drawOf({ ...of, episode: row === undefined ? 0 : row.episode + 1 }) };
  if (row.until === null) return { draw: row.draw };
  const untilMs = row.until.getTime();
  if (untilMs <= nowMs) return { draw: NEVER_HELD };
  return { draw: row.draw, held: { sinceMs: row.drawn_at.getTime(), untilMs, propensity: row.propensity } };
}

/** Its pause was carried out: the next due pause is another one. */
function isOver(row: LatestRow | undefined): boolean {
  return PAUSED.includes(row?.pause_outcome ?? '');
}

async function loadLatest(
  db: Db,
  strategyId: string,
  objectIds: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, LatestRow>> {
  const { rows } = await sql<LatestRow>`
    select distinct on (h.object_id) h.object_id, h.episode, h.arm, h.draw, h.propensity, h.drawn_at, h.until,
           d.outcome as pause_outcome
    from holdout h left join decision d on d.id = h.pause_id
    where h.strategy_id = ${strategyId} and h.object_id = any(${sql.val(objectIds)}::bigint[])
    order by h.object_id, h.episode desc`.execute(db);
  return new Map(rows.map((row) => [row.object_id, row]));
}

interface DrawOf {
  /** The workspace's. */
  readonly key: string;
  readonly strategyId: string;
  readonly objectId: ObjectId;
  readonly episode: number;
}

/** Uniform in [0, 1), 48 bits of a SHA-256. */
export function drawOf(of: DrawOf): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([of.key, of.strategyId, of.objectId, of.episode]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** One due pause of a pass, as its decision tells it. */
export interface DuePause {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly strategyVersion: number;
  readonly objectId: ObjectId;
  readonly draw: number;
  /** The strategy's holdout share. */
  readonly propensity: number;
  /** Set where it is held back. */
  readonly untilMs: number | null;
  /** The decision that was stored for it: the keep that holds it back, or the pause. */
  readonly decisionId: string;
}

/** The due pause that a stored decision carries out or holds back, where an autopilot with a holdout made it. */
export function duePauses(
  { decision, evidence, strategy }: Pick<Judged, 'decision' | 'evidence' | 'strategy'>,
  of: { readonly workspaceId: string; readonly accountId: string },
  decisionId: string,
): readonly DuePause[] {
  const acts = decision.reason.rule === PILOT_RULES.pause && decision.verdict.kind === 'pause';
  const share = acts ? (strategy.compiled.autopilot?.holdoutShare ?? 0) : (decision.holdout?.propensity ?? 0);
  if (strategy.compiled.mode === 'dry-run' || !(share > 0)) return [];
  return [
    {
      workspaceId: of.workspaceId,
      accountId: of.accountId,
      strategyId: strategy.id,
      strategyVersion: strategy.version,
      objectId: evidence.object.id,
      draw: evidence.pilot?.draw ?? NEVER_HELD,
      propensity: share,
      untilMs: acts ? null : (decision.holdout?.untilMs ?? null),
      decisionId,
    },
  ];
}

/**
 * Keeps the draws of due pauses, in the transaction of their decisions. A pause that was held back before and is now due
 * still is written beside its holding; a pause that was decided before and never came to be takes the place of that one.
 */
export async function storeDuePauses(db: Db, due: readonly DuePause[], nowMs: number): Promise<void> {
  for (const one of due) {
    const row = (await loadLatest(db, one.strategyId, [one.objectId])).get(one.objectId);
    const over = isOver(row);
    if (row !== undefined && !over) {
      if (one.untilMs !== null) continue;
      await db
        .updateTable('holdout')
        .set({ pause_id: one.decisionId })
        .where('strategy_id', '=', one.strategyId)
        .where('object_id', '=', one.objectId)
        .where('episode', '=', row.episode)
        .execute();
      continue;
    }
    await db
      .insertInto('holdout')
      .values({
        strategy_id: one.strategyId,
        object_id: one.objectId,
        episode: row === undefined ? 0 : row.episode + 1,
        workspace_id: one.workspaceId,
        account_id: one.accountId,
        strategy_version: one.strategyVersion,
        arm: one.untilMs === null ? 'acted' : 'held',
        draw: one.draw,
        propensity: one.propensity,
        drawn_at: new Date(nowMs),
        until: one.untilMs === null ? null : new Date(one.untilMs),
        keep_id: one.untilMs === null ? null : one.decisionId,
        pause_id: one.untilMs === null ? one.decisionId : null,
      })
      .execute();
  }
}
