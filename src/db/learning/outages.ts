import { hourStart } from '../../core/zone.ts';
import type { Db } from '../connection.ts';
import { hourCeiling } from './buckets.ts';

/** A stretch in which conversions were not delivered: its clicks tell nothing. */
export interface Excluded {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stretches in which conversions of the account were not delivered; one that goes on still reaches to `nowMs`. */
export async function loadOutages(db: Db, accountId: string, nowMs: number): Promise<readonly Excluded[]> {
  const rows = await db
    .selectFrom('outage')
    .select(['started_at', 'ended_at'])
    .where('account_id', '=', accountId)
    .where('started_at', '<', new Date(nowMs))
    .orderBy('started_at')
    .execute();
  return rows.map((row) => ({
    fromMs: row.started_at.getTime(),
    toMs: row.ended_at?.getTime() ?? nowMs,
  }));
}

/** The same widened to whole hours of the account's zone: no hour is half known, neither its spend nor its conversions. */
export function inWholeHours(outages: readonly Excluded[], zone: string): readonly Excluded[] {
  return outages.map(({ fromMs, toMs }) => ({
    fromMs: hourStart(fromMs, zone),
    toMs: hourCeiling(toMs, zone),
  }));
}
