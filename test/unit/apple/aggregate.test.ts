import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConversionValueMap, readConversionValue } from '../../../src/core/apple/conversion-values.ts';
import { CONVERSION_WINDOWS, launchedBetween } from '../../../src/core/apple/conversion-windows.ts';
import { appleReport, NO_MEANING } from '../../../src/core/apple/report.ts';
import { type SourceGroup, campaignOf, groupBySource } from '../../../src/core/apple/source-identifiers.ts';
import { type AppleTally, NO_TALLY, addTallies, sumTallies, tallyOf } from '../../../src/core/apple/tally.ts';
import { micros } from '../../../src/core/money.ts';

const installs = (count: number): AppleTally => ({ ...NO_TALLY, installs: count });

describe('source identifiers', () => {
  const rows = [
    { identifier: '39', tally: installs(5) },
    { identifier: '239', tally: installs(3) },
    { identifier: '5239', tally: installs(2) },
    { identifier: '1239', tally: installs(1) },
    { identifier: '40', tally: installs(7) },
    { identifier: '39', tally: installs(10) },
  ];

  it('two digits hold everything that ends in them', () => {
    const [thirtyNine, forty] = groupBySource(rows);
    expect(thirtyNine).toMatchObject({ identifier: '39', total: { installs: 21 }, own: { installs: 15 } });
    expect(thirtyNine?.finer).toMatchObject([
      {
        identifier: '239',
        total: { installs: 6 },
        own: { installs: 3 },
        finer: [
          { identifier: '1239', total: { installs: 1 } },
          { identifier: '5239', total: { installs: 2 } },
        ],
      },
    ]);
    expect(forty).toMatchObject({ identifier: '40', total: { installs: 7 }, finer: [] });
  });

  it('the other reading of short identifiers is a setting', () => {
    const names = groupBySource(rows, 'first').map((group) => [group.identifier, group.total.installs]);
    expect(names).toEqual([
      ['12', 1],
      ['23', 3],
      ['39', 15],
      ['40', 7],
      ['52', 2],
    ]);
  });

  it('nothing is lost and nothing counted twice', () => {
    const row = fc.record({
      identifier: fc.stringMatching(/^\d{1,4}$/),
      tally: fc.record({
        installs: fc.nat(100),
        reinstalls: fc.nat(100),
        reEngagements: fc.nat(100),
        windows: fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)),
        values: fc.constant<AppleTally['values']>([{}, {}, {}]),
        valued: fc.nat(100),
        revenueMicros: fc.nat(1_000_000),
      }),
    });
    const holds = (group: SourceGroup): boolean =>
      JSON.stringify(group.total) ===
        JSON.stringify(group.finer.reduce((all, one) => addTallies(all, one.total), group.own)) &&
      group.finer.every(holds);
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom('last' as const, 'first' as const), (some, short) => {
        const groups = groupBySource(some, short);
        const total = sumTallies(groups.map((one) => one.total));
        expect(total).toEqual(sumTallies(some.map((one) => one.tally)));
        expect(groups.every(holds)).toBe(true);
      }),
    );
  });
});

describe('conversion values', () => {
  const map: ConversionValueMap = {
    currency: 'USD',
    trustValues: true,
    windows: [
      {
        fine: {
          0: { event: 'launch', revenueMicros: null },
          20: { event: 'purchase', revenueMicros: micros(4_990_000) },
        },
      },
      { coarse: { high: { event: 'purchase', revenueMicros: micros(9_000_000) } } },
    ],
  };

  it('mean what the setting says, window by window', () => {
    const read = (fineValue: number | null, coarseValue: 'low' | 'high' | null, sequenceIndex: 0 | 1 | 2) =>
      readConversionValue({ fineValue, coarseValue, sequenceIndex }, map);
    expect(read(20, null, 0)).toEqual({
      kind: 'mapped',
      event: 'purchase',
      revenueMicros: 4_990_000,
      currency: 'USD',
    });
    // 0 is a value.
    expect(read(0, null, 0)).toMatchObject({ kind: 'mapped', event: 'launch', revenueMicros: null });
    expect(read(21, null, 0)).toEqual({ kind: 'unmapped', value: '21' });
    expect(read(null, 'high', 1)).toMatchObject({ kind: 'mapped', revenueMicros: 9_000_000 });
    expect(read(null, 'high', 0)).toEqual({ kind: 'unmapped', value: 'high' });
    expect(read(null, 'high', 2)).toEqual({ kind: 'unmapped', value: 'high' });
    expect(read(null, null, 0)).toEqual({ kind: 'no_value' });
  });

  it('of a sender that is not authenticated mean nothing: the signature does not cover them', () => {
    const value = { fineValue: 20, coarseValue: null, sequenceIndex: 0 } as const;
    expect(readConversionValue(value, { ...map, trustValues: false })).toEqual({
      kind: 'untrusted',
      value: '20',
    });
  });
});

describe('what alike postbacks add', () => {
  const map: ConversionValueMap = {
    currency: 'USD',
    trustValues: true,
    windows: [
      { fine: { 63: { event: 'purchase', revenueMicros: micros(5_000_000) } } },
      { coarse: { high: { event: 'purchase', revenueMicros: micros(2_000_000) } } },
    ],
  };
  const alike = { sequenceIndex: 0, fineValue: 63, coarseValue: null, postbacks: 3 } as const;

  it('installs, reinstalls or re-engagements, and what they are worth', () => {
    expect(tallyOf({ ...alike, eventType: 'install' }, map)).toEqual({
      installs: 3,
      reinstalls: 0,
      reEngagements: 0,
      windows: [3, 0, 0],
      values: [{ 63: 3 }, {}, {}],
      valued: 3,
      revenueMicros: 15_000_000,
    });
    expect(tallyOf({ ...alike, eventType: 'reinstall', fineValue: null }, map)).toMatchObject({
      installs: 0,
      reinstalls: 3,
      values: [{ none: 3 }, {}, {}],
      valued: 0,
      revenueMicros: 0,
    });
    expect(tallyOf({ ...alike, eventType: 're-engagement' }, null)).toMatchObject({
      reEngagements: 3,
      valued: 0,
      revenueMicros: 0,
    });
  });

  it('a later window adds its worth, not another install', () => {
    const later = { sequenceIndex: 1, fineValue: null, coarseValue: 'high', postbacks: 2 } as const;
    expect(tallyOf({ ...later, eventType: 'install' }, map)).toEqual({
      ...NO_TALLY,
      windows: [0, 2, 0],
      values: [{}, { high: 2 }, {}],
      revenueMicros: 4_000_000,
    });
  });
});

describe('campaigns of identifiers', () => {
  it('the longest entry that fits names it, and a short one only where it can be no other', () => {
    const campaigns = { '39': 'a', '5239': 'b', '1140': 'c', '2240': 'c', '1150': 'd', '2250': 'e' };
    expect(
      ['39', '5239', '1239', '140', '40', '50', '2250', '77', '9'].map((one) => campaignOf(one, campaigns)),
    ).toEqual(['a', 'b', 'a', 'c', 'c', null, 'e', null, null]);
    expect(campaignOf('52', campaigns, 'first')).toBe('b');
  });

  it('an entry is no prototype’s', () => {
    expect(campaignOf('constructor', {})).toBeNull();
  });
});

describe('the report by app and network', () => {
  it('keeps networks and campaign ids apart, and adds up', () => {
    const count = {
      appId: '1',
      adNetworkId: 'a.skadnetwork',
      identifiedBy: 'source',
      identifier: '39',
      eventType: 'install',
      sequenceIndex: 0,
      fineValue: null,
      coarseValue: null,
      postbacks: 5,
    } as const;
    const [app, ...others] = appleReport(
      [
        count,
        { ...count, identifier: '5239', postbacks: 2 },
        { ...count, identifiedBy: 'campaign', identifier: '39', postbacks: 1 },
        { ...count, adNetworkId: 'b.skadnetwork', postbacks: 4 },
      ],
      () => ({ ...NO_MEANING, campaigns: { '39': 'US' } }),
    );
    expect(others).toEqual([]);
    expect(app?.total.installs).toBe(12);
    expect(app?.networks).toMatchObject([
      {
        adNetworkId: 'a.skadnetwork',
        total: { installs: 8 },
        lines: [
          {
            identifier: '39',
            identifiedBy: 'source',
            campaign: 'US',
            total: { installs: 7 },
            finer: [{ identifier: '239', finer: [{ identifier: '5239', campaign: 'US' }] }],
          },
          { identifier: '39', identifiedBy: 'campaign', total: { installs: 1 } },
        ],
      },
      { adNetworkId: 'b.skadnetwork', total: { installs: 4 } },
    ]);
  });
});

describe('conversion windows', () => {
  it('follow one another without a gap', () => {
    expect(CONVERSION_WINDOWS.map((window) => [window.firstDay, window.lastDay])).toEqual([
      [0, 2],
      [3, 7],
      [8, 35],
    ]);
  });

  it('a postback tells between when the app was first launched', () => {
    const day = 86_400_000;
    const received = Date.UTC(2026, 5, 30);
    expect(launchedBetween({ version: '4.0', sequenceIndex: 0 }, received)).toEqual({
      earliestMs: received - 5 * day,
      latestMs: received - day,
    });
    expect(launchedBetween({ version: null, sequenceIndex: 2 }, received)).toEqual({
      earliestMs: received - 42 * day,
      latestMs: received - 9 * day,
    });
    expect(launchedBetween({ version: '3.0', sequenceIndex: 0 }, received)).toBeNull();
  });
});
