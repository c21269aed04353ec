import { describe, expect, it } from 'vitest';
import { dayBounds } from '../../../src/core/zone.ts';
import { REPORT_LAG_MS, reportedHours } from '../../../src/sandbox/books.ts';
import { samplePlan } from '../../../src/sandbox/market/sample-plan.ts';
import {
  advance,
  applyChange,
  createWorld,
  replayWrite,
  score,
  type World,
} from '../../../src/sandbox/world.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 10, 5);

function world(): World {
  return createWorld({ seed: 1, plan: samplePlan(1), startMs: START_MS, stepMs: 600_000 });
}

const named = (of: World, name: string) => {
  const found = of.settings.find((setting) => setting.name === name);
  if (!found) throw new Error(`no setting ${name}`);
  return found;
};

describe('world', () => {
  it('equals its untouched twin to the cent while nobody writes', () => {
    const one = world();
    advance(one, START_MS + 30 * HOUR_MS);
    expect(one.profit).toEqual(one.twinProfit);
    expect(one.profit.spendMicros).toBeGreaterThan(0);
    expect(score(one).withBidloopMicros).toBe(score(one).leftAloneMicros);
  });

  it('makes more profit than its twin once the losers are paused, and keeps the twin running', () => {
    const one = world();
    advance(one, START_MS + 10 * HOUR_MS);
    const facts = { by: 'api', wallMs: 0, marketMs: one.market.nowMs, requestId: null } as const;
    applyChange(one, named(one, 'Yoga Broad'), { status: 'PAUSED' }, facts);
    applyChange(one, named(one, 'Zen C'), { status: 'PAUSED' }, facts);
    advance(one, START_MS + 20 * HOUR_MS);
    expect(score(one).withBidloopMicros).toBeGreaterThan(score(one).leftAloneMicros + 300_000_000);
    expect(one.twinProfit.spendMicros).toBeGreaterThan(one.profit.spendMicros);
  });

  it('goes on from a snapshot and the writes logged after it', () => {
    const one = world();
    advance(one, START_MS + 5 * HOUR_MS);
    const snapshot = JSON.stringify(one);
    const written = applyChange(
      one,
      named(one, 'Yoga C'),
      { bidMicros: 20_000_000 },
      { by: 'api', wallMs: 1, marketMs: one.market.nowMs, requestId: 'x' },
    );
    const restored = JSON.parse(snapshot) as World;
    replayWrite(restored, written);
    replayWrite(restored, written);
    expect(restored.writes).toHaveLength(1);
    expect(named(restored, 'Yoga C').bidMicros).toBe(20_000_000);
    advance(one, START_MS + 9 * HOUR_MS);
    advance(restored, START_MS + 9 * HOUR_MS);
    expect(restored.profit).toEqual(one.profit);
  });
});

describe('reported spend', () => {
  const one = world();
  advance(one, START_MS + 40 * HOUR_MS);
  const zone = one.plan.timeZone;
  const day = dayBounds('2026-11-10', zone);
  const read = (nowMs: number) =>
    reportedHours(one.books, 0, { fromMs: day.startMs, toMs: day.endMs, nowMs });

  it('shows an hour only once it has been closed for the lag', () => {
    const noon = day.startMs + 12 * HOUR_MS;
    expect(read(noon + HOUR_MS + REPORT_LAG_MS - 1).some((row) => row.hourMs === noon)).toBe(false);
    expect(read(noon + HOUR_MS + REPORT_LAG_MS).some((row) => row.hourMs === noon)).toBe(true);
  });

  it('restates by at most two percent the next morning and then stands', () => {
    const sum = (nowMs: number) => read(nowMs).reduce((total, row) => total + row.spendMicros, 0);
    const first = sum(day.endMs + 2 * HOUR_MS);
    const settled = sum(day.endMs + 7 * HOUR_MS);
    expect(first).not.toBe(settled);
    expect(Math.abs(first / settled - 1)).toBeLessThan(0.02);
    expect(sum(day.endMs + 9 * HOUR_MS)).toBe(settled);
  });
});
