import { beforeEach, describe, expect, it } from 'vitest';
import { createVisitWakes, type VisitWakes } from '../../activities/visit-wakes.ts';
import type { ObjectId } from '../../src/core/object.ts';

const HOUR_MS = 3_600_000;
let nowMs: number;
let asked: string[];
let listening: ReadonlySet<string>;
let wakes: VisitWakes;

beforeEach(() => {
  nowMs = 0;
  asked = [];
  listening = new Set(['a']);
  wakes = createVisitWakes({
    listening: async (workspaceId) => {
      asked.push(workspaceId);
      return listening;
    },
    nowMs: () => nowMs,
  });
});

const visit = (visits: number, rest: { object?: number; account?: string; atMs?: number } = {}) => ({
  workspaceId: 'w',
  accountId: rest.account ?? 'a',
  objectId: (rest.object ?? 1) as ObjectId,
  campaignId: 7 as ObjectId,
  visits,
  newestMs: rest.atMs ?? 0,
});
const count = async (each: () => ReturnType<typeof visit>, times: number): Promise<number> => {
  let woken = 0;
  for (let i = 0; i < times; i += 1) woken += (await wakes.wakenBy([each()])).length;
  return woken;
};

describe('wakes by visits', () => {
  it('come only for accounts whose strategies ask for estimated spend', async () => {
    expect(await wakes.wakenBy([visit(1)])).toEqual([{ accountId: 'a', campaignId: 7 }]);
    expect(await wakes.wakenBy([visit(1, { account: 'b' })])).toEqual([]);
  });

  it('name a campaign once, however many of its objects were visited', async () => {
    expect(await wakes.wakenBy([visit(1), visit(3, { object: 2 })])).toHaveLength(1);
  });

  it('come with every visit of a quiet object and thin out with its traffic', async () => {
    expect(await count(() => visit(1), 20)).toBe(20);
    const more = await count(() => visit(1), 1_000);
    // 20 · ln(1020 / 20) = 79 looks for a thousand visits.
    expect(more).toBeGreaterThan(60);
    expect(more).toBeLessThan(100);
  });

  it('begin anew with each hour', async () => {
    await count(() => visit(1), 1_000);
    expect(await count(() => visit(1, { atMs: HOUR_MS }), 20)).toBe(20);
  });

  it('never let more than a twentieth of the hour’s visits go by', async () => {
    let unseen = 0;
    for (let total = 1; total <= 2_000; total += 1) {
      unseen = (await wakes.wakenBy([visit(1)])).length > 0 ? 0 : unseen + 1;
      expect(unseen).toBeLessThanOrEqual(total / 20);
    }
  });

  it('ask who listens every few seconds, not with every batch', async () => {
    await count(() => visit(1), 50);
    expect(asked).toHaveLength(1);
    listening = new Set();
    nowMs = 5_000;
    expect(await count(() => visit(500), 1)).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it('leave out an object without a campaign', async () => {
    expect(await wakes.wakenBy([{ ...visit(1), campaignId: null }])).toEqual([]);
  });
});
