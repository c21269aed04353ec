import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { median, quantile } from 'simple-statistics';
import type { ObjectId } from '../src/core/object.ts';
import { type WindowBounds, readWindow, windowBounds } from '../src/core/windows.ts';
import { connect, type Db } from '../src/db/connection.ts';
import { loadWindowMetrics } from '../src/db/metrics.ts';
import { migrate } from '../src/db/migrate.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { seedWindows } from './windows-seed.ts';

/**
 * Seconds to load four day windows of 100,000 ads, and milliseconds for the 200 ads of one campaign, as the optimizer
 * loads them. A sample is compared with the plain sums of its hours. The last line is JSON.
 */
const PASSES = 5;
const CAMPAIGNS = 100;
const SPELLINGS = ['today', '3d', '7d', '14d'];

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const postgres = await startPostgres({ dataDir });
const db = connect({ url: postgres.url, name: 'bench windows', max: 2 });
try {
  await migrate(db);
  const today = new Date().toISOString().slice(0, 10);
  await seedWindows(db, today);
  const asOfMs = Date.parse(`${today}T13:00:00Z`);
  const windows = SPELLINGS.map((spelling) => {
    const window = readWindow(spelling);
    if ('problem' in window) throw new Error(window.problem);
    return { spelling, bounds: windowBounds(window, asOfMs, 'UTC') };
  });
  const asked = { accountId: 'bench-a', zone: 'UTC', level: 'ad', windows, asOfMs } as const;
  const { rows: ads } = await sql<{ id: ObjectId; campaign_id: ObjectId }>`
    select id, campaign_id from object where level = 'ad' order by id`.execute(db);

  const passes: number[] = [];
  let all = await loadWindowMetrics(db, { ...asked, objectIds: ads.map((ad) => ad.id) });
  for (let pass = 0; pass < PASSES; pass += 1) {
    const startedAt = performance.now();
    all = await loadWindowMetrics(db, { ...asked, objectIds: ads.map((ad) => ad.id) });
    passes.push((performance.now() - startedAt) / 1_000);
  }
  const campaigns = [...Map.groupBy(ads, (ad) => ad.campaign_id).values()].slice(0, CAMPAIGNS);
  const single: number[] = [];
  for (const campaign of campaigns) {
    const startedAt = performance.now();
    await loadWindowMetrics(db, { ...asked, objectIds: campaign.map((ad) => ad.id) });
    single.push(performance.now() - startedAt);
  }

  let disagreements = 0;
  for (const ad of ads.filter((_, index) => index % 500 === 0)) {
    for (const { spelling, bounds } of windows) {
      const plain = JSON.stringify(await plainSums(db, ad.id, bounds, asOfMs));
      const found = all.get(ad.id)?.[spelling];
      const purchases = found?.conversions['purchase'];
      const loaded = [
        found?.spend,
        found?.impressions,
        found?.clicks,
        purchases?.conversions ?? 0,
        purchases?.value ?? 0,
      ];
      if (JSON.stringify(loaded) !== plain) disagreements += 1;
    }
  }
  console.log(
    JSON.stringify({
      seconds: Number(median(passes).toFixed(3)),
      oneCampaignP99Ms: Number(quantile(single, 0.99).toFixed(1)),
      disagreements,
    }),
  );
} finally {
  await db.destroy();
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

/** Spend, impressions, clicks, purchases and their value, from the hours alone. */
async function plainSums(
  from: Db,
  ad: ObjectId,
  bounds: WindowBounds,
  asOfMs: number,
): Promise<readonly number[]> {
  const since = new Date(bounds.fromMs);
  const until = new Date(Math.min(bounds.toMs, asOfMs));
  const { rows } = await sql<{ sums: readonly number[] }>`
    select array[coalesce(sum(spend), 0)::float8 / 1000000, coalesce(sum(impressions), 0), coalesce(sum(clicks), 0),
                 coalesce(sum(conversions), 0), coalesce(sum(value), 0)::float8 / 1000000]::float8[] as sums
    from (
      select spend_micros as spend, impressions, clicks, 0::bigint as conversions, 0::bigint as value
      from spend_hour where object_id = ${ad} and hour >= ${since} and hour < ${until}
      union all
      select 0, 0, 0, conversions, value_micros
      from conversion_hour where object_id = ${ad} and hour >= ${since} and hour < ${until}
    ) h`.execute(from);
  return rows[0]?.sums ?? [];
}
