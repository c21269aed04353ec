import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertClicks } from '../../src/db/click-insert.ts';
import { newClickId } from '../../src/http/ids.ts';
import { actBench } from '../support/act-bench.ts';
import { eventually } from '../support/loop.ts';
import { HOUR_MS } from '../support/seed-account.ts';

const bench = actBench();
let pool: pg.Pool;

beforeAll(() => {
  pool = new pg.Pool({ connectionString: bench.loop.url });
});
afterAll(() => pool.end());

/** Clicks of an ad set, a second apart, from an hour on that is counted from the newest report. */
async function click(networkId: string, hour: number, count: number): Promise<void> {
  const { account } = bench;
  const clicks = Array.from({ length: count }, (_, index) => {
    const clickedAtMs = account.asOfMs + hour * HOUR_MS + index * 1_000;
    return {
      id: newClickId(clickedAtMs),
      workspaceId: account.workspaceId,
      linkId: 'link',
      accountId: account.accountId,
      network: bench.network.id,
      campaignId: account.campaignNetworkId,
      adsetId: networkId,
      adId: null,
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
  });
  await insertClicks(pool, clicks, () => null);
}

describe('a stop-loss over estimated spend, on real workers', () => {
  it('pauses at the network when visits come, long before the network reports what they cost', async () => {
    await bench.strategy(`
version: 1
strategy: stop-loss
scope: { network: fake, level: adset }
mode: live
rules:
  - name: the line of the day
    when: 'est.spend("today") >= 100 && est.conversions("purchase", "today") == 0'
    then: { pause: { until: tomorrow } }
guardrails: { maxShareOfSpendPaused: 100 % }
`);
    // $60 are reported, at $2 a visit.
    const { id, networkId } = await bench.loser('Zen C', 20);
    for (const hour of [-3, -2, -1]) await click(networkId, hour, 10);
    await bench.look();
    await eventually('the first visits', async () => {
      const { rows } = await pool.query<{ sum: string | null }>(
        'select sum(visits) from visit_hour where account_id = $1',
        [bench.account.accountId],
      );
      return rows[0]?.sum === '30';
    });
    expect(bench.network.writes).toHaveLength(0);

    await click(networkId, 0, 21);
    const decision = await bench.closedDecisionOf(id, 'pause');
    expect(decision).toMatchObject({ rule: 'the line of the day', outcome: 'applied' });
    expect(decision.sentence).toContain('est. $102.00 spent today ($42.00 of it not reported yet)');
    expect(bench.network.state.get(networkId)?.status).toBe('paused');
  });
});
