import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConversionFacts,
  conversionSignals,
  DEFAULT_LIMITS,
} from '../../../src/core/fraud/conversion-signals.ts';
import { micros } from '../../../src/core/money.ts';

const T0 = Date.parse('2026-03-10T12:00:00Z');

function facts(own: Partial<ConversionFacts> = {}): ConversionFacts {
  return {
    event: 'install',
    eventType: 'install',
    eventAtMs: T0,
    nowMs: T0 + 5_000,
    clickedAtMs: T0 - 300_000,
    installBeginAtMs: null,
    installedAtMs: null,
    rejectedBySender: null,
    amountMicros: null,
    currency: null,
    conversionsOfClick: 1,
    installsOfDevice: 1,
    conversionsOfNetwork: 1,
    clicksOfAddress: 1,
    siteHour: null,
    addressesOfDevice: 1,
    clickCountry: 'DE',
    country: 'de',
    robotClick: false,
    ...own,
  };
}

const names = (own: Partial<ConversionFacts>): string[] => conversionSignals(facts(own)).map((s) => s.signal);
const text = (own: Partial<ConversionFacts>): string =>
  conversionSignals(facts(own))
    .map((s) => s.text)
    .join('; ');

describe('signals of one conversion', () => {
  it('are none in an ordinary install', () => {
    expect(conversionSignals(facts())).toEqual([]);
  });

  it('see a click sent after the download began, at any click-to-install time', () => {
    const begun = { installBeginAtMs: T0 - 40_000, clickedAtMs: T0 - 31_000 };
    expect(names(begun)).toEqual(['click_after_install_begin']);
    expect(text(begun)).toBe('the click came 9 s after the download had begun');
    // Play cuts off to whole seconds: a click of the same second is no proof.
    expect(names({ installBeginAtMs: T0 - 40_000, clickedAtMs: T0 - 39_100 })).toEqual([]);
  });

  it('hold installs to the time an app takes, and no web lead', () => {
    expect(names({ clickedAtMs: T0 - 1_999 })).toEqual(['install_too_fast']);
    expect(names({ clickedAtMs: T0 - 2_000 })).toEqual([]);
    expect(names({ event: 'lead', eventType: 'event', clickedAtMs: T0 - 500 })).toEqual([]);
    const game = { ...DEFAULT_LIMITS, fastestS: { install: 60 } };
    expect(conversionSignals(facts({ clickedAtMs: T0 - 59_000 }), game)[0]?.text).toBe(
      'install 59 s after the click, sooner than the 60 s it takes at least',
    );
  });

  it('doubt a paid sale within a second of its click, not a free one', () => {
    const sale = { event: 'sale', eventType: 'event', clickedAtMs: T0 - 1_000 };
    expect(names({ ...sale, amountMicros: micros(5_000_000) })).toEqual(['paid_too_fast']);
    expect(names({ ...sale, amountMicros: micros(0) })).toEqual([]);
    expect(names(sale)).toEqual([]);
    const paidInstall = { clickedAtMs: T0 - 500, amountMicros: micros(2_000_000) };
    expect(names(paidInstall)).toEqual(['install_too_fast']);
  });

  it('know orders that cannot be, beyond what clocks differ by', () => {
    expect(names({ clickedAtMs: T0 + 61_000 })).toEqual(['impossible_order']);
    expect(names({ clickedAtMs: T0 + 60_000 })).toEqual([]);
    expect(names({ event: 'purchase', eventType: 'event', installedAtMs: T0 + 120_000 })).toEqual([
      'impossible_order',
    ]);
    expect(names({ installBeginAtMs: T0 + 90_000, installedAtMs: T0 })).toEqual(['impossible_order']);
    expect(text({ nowMs: T0 - 700_000 })).toBe('install is dated 700 s in the future');
    expect(names({ nowMs: T0 - 600_000 })).toEqual([]);
  });

  it('see crowds behind one click, device or address', () => {
    expect(names({ conversionsOfClick: 21 })).toEqual(['conversions_per_click']);
    expect(names({ installsOfDevice: 2 })).toEqual(['device_repeated']);
    expect(text({ conversionsOfNetwork: 11, clicksOfAddress: 101, addressesOfDevice: 6 })).toBe(
      '11 conversions from one address block within an hour, 101 clicks from one address within an hour, one device at 6 addresses within a day',
    );
    expect(names({ conversionsOfNetwork: 10, clicksOfAddress: 100, addressesOfDevice: 5 })).toEqual([]);
  });

  it('see a site that sends many times what it usually does', () => {
    const hour = (conversions: number, usual: number) => ({ siteHour: { conversions, usual } });
    expect(text(hour(40, 1.25))).toBe('40 conversions of one site within an hour, 1.3 usually');
    for (const own of [hour(19, 0), hour(40, 4.1), hour(300, 40)]) expect(names(own)).toEqual([]);
    expect(names(hour(20, 2))).toEqual(['burst']);
  });

  it('see robots, other countries and payouts above the cap', () => {
    expect(names({ robotClick: true, country: 'FR' })).toEqual(['country_differs', 'robot_click']);
    const capped = { ...DEFAULT_LIMITS, payoutCapMicros: micros(40_000_000) };
    const paid = facts({ amountMicros: micros(40_010_000), currency: 'USD' });
    expect(conversionSignals(paid, capped)[0]?.text).toBe(
      '$40.01 is more than the offer pays at most ($40.00)',
    );
  });

  it("keep the sender's reason", () => {
    expect(text({ rejectedBySender: 'ctit_anomalies' })).toBe('the sender rejects it for "ctit_anomalies"');
    expect(text({ rejectedBySender: '' })).toBe('the sender rejects it without a reason');
  });

  it('never throw, and say nothing about what is not known', () => {
    const number = fc.oneof(fc.constant(null), fc.double(), fc.integer());
    const word = fc.oneof(fc.string(), fc.constantFrom('install', 'event', 'constructor', '__proto__'));
    const any = fc.record({
      event: word,
      eventType: word,
      eventAtMs: fc.double(),
      nowMs: fc.double(),
      clickedAtMs: number,
      installBeginAtMs: number,
      installedAtMs: number,
      rejectedBySender: fc.option(fc.string()),
      amountMicros: fc.option(fc.maxSafeInteger().map(micros)),
      currency: fc.option(fc.string()),
      conversionsOfClick: number,
      installsOfDevice: number,
      conversionsOfNetwork: number,
      clicksOfAddress: number,
      siteHour: fc.option(fc.record({ conversions: fc.oneof(fc.nat(), fc.double()), usual: fc.double() })),
      addressesOfDevice: number,
      clickCountry: fc.option(fc.string()),
      country: fc.option(fc.string()),
      robotClick: fc.boolean(),
    });
    fc.assert(
      fc.property(any, (found) => {
        for (const signal of conversionSignals(found, { ...DEFAULT_LIMITS, payoutCapMicros: micros(1) }))
          expect(signal.text).not.toMatch(/NaN|undefined|null/);
      }),
      { numRuns: 500 },
    );
    const unknown = {
      clickedAtMs: null,
      conversionsOfClick: null,
      installsOfDevice: null,
      conversionsOfNetwork: null,
      clicksOfAddress: null,
      addressesOfDevice: null,
      clickCountry: null,
    };
    expect(names(unknown)).toEqual([]);
  });
});
