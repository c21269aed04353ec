import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributionWindowHours } from '../../src/core/attribution.ts';
import { clickIdSpellings, sentSpellings } from '../../src/core/click-id-spellings.ts';
import { clickIdTimeMs } from '../../src/core/click-id.ts';
import { newClickId } from '../../src/http/ids.ts';
import { clickIdAt } from '../support/ingest-facts.ts';

const T0 = Date.parse('2026-03-10T12:00:00Z');

describe('the window of an event', () => {
  it("is 24 hours for installs, 30 days for the rest, and the source's own by name before type", () => {
    expect(attributionWindowHours('install', 'install')).toBe(24);
    expect(attributionWindowHours('purchase', 'event')).toBe(720);
    expect(attributionWindowHours('purchase', 'event', { event: 5, purchase: 7 })).toBe(7);
    expect(attributionWindowHours('lead', 'event', { event: 5, purchase: 7 })).toBe(5);
  });
});

describe('how senders write click ids', () => {
  it('leads back to the stored id, for each way in which it may have been written', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.base64String({ minLength: 16, maxLength: 40 }),
      fc.nat({ max: 2 ** 40 }).map(newClickId),
    );
    fc.assert(
      fc.property(id, (stored) => {
        const sent = sentSpellings(stored);
        expect(sent).toContain(stored);
        for (const text of sent) expect(clickIdSpellings(text)).toContain(stored);
      }),
    );
    expect(sentSpellings('a+b/QUJDREVGR0hJSk==')).toEqual([
      'a+b/QUJDREVGR0hJSk==',
      'a b/QUJDREVGR0hJSk==',
      'a%2Bb%2FQUJDREVGR0hJSk%3D%3D',
      'a+b/QUJDREVGR0hJSk',
    ]);
  });
});

describe('our click ids', () => {
  it('tell when they were given out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (ms) => {
        expect(clickIdTimeMs(newClickId(ms))).toBe(ms);
        expect(clickIdTimeMs(clickIdAt(ms))).toBe(ms);
      }),
    );
  });

  it('are told from other texts', () => {
    for (const text of [
      '',
      'EAIaIQobChMI',
      '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
      clickIdAt(T0).toLowerCase(),
      `${clickIdAt(T0)}0`,
    ]) {
      expect(clickIdTimeMs(text)).toBeUndefined();
    }
  });
});
