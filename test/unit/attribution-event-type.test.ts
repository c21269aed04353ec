import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventTypeQuestion, readEventType } from '../../src/core/attribution-event-type.ts';

const DAY = 86_400_000;
const T0 = Date.parse('2026-03-10T12:00:00Z');

const ask = (own: Partial<EventTypeQuestion>): EventTypeQuestion => ({
  eventType: 'install',
  atMs: T0,
  retargeting: false,
  opensApp: false,
  history: { installedAtMs: null, seenAtMs: null },
  ...own,
});
const installed = (agoMs: number) => ({ history: { installedAtMs: T0 - agoMs, seenAtMs: T0 - agoMs } });

describe('what an event is by the past of its user', () => {
  it('is an install the first time, and again after the re-attribution window', () => {
    expect(readEventType(ask({}))).toMatchObject({ eventType: 'install' });
    expect(readEventType(ask(installed(90 * DAY)))).toEqual({
      kind: 'type',
      eventType: 'reinstall',
      text: 'installed again after 90 days: no new user',
    });
    expect(readEventType(ask(installed(90 * DAY + 1)))).toMatchObject({ eventType: 'install' });
    const month = { reattributionHours: 30 * 24, inactivityHours: 0 };
    expect(readEventType(ask(installed(31 * DAY)), month)).toMatchObject({ eventType: 'install' });
  });

  it('is a re-attribution where retargeting brought the reinstall about', () => {
    expect(readEventType(ask({ ...installed(20 * DAY), retargeting: true }))).toMatchObject({
      eventType: 're-attribution',
    });
  });

  it('is the same install when two senders date it within a minute', () => {
    expect(readEventType(ask(installed(60_000)))).toMatchObject({ kind: 'same_install' });
    expect(readEventType(ask(installed(-60_000)))).toMatchObject({ kind: 'same_install' });
    expect(readEventType(ask(installed(60_001)))).toMatchObject({ eventType: 'reinstall' });
    expect(readEventType(ask(installed(-DAY)))).toMatchObject({ eventType: 'install' });
  });

  it('is a re-engagement when retargeting opens the app after a week without a sign', () => {
    const open = { eventType: 'event', opensApp: true, retargeting: true };
    expect(readEventType(ask({ ...open, ...installed(7 * DAY) }))).toMatchObject({
      eventType: 're-engagement',
    });
    expect(readEventType(ask({ ...open, ...installed(7 * DAY - 1) }))).toMatchObject({ eventType: 'event' });
    expect(readEventType(ask({ ...open, ...installed(9 * DAY), retargeting: false }))).toMatchObject({
      eventType: 'event',
    });
    expect(readEventType(ask({ ...open, ...installed(9 * DAY), opensApp: false }))).toMatchObject({
      eventType: 'event',
    });
  });

  it('is what the sender says otherwise, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.option(fc.double()),
        (eventType, atMs, flag, past) => {
          const history = { installedAtMs: past, seenAtMs: past };
          const read = readEventType({ eventType, atMs, retargeting: flag, opensApp: flag, history });
          if (read.kind === 'type' && eventType !== 'install' && eventType !== 'event')
            expect(read.eventType).toBe(eventType);
        },
      ),
    );
  });
});
