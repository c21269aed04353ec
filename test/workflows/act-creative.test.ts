import { describe, expect, it } from 'vitest';
import type { ObjectId, ObjectStatus } from '../../src/core/object.ts';
import { storeUndo } from '../../src/db/follow-up.ts';
import { explain } from '../../src/cli/explain.ts';
import { actBench } from '../support/act-bench.ts';
import { eventually, spend } from '../support/loop.ts';
import { HOUR_MS, seedObject } from '../support/seed-account.ts';

const bench = actBench();

const CREATIVE = (rules: string, limits = 'maxShareOfSpendPaused: 100 %') => `
version: 1
strategy: tired-creatives
scope: { network: fake, level: creative }
target: { event: purchase, cpa: 30 USD }
mode: live
rules:
${rules}
guardrails: { ${limits} }
`;
const PAUSE = `
  - name: spends too much
    when: 'spend("today") >= 50'
    then: { pause: true }`;
const RESUME = `
  - name: another try
    when: 'spend("today") >= 50'
    then: { resume: true }`;

/** A creative and its ads, each of which has spent $30 today: too little to pause alone. */
async function creative(ads: Readonly<Record<string, ObjectStatus>>) {
  const { loop, account, network } = bench;
  const creativeNetworkId = `cr-${account.suffix}`;
  const id = await seedObject(
    loop.db,
    account,
    { level: 'creative', networkId: creativeNetworkId, name: 'Sunset' },
    network,
  );
  const made: Record<string, { id: ObjectId; networkId: string }> = {};
  for (const [name, status] of Object.entries(ads)) {
    const networkId = `${name}-${account.suffix}`;
    const adId = await seedObject(
      loop.db,
      account,
      { level: 'ad', networkId, name, status, creative: { id, networkId: creativeNetworkId } },
      network,
    );
    await spend(loop.db, account, adId, 10);
    made[name] = { id: adId, networkId };
  }
  return { id, ads: made };
}

const statusOf = (networkId: string | undefined) => bench.network.state.get(networkId ?? '')?.status;

describe('a creative', () => {
  it('is judged over its ads and paused on each that is active, by one decision each', async () => {
    const { ads } = await creative({ Left: 'active', Right: 'active', Old: 'paused' });
    await bench.strategy(CREATIVE(PAUSE));
    await bench.look();
    for (const name of ['Left', 'Right'] as const) {
      const ad = ads[name];
      const decision = await bench.closedDecisionOf(ad?.id ?? (0 as ObjectId));
      expect(decision).toMatchObject({
        outcome: 'applied',
        verdict: 'pause',
        level: 'ad',
        rule: 'spends too much',
        evidence: {
          input: { object: { name: 'Sunset', level: 'creative' }, windows: { today: { spend: 90 } } },
        },
      });
      expect(decision.sentence).toContain(`${name}, an ad of this creative: pause Sunset`);
      expect(statusOf(ad?.networkId)).toBe('paused');
      expect(await explain(bench.loop.db, ad?.networkId ?? '')).toMatchObject({ recomputed: 'same' });
    }
    expect(bench.network.writes).toHaveLength(2);
    // Looked at again it is paused: nothing is asked twice.
    await bench.look();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(bench.network.writes).toHaveLength(2);
  });

  it('resumes the ads it paused, and only those', async () => {
    const { ads } = await creative({ Left: 'active', Right: 'active', Old: 'paused' });
    await bench.strategy(CREATIVE(PAUSE));
    await bench.look();
    for (const name of ['Left', 'Right']) await bench.closedDecisionOf(ads[name]?.id ?? (0 as ObjectId));
    await bench.strategy(CREATIVE(RESUME));
    await bench.look();
    for (const name of ['Left', 'Right'])
      expect(await bench.closedDecisionOf(ads[name]?.id ?? (0 as ObjectId), 'resume')).toMatchObject({
        outcome: 'applied',
      });
    expect([
      statusOf(ads['Left']?.networkId),
      statusOf(ads['Right']?.networkId),
      statusOf(ads['Old']?.networkId),
    ]).toEqual(['active', 'active', 'paused']);
  });

  it('is paused on all its ads or on none when the limits are too small', async () => {
    const { id } = await creative({ Left: 'active', Right: 'active' });
    await bench.strategy(CREATIVE(PAUSE, 'maxActionsPerDay: 1, maxShareOfSpendPaused: 100 %'));
    await bench.look();
    expect((await bench.keptBecause(id, 'max_actions_per_day')).sentence).toContain('this would be 2 more');
    expect(bench.network.writes).toEqual([]);
  });

  it('is not paused again on facts of before, when a person took one of its ads back', async () => {
    const { id, ads } = await creative({ Left: 'active', Right: 'active' });
    await bench.strategy(CREATIVE(PAUSE));
    await bench.look();
    const left = await bench.closedDecisionOf(ads['Left']?.id ?? (0 as ObjectId));
    await bench.closedDecisionOf(ads['Right']?.id ?? (0 as ObjectId));
    await storeUndo(bench.loop.db, {
      decisionId: left.id,
      by: 'Ann',
      nowMs: bench.account.nowMs + HOUR_MS / 60,
      wallMs: Date.now(),
    });
    await bench.wake([]);
    await eventually('the ad back', () => Promise.resolve(statusOf(ads['Left']?.networkId) === 'active'));
    await bench.closedDecisionOf(ads['Left']?.id ?? (0 as ObjectId), 'resume');
    await bench.look();
    await bench.keptBecause(id, 'no_facts_since_change');
    expect(statusOf(ads['Left']?.networkId)).toBe('active');
  });
});
