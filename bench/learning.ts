import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { median, quantile } from 'simple-statistics';
import type { ObjectId } from '../src/core/object.ts';
import { connect, type Db } from '../src/db/connection.ts';
import { forgetCounts } from '../src/db/learning/count-delays.ts';
import { loadDelivery, streamDelivery } from '../src/db/learning/delivery.ts';
import { learn } from '../src/db/learning/learn.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { seedWorld, type World } from './learning-seed.ts';
import { seedBench } from './seed.ts';

/**
 * What learning costs: an account of a million conversions in 90 days learned from nothing, and once more after the last
 * two days have changed; and what evidence costs: the buckets of one campaign of 200 ads (for CPA; and for ROAS, where its 200,000
 * orders are looked through for those beyond the cap), and of an account of 100,000 ads.
 * `BENCH_ADS` and `BENCH_DAYS` make both smaller. The last line is JSON.
 */
const ADS = Number(process.env['BENCH_ADS'] ?? 100_000);
const DAYS = Number(process.env['BENCH_DAYS'] ?? 90);
const ADS_PER_CAMPAIGN = 200;
const NOW_MS = Date.parse('2026-11-05T12:20:00Z');
const AS_OF_MS = Date.parse('2026-11-05T12:00:00Z');

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const postgres = await startPostgres({ dataDir });
const db = connect({ url: postgres.url, name: 'bench learning', max: 4 });
try {
  await seedBench(db, { nowMs: NOW_MS, key: 'bench-key-of-no-use' });
  await sql`
    insert into ad_account (id, workspace_id, network, network_account_id, name, currency, time_zone, created_at)
    select 'bench-many', workspace_id, network, 'act_2', name, currency, time_zone, created_at from ad_account`.execute(
    db,
  );
  const shop = { workspaceId: 'bench', sourceId: 'bench' };
  const common: World = {
    nowMs: NOW_MS,
    days: DAYS,
    campaigns: 5,
    adsPerCampaign: ADS_PER_CAMPAIGN,
    seed: 1,
  };
  await seedWorld(db, { ...shop, accountId: 'bench-a' }, { ...common, clicksPerHour: 4, rate: 0.25 });
  await seedWorld(
    db,
    { ...shop, accountId: 'bench-many' },
    { ...common, days: 30, campaigns: ADS / ADS_PER_CAMPAIGN, hoursPerDay: 2, clicksPerHour: 4, rate: 0.05 },
  );
  await sql`vacuum analyze`.execute(db);
  const { rows } = await sql<{
    n: number;
  }>`select count(*) as n from conversion where account_id = 'bench-a'`.execute(db);
  const conversions = rows[0]?.n ?? 0;

  await forgetCounts(db, { id: 'bench-a', zone: 'UTC' });
  const first = await timed(() => learn(db, 'bench-a', NOW_MS));
  await sql`
    insert into cohort_news (account_id, campaign_id, day, news_at)
    select distinct account_id, campaign_id, day, now from delay_count, (select ${new Date(NOW_MS)}::timestamptz as now) n
    where account_id = 'bench-a' and day >= '2026-11-03'`.execute(db);
  const again = await timed(() => learn(db, 'bench-a', NOW_MS));

  const small = await adsOf(db, 'bench-a');
  const campaigns = [...Map.groupBy(small, (ad) => ad.campaign_id).values()];
  const single = { cpa: [] as number[], roas: [] as number[] };
  for (let pass = 0; pass < 20; pass += 1)
    for (const ads of campaigns) {
      single.cpa.push(await millisecondsOf(() => loadDelivery(db, input('bench-a', ads))));
      single.roas.push(await millisecondsOf(() => loadDelivery(db, capped(input('bench-a', ads)))));
    }

  const many = await adsOf(db, 'bench-many');
  let buckets = 0;
  const all = await timed(() =>
    streamDelivery(
      db,
      capped(input('bench-many', many)),
      (_, delivery) => (buckets += delivery.fromMs.length),
    ),
  );
  console.log(
    JSON.stringify({
      conversions,
      learnSeconds: first.seconds,
      cohorts: first.result.cohorts,
      learnAgainSeconds: again.seconds,
      cohortsAgain: again.result.cohorts,
      oneCampaignMs: round(median(single.cpa)),
      oneCampaignP99Ms: round(quantile(single.cpa, 0.99)),
      oneCampaignRoasMs: round(median(single.roas)),
      ads: many.length,
      buckets,
      allAdsSeconds: all.seconds,
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1_024),
    }),
  );
} finally {
  await db.destroy();
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

interface Ad {
  readonly id: ObjectId;
  readonly campaign_id: ObjectId;
}

async function adsOf(from: Db, accountId: string): Promise<readonly Ad[]> {
  const { rows } = await sql<Ad>`
    select id, campaign_id from object where account_id = ${accountId} and level = 'ad' order by id`.execute(
    from,
  );
  return rows;
}

function input(accountId: string, ads: readonly Ad[]) {
  return {
    accountId,
    zone: 'UTC',
    level: 'ad' as const,
    objects: ads.map(({ id }) => ({ id, createdAtMs: 0 })),
    asOfMs: AS_OF_MS,
    trackingSinceMs: 0,
    events: ['purchase'],
  };
}

/** As a strategy that values revenue asks for it: orders count up to a cap. */
function capped<Input>(of: Input) {
  return { ...of, capsMicros: new Map([['purchase', 150_000_000]]) };
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, seconds: round((performance.now() - startedAt) / 1_000) };
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
