import { expect, test } from 'vitest';
import { clockOf } from '../../../src/cli/clock-words.ts';

test.each([
  ['America/New_York', '2026-11-01T05:30:00Z', '2026-11-01 01:30 EDT'],
  ['America/New_York', '2026-11-01T06:30:00Z', '2026-11-01 01:30 EST'],
  ['Asia/Kolkata', '2026-11-10T18:30:00Z', '2026-11-11 00:00 GMT+5:30'],
  ['UTC', '2026-11-10T00:00:00Z', '2026-11-10 00:00 UTC'],
])('in %s %s is %s', (zone, instant, words) => {
  expect(clockOf(zone)(Date.parse(instant))).toBe(words);
});
