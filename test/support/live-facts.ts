import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import type { PilotEntry } from '../../src/core/evaluation.ts';
import type { Db } from '../../src/db/connection.ts';
import { AS_OF, type LiveMarket, MARKET_NOW } from './live-market.ts';

export interface SeedPostback {
  readonly sourceId: string;
  readonly workspaceId: string | null;
  readonly outcome: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly amount?: number;
  readonly event?: string;
  readonly wallMs: number;
  /** The ad it is credited to. */
  readonly adId?: ObjectId;
}

/** One postback with, when it has an ad, its conversion. @returns its id. */
export async function seedPostback(db: Db, seed: SeedPostback): Promise<string> {
  const id = randomUUID();
  const at = new Date(MARKET_NOW);
  const conversionId = seed.adId === undefined ? null : randomUUID();
  const amount = seed.amount === undefined ? null : micros(Math.round(seed.amount * 1e6));
  await db
    .insertInto('postback')
    .values({
      id,
      workspace_id: seed.workspaceId,
      source_id: seed.sourceId,
      received_at: at,
      wall_at: new Date(seed.wallMs),
      method: 'GET',
      path: `/p/${seed.sourceId}`,
      raw: Buffer.from('GET /p'),
      content_type: null,
      sender_ip: null,
      user_agent: null,
      outcome: seed.outcome,
      reason: seed.reason ?? null,
      detail: seed.detail ?? null,
      click_id: null,
      event: seed.event ?? 'purchase',
      event_type: 'event',
      status: 'approved',
      txid: null,
      amount_micros: amount,
      currency: amount === null ? null : 'USD',
      event_at: null,
      device_id: null,
      sender_ids: null,
      conversion_key: null,
      conversion_id: conversionId,
    })
    .execute();
  if (conversionId !== null && seed.adId !== undefined) {
    await db
      .insertInto('conversion')
      .values({
        id: conversionId,
        workspace_id: seed.workspaceId ?? '',
        source_id: seed.sourceId,
        account_id: `${seed.workspaceId}-account`,
        object_id: seed.adId,
        campaign_id: null,
        click_id: null,
        clicked_at: at,
        placement: null,
        event: seed.event ?? 'purchase',
        event_type: 'event',
        status: 'approved',
        value_micros: amount,
        original_micros: amount,
        original_currency: 'USD',
        rate: 1,
        txid: null,
        device_id: null,
        event_at: at,
        received_at: at,
        attributed_by: 'click',
        attribution: 'click',
        follows_id: null,
        counted: true,
        excluded: null,
        first_postback_id: id,
        last_postback_id: id,
      })
      .execute();
  }
  await sql`select pg_notify('live', '{}')`.execute(db);
  return id;
}

export interface SeedDecision {
  readonly market: LiveMarket;
  readonly adSet: string;
  readonly verdict: 'pause' | 'set_bid' | 'keep';
  readonly sentence: string;
  readonly mode: 'dry-run' | 'approve' | 'live';
  readonly outcome?: string;
  readonly rule?: string;
  readonly wallMs: number;
}

/** The fixture's only strategy, made on first use. */
async function strategyOf(db: Db, workspaceId: string): Promise<string> {
  const id = `${workspaceId}-strategy`;
  await db
    .insertInto('strategy')
    .values({
      id,
      workspace_id: workspaceId,
      name: 'stop-and-scale',
      origin: null,
      current_version: 1,
      created_at: new Date(MARKET_NOW),
      removed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return id;
}

/** The last pass looked at these ad sets and kept them all. */
export async function seedKeeps(
  db: Db,
  market: LiveMarket,
  keeps: readonly { readonly adSet: string; readonly sentence: string; readonly nearest: string }[],
): Promise<void> {
  const at = new Date(MARKET_NOW);
  await db
    .insertInto('last_evaluation')
    .values({
      account_id: `${market.workspaceId}-account`,
      campaign_id: Object.values(market.adSets)[0]!,
      strategy_id: await strategyOf(db, market.workspaceId),
      strategy_version: 1,
      as_of: new Date(AS_OF),
      evaluated_at: at,
      objects: JSON.stringify(
        keeps.map(({ adSet, sentence, nearest }) => ({
          objectId: market.adSets[adSet],
          verdict: 'keep',
          rule: null,
          reason: 'no_rule_held',
          sentence,
          nearest,
          distance: 0.06,
        })),
      ),
    })
    .execute();
}

/** An autopilot in force, and how it last judged an ad set. */
export async function seedPilot(
  db: Db,
  market: LiveMarket,
  judged: { readonly adSet: string; readonly sentence: string; readonly pilot: PilotEntry },
): Promise<void> {
  const at = new Date(MARKET_NOW);
  const id = `${market.workspaceId}/pilot`;
  await db
    .insertInto('strategy')
    .values({
      id,
      workspace_id: market.workspaceId,
      name: 'pilot',
      origin: null,
      current_version: 1,
      created_at: at,
      removed_at: null,
    })
    .execute();
  await db
    .insertInto('strategy_version')
    .values({
      strategy_id: id,
      version: 1,
      source: '',
      document: JSON.stringify({ autopilot: { event: 'purchase', cpa: '30 USD' } }),
      content_hash: Buffer.alloc(32, 9),
      created_at: at,
    })
    .execute();
  await db
    .insertInto('last_evaluation')
    .values({
      account_id: `${market.workspaceId}-account`,
      campaign_id: Object.values(market.adSets)[1]!,
      strategy_id: id,
      strategy_version: 1,
      as_of: new Date(AS_OF),
      evaluated_at: at,
      objects: JSON.stringify([
        {
          objectId: market.adSets[judged.adSet],
          verdict: 'keep',
          rule: null,
          reason: 'on_probation',
          sentence: judged.sentence,
          nearest: 'evidence 6 : 1 of 20 : 1',
          distance: 0.7,
          pilot: judged.pilot,
        },
      ]),
    })
    .execute();
}

/** One stored decision, under the strategy "stop-and-scale". @returns its id. */
export async function seedDecision(db: Db, seed: SeedDecision): Promise<string> {
  const id = randomUUID();
  const at = new Date(MARKET_NOW);
  const workspaceId = seed.market.workspaceId;
  const strategyId = await strategyOf(db, workspaceId);
  const objectId = seed.market.adSets[seed.adSet];
  if (objectId === undefined) throw new Error(`the fixture has no ad set "${seed.adSet}"`);
  await db
    .insertInto('decision')
    .values({
      id,
      workspace_id: workspaceId,
      account_id: `${workspaceId}-account`,
      campaign_id: null,
      object_id: objectId,
      level: 'adset',
      strategy_id: strategyId,
      strategy_version: 1,
      rule: seed.rule ?? null,
      verdict: seed.verdict,
      reason: seed.verdict === 'keep' ? 'no_rule_held' : 'rule_held',
      sentence: seed.sentence,
      mode: seed.mode,
      from_value: null,
      to_value: null,
      until: null,
      evidence: '{}',
      engine_version: '1',
      as_of: new Date(AS_OF),
      decided_at: at,
      decided_wall_at: new Date(seed.wallMs),
      undoes: null,
      needs_workflow: seed.verdict !== 'keep' && seed.mode !== 'dry-run',
      workflow_started_at: seed.verdict === 'keep' ? null : at,
      outcome: seed.outcome ?? null,
      outcome_detail: null,
      closed_at: null,
    })
    .execute();
  await sql`select pg_notify('live', '{}')`.execute(db);
  return id;
}
