import { sql } from 'kysely';
import { type FraudSettings, readFraudSettings } from '../contract/fraud-settings.ts';
import { DEFAULT_LIMITS, type SignalLimits } from '../core/fraud/conversion-signals.ts';
import { type FraudPolicy, policyOf, STATISTICAL } from '../core/fraud/signals.ts';
import { micros, MICROS_PER_UNIT } from '../core/money.ts';
import type { Db } from './connection.ts';

/** What a source's conversions are judged by: its own choices over the defaults. */
export interface SourcePolicy {
  readonly sourceId: string;
  readonly settings: FraudSettings;
  readonly policy: FraudPolicy;
  readonly limits: SignalLimits;
}

/** The sources of a workspace, removed ones too: what they sent may still be judged. */
export async function loadPolicies(db: Db, workspaceId: string): Promise<readonly SourcePolicy[]> {
  const rows = await db
    .selectFrom('source')
    .select(['id', 'settings'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
  return rows.map((row) => sourcePolicy(row.id, readFraudSettings(row.settings)));
}

export function sourcePolicy(sourceId: string, settings: FraudSettings): SourcePolicy {
  const { fastestS, payoutCap, ...limits } = settings.limits ?? {};
  const own = Object.fromEntries(Object.entries(settings.policy ?? {}).filter(([, wanted]) => wanted));
  return {
    sourceId,
    settings,
    policy: policyOf(own),
    limits: {
      ...DEFAULT_LIMITS,
      ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
      fastestS: { ...DEFAULT_LIMITS.fastestS, ...fastestS },
      payoutCapMicros: payoutCap === undefined ? null : micros(Math.round(payoutCap * MICROS_PER_UNIT)),
    },
  };
}

/** True where the statistics over all of a source's conversions may keep some out. */
export function usesStatistics({ policy }: SourcePolicy): boolean {
  return [...STATISTICAL].some((signal) => policy[signal] !== 'count');
}

/**
 * Keeps a source's choices. Takes effect with the next judging of its conversions; what is kept out already stays so until
 * it is released.
 *
 * @returns false when there is no such source.
 */
export async function storeFraudSettings(
  db: Db,
  sourceId: string,
  settings: FraudSettings,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update source set settings = jsonb_set(settings, '{fraud}', ${JSON.stringify(settings)}::jsonb)
    where id = ${sourceId} and removed_at is null`.execute(db);
  await sql`select pg_notify('source_changed', ${sourceId})`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}
