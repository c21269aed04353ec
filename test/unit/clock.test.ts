import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  startClock,
  stopClock,
  wallDuration,
  type WorkspaceClock,
  workspaceNow,
} from '../../src/core/clock.ts';

const clock: WorkspaceClock = { originMs: 1_000_000, wallOriginMs: 500, rate: 60, stoppedAtMs: null };

describe('the workspace clock', () => {
  it('runs at its rate from its origin', () => {
    expect(workspaceNow(clock, 500)).toBe(1_000_000);
    expect(workspaceNow(clock, 1_500)).toBe(1_060_000);
  });

  it('stands still while it is stopped and goes on from there, however long the stop', () => {
    const stopped = stopClock(clock, 1_500);
    expect(workspaceNow(stopped, 9_999_999)).toBe(1_060_000);
    const again = startClock(stopped, 9_999_999);
    expect(workspaceNow(again, 9_999_999)).toBe(1_060_000);
    expect(workspaceNow(again, 10_000_999)).toBe(1_120_000);
  });

  it('never runs backwards, through any sequence of stops, starts and rates', () => {
    const step = fc.record({
      after: fc.nat(100_000),
      what: fc.constantFrom('stop', 'start', 'look'),
      rate: fc.integer({ min: 1, max: 2_000 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let current = clock;
        let wall = 500;
        let last = workspaceNow(current, wall);
        for (const { after, what, rate } of steps) {
          wall += after;
          if (what === 'stop') current = stopClock(current, wall);
          if (what === 'start') current = startClock(current, wall, rate);
          const now = workspaceNow(current, wall);
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
        }
      }),
    );
  });

  it('turns workspace durations into wall durations, never into nothing', () => {
    expect(wallDuration(clock, 900_000)).toBe(15_000);
    expect(wallDuration(clock, 1)).toBe(1);
  });
});
