import { insertClicks, type NewClick } from '../src/db/click-insert.ts';
import { connect, createPool } from '../src/db/connection.ts';
import { storeStrategy } from '../src/db/strategy.ts';
import { newClickId } from '../src/http/ids.ts';
import type { SandboxOptions } from '../src/sandbox/index.ts';
import { seal } from '../src/secrets.ts';
import { readStrategy } from '../src/strategies/read.ts';
import { seedBench } from './seed.ts';

/** Ad sets with one ad each; the first is for warming up. */
export const LOOP_ADSETS = 340;
const ADSETS_PER_CAMPAIGN = 34;
const HOUR_MS = 3_600_000;

const STRATEGY = `version: 1
strategy: bench
scope: { network: meta, level: adset }
target: { event: purchase, cpa: 30 USD }
mode: live
rules:
  - name: raise what buys
    when: 'conversions("purchase", "7d") >= 1'
    then: { raiseBid: 10 %, atMostOnce: 24h }
guardrails: { maxActionsPerDay: 100000 }
`;

const adsetId = (index: number): string => `1202100000${String(index).padStart(8, '0')}`;
const adId = (index: number): string => `1202200000${String(index).padStart(8, '0')}`;
const campaignId = (index: number): string => `1202000000${String(index).padStart(8, '0')}`;

/** A market with hardly any traffic of its own: some spend, so that there are costs, and no purchases. */
export function loopPlan(): SandboxOptions['plan'] {
  const indexes = Array.from({ length: LOOP_ADSETS }, (_, index) => index);
  return {
    timeZone: 'UTC',
    currency: 'USD',
    targetMicros: 30_000_000,
    campaigns: Array.from({ length: LOOP_ADSETS / ADSETS_PER_CAMPAIGN }, (_, index) => ({
      id: campaignId(index),
      name: `Campaign ${index}`,
      dailyBudgetMicros: null,
    })),
    adsets: indexes.map((index) => ({
      id: adsetId(index),
      name: `Ad set ${index}`,
      campaign: Math.floor(index / ADSETS_PER_CAMPAIGN),
      bidStrategy: 'bid_cap',
      bidMicros: 14_000_000,
      dailyBudgetMicros: 50_000_000,
    })),
    creatives: [{ id: '120230000000000001', name: 'One' }],
    ads: indexes.map((index) => ({
      id: adId(index),
      name: `Ad ${index}`,
      adset: index,
      creative: 0,
      theta: 0.01,
      cpcMicros: 500_000,
      opportunities: 40,
      ctr: 0.01,
      valueMicros: 20_000_000,
      valueLogSd: 0.1,
      delay: 'fast',
      platformBias: 1,
    })),
    dayNoise: 0,
  };
}

/** Workspace, account on the sandbox, source, strategy, and two clicks per ad, two hours old. @returns click ids by ad set. */
export async function seedLoop(input: {
  readonly url: string;
  readonly nowMs: number;
  readonly key: string;
  readonly secretKey: Buffer;
  readonly token: string;
  readonly sandboxUrl: string;
}): Promise<readonly (readonly string[])[]> {
  const { nowMs } = input;
  const db = connect({ url: input.url, name: 'bench seed' });
  const pool = createPool({ url: input.url, name: 'bench seed', max: 1 });
  try {
    await seedBench(db, {
      nowMs,
      key: input.key,
      account: {
        base_url: input.sandboxUrl,
        credentials_sealed: seal(input.secretKey, JSON.stringify({ token: input.token }), 'bench-a'),
        writes_allowed: true,
        tracking_since: new Date(nowMs - 60 * 24 * HOUR_MS),
      },
    });
    const read = readStrategy(STRATEGY, { fileName: 'bench.yaml' });
    if (!read.ok) throw new Error(read.problems.map((problem) => problem.message).join('; '));
    await storeStrategy(db, {
      workspaceId: 'bench',
      text: STRATEGY,
      document: read.document,
      origin: null,
      nowMs,
    });
    const clicks = Array.from({ length: LOOP_ADSETS }, (_, index) => [
      clickOf(index, nowMs),
      clickOf(index, nowMs),
    ]);
    await insertClicks(pool, clicks.flat(), () => null);
    return clicks.map((pair) => pair.map((click) => click.id));
  } finally {
    await db.destroy();
    await pool.end();
  }
}

function clickOf(index: number, nowMs: number): NewClick {
  // Inside the newest hours whose costs are known: the conversions of later clicks would wait for theirs.
  const clickedAtMs = nowMs - 2.5 * HOUR_MS;
  return {
    id: newClickId(clickedAtMs),
    workspaceId: 'bench',
    linkId: 'bench',
    accountId: 'bench-a',
    network: 'meta',
    campaignId: campaignId(Math.floor(index / ADSETS_PER_CAMPAIGN)),
    adsetId: adsetId(index),
    adId: adId(index),
    creative: null,
    placement: null,
    networkClickId: null,
    networkClickParam: null,
    deviceId: null,
    ip: null,
    userAgent: null,
    params: {},
    flags: [],
    clickedAtMs,
    wallAtMs: clickedAtMs,
  };
}
