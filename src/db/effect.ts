import { formatMoney, micros } from '../core/money.ts';
import { hourStart } from '../core/zone.ts';
import type { Db } from './connection.ts';
import { loadWindowMetrics } from './metrics.ts';

/** What the object has done since a decision was carried out, in one sentence; only whole hours are known. */
export async function describeEffect(db: Db, decisionId: string, nowMs: number): Promise<string> {
  const row = await db
    .selectFrom('decision as d')
    .innerJoin('object as o', 'o.id', 'd.object_id')
    .innerJoin('ad_account as a', 'a.id', 'd.account_id')
    .select([
      'd.object_id',
      'd.level',
      'd.account_id',
      'd.closed_at',
      'o.name',
      'o.status',
      'a.time_zone',
      'a.currency',
      'a.spend_as_of',
    ])
    .where('d.id', '=', decisionId)
    .executeTakeFirstOrThrow();
  if (row.closed_at === null) return `${row.name}: not carried out`;
  const asOfMs = row.spend_as_of?.getTime() ?? nowMs;
  const fromMs = Math.max(hourStart(row.closed_at.getTime(), row.time_zone), asOfMs - 72 * 3_600_000);
  if (fromMs >= asOfMs) return `${row.name}: no cost reported since the change yet; ${row.status}`;
  const metrics = await loadWindowMetrics(db, {
    accountId: row.account_id,
    zone: row.time_zone,
    level: row.level,
    objectIds: [row.object_id],
    windows: [{ spelling: 'since', bounds: { fromMs, toMs: asOfMs } }],
    asOfMs,
  });
  const since = metrics.get(row.object_id)?.['since'];
  if (since === undefined) return `${row.name}: nothing known since the change`;
  const events = Object.entries(since.conversions)
    .filter(([event]) => !event.includes('/'))
    .map(([event, counted]) => `${counted.conversions} ${event}`)
    .join(', ');
  const spend = formatMoney(micros(Math.round(since.spend * 1_000_000)), row.currency);
  return `${row.name}, ${row.status}: since the change ${spend} spent, ${since.clicks} clicks, ${events || 'no conversions'}`;
}
