import { attributionWindowHours } from '../../core/attribution.ts';
import type { Learned } from '../../core/learned.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import { curveWithoutFacts } from './curves.ts';
import type { StoredLearned } from './stored.ts';

const HOUR_MS = 3_600_000;

/** What is known of an account's events, ready to be asked object by object. */
export interface LearnedBook {
  /** Names of the events that the account's past has taught something about. */
  readonly events: readonly string[];
  /** The campaign's facts where it has enough of its own, else the account's, else the engine's default. */
  of(event: string, level: Level, campaignId: ObjectId | null): Learned;
  /** By event: micros above which an order counts no further; events without known order sizes are left out. */
  readonly capsMicros: ReadonlyMap<string, number>;
}

/**
 * Reads what was learned of an account and of some of its campaigns.
 *
 * @param campaignIds whose own facts are wanted; the account's come along. All of them when left out.
 */
export async function loadLearned(
  db: Db,
  accountId: string,
  campaignIds?: readonly ObjectId[],
): Promise<LearnedBook> {
  let query = db
    .selectFrom('learned')
    .select(['event', 'campaign_id', 'learned_at', 'facts'])
    .where('account_id', '=', accountId);
  if (campaignIds !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('campaign_id', 'is', null),
        eb('campaign_id', 'in', campaignIds.length === 0 ? [0 as ObjectId] : campaignIds),
      ]),
    );
  const rows = await query.orderBy('event').execute();
  const stored = new Map(
    rows.map((row) => [
      keyOf(row.event, row.campaign_id),
      { facts: row.facts, at: row.learned_at.getTime() },
    ]),
  );
  const caps = new Map<string, number>();
  for (const { event, campaign_id, facts } of rows)
    if (campaign_id === null && facts.orders !== null) caps.set(event, Math.round(facts.orders.cap * 1e6));

  // One value per event, level and campaign: what is remembered by it serves every object of the campaign.
  const made = new Map<string, Learned>();
  return {
    events: [...new Set(rows.map((row) => row.event))],
    capsMicros: caps,
    of(event, level, campaignId) {
      const own = campaignId === null ? undefined : stored.get(keyOf(event, campaignId));
      const found = own ?? stored.get(keyOf(event, null));
      const key = `${keyOf(event, own === undefined ? null : campaignId)} ${level}`;
      let learned = made.get(key);
      if (!learned)
        made.set(
          key,
          (learned =
            found === undefined ? withoutFacts(event) : learnedOf(event, level, found.facts, found.at)),
        );
      return learned;
    },
  };
}

function keyOf(event: string, campaignId: ObjectId | null): string {
  return `${campaignId ?? 'account'} ${event}`;
}

function learnedOf(event: string, level: Level, facts: StoredLearned, learnedAtMs: number): Learned {
  return {
    event,
    learnedAtMs,
    curve: facts.curve,
    prior: facts.priors[level] ?? null,
    clickPrior: facts.clickPriors[level] ?? null,
    orders: facts.orders,
    dispersion: facts.dispersion,
    trial: facts.trial,
  };
}

/** What stands in the engine: slow delays, and a prior around the target that only the strategy knows. */
export function withoutFacts(event: string): Learned {
  const type = /install/i.test(event) ? 'install' : 'event';
  const curve = curveWithoutFacts({
    name: event,
    types: [type],
    windowMs: attributionWindowHours(event, type) * HOUR_MS,
  });
  return {
    event,
    learnedAtMs: 0,
    curve,
    prior: null,
    clickPrior: null,
    orders: null,
    dispersion: 1,
    trial: null,
  };
}
