import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWakeGate } from '../../activities/wake-gate.ts';

let sent: { accountId: string; campaignIds: readonly number[] }[];
let failing: boolean;
let failures: unknown[];

function gate() {
  return createWakeGate(
    async (accountId, campaignIds) => {
      if (failing) throw new Error('Temporal is away');
      sent.push({ accountId, campaignIds });
    },
    (error) => failures.push(error),
    1_000,
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  failures = [];
  failing = false;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the wake gate', () => {
  it('passes the first wake on at once and gathers the rest for a second', async () => {
    const wakes = gate();
    for (let i = 0; i < 50; i += 1) wakes.wake('a', [i % 5]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([{ accountId: 'a', campaignIds: [0] }]);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    expect(new Set(sent[1]?.campaignIds)).toEqual(new Set([0, 1, 2, 3, 4]));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toHaveLength(2);
  });

  it('does not let one account wait for another', async () => {
    const wakes = gate();
    wakes.wake('a', [1]);
    wakes.wake('b', [2]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map((s) => s.accountId)).toEqual(['a', 'b']);
  });

  it('keeps what could not be passed on and sends it with the next', async () => {
    const wakes = gate();
    failing = true;
    wakes.wake('a', [1]);
    await vi.advanceTimersByTimeAsync(10);
    expect(failures).toHaveLength(1);
    failing = false;
    wakes.wake('a', [2]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(new Set(sent[0]?.campaignIds)).toEqual(new Set([1, 2]));
  });

  it('passes on what still waits when it is flushed', async () => {
    const wakes = gate();
    wakes.wake('a', [1]);
    wakes.wake('a', [2]);
    await wakes.flush();
    expect(sent.flatMap((s) => s.campaignIds)).toEqual([1, 2]);
  });
});
