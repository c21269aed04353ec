import { sql } from 'kysely';
import type { Treatment } from '../core/fraud/signals.ts';
import type { Db } from './connection.ts';
import { loadGround } from './ingest/accounts.ts';
import { creditFollowers } from './ingest/recredit.ts';
import { SAME_INSTALL } from './ingest/installs.ts';
import type { ConversionRow } from './ingest/messages.ts';
import { type ConversionChange, isCounted } from './ingest/rollups.ts';
import { writeChanges } from './ingest/write-changes.ts';
import { lockTotals } from './running-totals.ts';

/** Why a conversion is kept out of the counts: conversion.excluded, by treatment. */
export const EXCLUDED_AS = { quarantine: 'quarantine', exclude: 'fraud' } as const;

/** Conversions of one treatment, each with the sentence that says why. */
export interface KeptOut {
  readonly id: string;
  readonly treatment: Exclude<Treatment, 'count'>;
  readonly text: string;
}

const AT_ONCE = 2_000;
const RANK: Readonly<Record<string, number>> = { quarantine: 1, fraud: 2 };

interface Where {
  readonly workspaceId: string;
  readonly nowMs: number;
  readonly wallMs: number;
}

/**
 * Takes conversions out of the counts, from now on: what was counted until now stays so in the record of each change, and a
 * decision made before recomputes. What is kept out already stays as it is, or becomes stricter. What no ad is credited
 * with is in no count and stays as it is.
 *
 * @returns how many are newly kept out.
 */
export async function keepOut(db: Db, where: Where, wanted: readonly KeptOut[]): Promise<number> {
  const byId = new Map(wanted.map((one) => [one.id, one]));
  return await change(db, where, [...byId.keys()], (before) => {
    const one = byId.get(before.id);
    if (one === undefined || before.attributed_by === null || before.excluded === 'test') return null;
    const excluded = EXCLUDED_AS[one.treatment];
    if ((RANK[before.excluded ?? ''] ?? 0) >= (RANK[excluded] ?? 0)) return null;
    return {
      excluded,
      outcome: 'quarantined',
      reason: 'signs_of_fraud',
      detail: `${before.attribution}; ${one.text}`,
    };
  });
}

/**
 * Puts conversions back into the counts, from now on. What followed an install or trial while it was kept out is credited
 * through it again. @returns how many were kept out.
 */
export async function putBack(db: Db, where: Where, ids: readonly string[]): Promise<number> {
  return await change(db, where, ids, (before) => {
    if (before.excluded === null || !Object.hasOwn(RANK, before.excluded)) return null;
    if (before.same_as_id !== null) {
      const detail = `${before.attribution}; released by hand, and yet another sender's report of the same install counts`;
      return { excluded: SAME_INSTALL, outcome: 'duplicate', reason: SAME_INSTALL, detail };
    }
    const counted = isCounted({ ...before, excluded: null });
    return {
      excluded: null,
      outcome: counted ? 'counted' : 'rejected',
      reason: counted ? null : `${before.status}_by_sender`,
      detail: `${before.attribution}; released by hand`,
    };
  });
}

interface Step {
  readonly excluded: string | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string;
}

async function change(
  db: Db,
  { workspaceId, nowMs, wallMs }: Where,
  ids: readonly string[],
  step: (before: ConversionRow) => Step | null,
): Promise<number> {
  let changed = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const page = ids.slice(at, at + AT_ONCE);
    changed += await db.transaction().execute(async (trx) => {
      const ground = await loadGround(trx, [workspaceId], [], wallMs);
      // Ingest holds the same while it reads and writes a conversion, so neither overwrites the other.
      await lockTotals(trx, ground.accounts.keys());
      const rows: readonly ConversionRow[] = await trx
        .selectFrom('conversion')
        .selectAll()
        .where('id', 'in', page)
        .where('workspace_id', '=', workspaceId)
        .orderBy('id')
        .forUpdate()
        .execute();
      const changes: ConversionChange[] = [];
      const told: (Step & { readonly row: ConversionRow })[] = [];
      for (const before of rows) {
        const found = step(before);
        if (found === null) continue;
        const after = { ...before, excluded: found.excluded };
        changes.push({
          before,
          after: { ...after, counted: isCounted(after) },
          postbackId: before.last_postback_id,
          knownFrom: new Date(Math.max(nowMs, before.received_at.getTime())),
        });
        told.push({ ...found, row: before });
      }
      await writeChanges(trx, ground, changes);
      await tell(trx, told);
      await creditFollowers(
        { trx, held: new Set(ground.accounts.keys()), knownFromMs: nowMs, wallMs },
        changes,
      );
      return changes.length;
    });
  }
  return changed;
}

/** The first postback of each says what became of it: that is what a person looks at. */
async function tell(trx: Db, told: readonly (Step & { readonly row: ConversionRow })[]): Promise<void> {
  if (told.length === 0) return;
  await sql`
    update postback p set outcome = v.outcome, reason = v.reason, detail = v.detail
    from unnest(${told.map((one) => one.row.first_postback_id)}::uuid[],
                ${told.map((one) => one.row.received_at.toISOString())}::timestamptz[],
                ${told.map((one) => one.outcome)}::text[], ${told.map((one) => one.reason)}::text[],
                ${told.map((one) => one.detail)}::text[]) as v (id, received_at, outcome, reason, detail)
    where p.id = v.id and p.received_at = v.received_at`.execute(trx);
}
