import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWindow, windowBounds, type WindowSpec } from '../../src/core/windows.ts';
import { addDays, dayBounds, dayOf, hourEnd, hourStart, isTimeZone } from '../../src/core/zone.ts';

const HOUR = 3_600_000;
const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/St_Johns',
];
const at = (text: string) => Date.parse(text);
const spec = (spelling: string): WindowSpec => {
  const read = readWindow(spelling);
  if ('problem' in read) throw new Error(read.problem);
  return read;
};

describe('zone edges', () => {
  it('knows 23-hour and 25-hour days', () => {
    const spring = dayBounds('2026-03-08', 'America/New_York');
    const autumn = dayBounds('2026-11-01', 'America/New_York');
    expect(spring.endMs - spring.startMs).toBe(23 * HOUR);
    expect(autumn.endMs - autumn.startMs).toBe(25 * HOUR);
  });

  it('begins hours at the half in half-hour zones', () => {
    expect(new Date(hourStart(at('2026-11-05T10:45:00Z'), 'Asia/Kolkata')).toISOString()).toBe(
      '2026-11-05T10:30:00.000Z',
    );
  });

  it('cuts no hour where the clocks were moved by half an hour within the window', () => {
    const zone = 'Australia/Lord_Howe';
    const asOfMs = hourStart(at('2026-04-06T03:00:00Z'), zone);
    const { fromMs } = windowBounds(spec('72h'), asOfMs, zone);
    expect(fromMs).toBe(hourStart(fromMs, zone));
    expect(asOfMs - fromMs).toBe(72.5 * HOUR);
  });

  it('puts every instant into exactly one hour and one day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2028-01-01T00:00Z') }),
        fc.constantFrom(...ZONES),
        (ms, zone) => {
          const hour = hourStart(ms, zone);
          expect(ms - hour).toBeGreaterThanOrEqual(0);
          expect(ms - hour).toBeLessThan(HOUR);
          const day = dayOf(ms, zone);
          expect(day.startMs).toBeLessThanOrEqual(ms);
          expect(day.endMs).toBeGreaterThan(ms);
          expect(dayBounds(addDays(day.date, 1), zone).startMs).toBe(day.endMs);
        },
      ),
    );
  });

  it('lets hours follow one another without gap or overlap, where clocks change by half an hour too', () => {
    const changes = [
      '2026-04-04T15:00:00Z',
      '2026-10-03T15:30:00Z',
      '2026-03-08T07:00:00Z',
      '2010-11-07T02:31:00Z',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...changes.map(at)),
        fc.integer({ min: -200, max: 200 }),
        fc.constantFrom(...ZONES, 'America/St_Johns'),
        (changeMs, minutes, zone) => {
          const ms = changeMs + minutes * 60_000;
          const start = hourStart(ms, zone);
          const end = hourEnd(ms, zone);
          expect(start).toBeLessThanOrEqual(ms);
          expect(end).toBeGreaterThan(ms);
          for (const within of [start, end - 1]) {
            expect(hourStart(within, zone)).toBe(start);
            expect(hourEnd(within, zone)).toBe(end);
          }
          expect(hourStart(end, zone)).toBe(end);
        },
      ),
    );
  });

  it('refuses a zone that is none', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Mars/Olympus')).toBe(false);
  });
});

describe('windows', () => {
  const asOf = at('2026-11-05T15:00:00Z');

  it.each([
    ['3h', '2026-11-05T12:00:00Z', '2026-11-05T15:00:00Z'],
    ['today', '2026-11-05T05:00:00Z', '2026-11-05T15:00:00Z'],
    ['yesterday', '2026-11-04T05:00:00Z', '2026-11-05T05:00:00Z'],
    ['3d', '2026-11-03T05:00:00Z', '2026-11-05T15:00:00Z'],
    ['3d before today', '2026-11-02T05:00:00Z', '2026-11-05T05:00:00Z'],
    ['lifetime', '1970-01-01T00:00:00Z', '2026-11-05T15:00:00Z'],
  ])('%s ends where the spend is reported to', (spelling, from, to) => {
    expect(windowBounds(spec(spelling), asOf, 'America/New_York')).toEqual({
      fromMs: at(from),
      toMs: at(to),
    });
  });

  it('still means the day that has facts at the stroke of midnight', () => {
    const midnight = at('2026-11-05T05:00:00Z');
    expect(windowBounds(spec('today'), midnight, 'America/New_York')).toEqual({
      fromMs: at('2026-11-04T04:00:00Z') + HOUR,
      toMs: midnight,
    });
  });

  it('is never cut by an hour of the zone and nests by length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2025-01-01T00:00Z'), max: at('2027-01-01T00:00Z') }),
        fc.constantFrom(...ZONES),
        fc.integer({ min: 1, max: 30 }),
        (ms, zone, days) => {
          const end = hourStart(ms, zone);
          const inner = windowBounds({ kind: 'days', days, offset: 0 }, end, zone);
          const outer = windowBounds({ kind: 'days', days: days + 1, offset: 0 }, end, zone);
          expect(hourStart(inner.fromMs, zone)).toBe(inner.fromMs);
          expect(outer.fromMs).toBeLessThan(inner.fromMs);
          expect(inner.toMs).toBe(end);
          expect(inner.fromMs).toBeLessThan(inner.toMs);
        },
      ),
    );
  });

  it.each(['', '0h', '73h', '0d', '400d', '3w', '3 d', 'Today', '3h before today', '7d ago'])(
    'refuses %j with a cure',
    (spelling) => {
      expect(readWindow(spelling)).toHaveProperty('problem');
    },
  );
});
