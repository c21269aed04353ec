import { expect, test } from 'vitest';
import { hourStart } from '../../src/core/zone.ts';

const hour = (instant: string, zone: string): string =>
  new Date(hourStart(Date.parse(instant), zone)).toISOString();

test('an hour begins by the zone’s own clock on both sides of each change, in whatever order it is asked', () => {
  const newfoundland = 'America/St_Johns';
  // The clocks there used to change at one minute past midnight: from −02:30 to −03:30 at 02:31 UTC of that day.
  const cases = [
    ['2010-11-07T02:30:59.999Z', '2010-11-07T02:30:00.000Z'],
    ['2010-11-07T02:31:00.000Z', '2010-11-07T02:31:00.000Z'],
    ['2010-11-07T02:45:00.000Z', '2010-11-07T02:31:00.000Z'],
    ['2010-11-07T02:29:59.999Z', '2010-11-07T01:30:00.000Z'],
    ['2010-07-01T00:29:00.000Z', '2010-06-30T23:30:00.000Z'],
    ['2010-12-01T00:29:00.000Z', '2010-11-30T23:30:00.000Z'],
  ] as const;
  for (const [asked, start] of [...cases, ...cases.toReversed()])
    expect(hour(asked, newfoundland)).toBe(start);
  // Half an hour is gone, not a whole one.
  expect(hour('2026-04-04T14:45:00Z', 'Australia/Lord_Howe')).toBe('2026-04-04T14:00:00.000Z');
  expect(hour('2026-04-04T15:15:00Z', 'Australia/Lord_Howe')).toBe('2026-04-04T15:00:00.000Z');
  expect(hour('2026-04-04T14:45:00Z', 'Australia/Lord_Howe')).toBe('2026-04-04T14:00:00.000Z');
  expect(hour('2026-05-01T10:29:59Z', 'Asia/Kolkata')).toBe('2026-05-01T09:30:00.000Z');
});
