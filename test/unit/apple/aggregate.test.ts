import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConversionValueMap, readConversionValue } from '../../../src/core/apple/conversion-values.ts';
import { CONVERSION_WINDOWS, launchedBetween } from '../../../src/core/apple/conversion-windows.ts';
import {
  type AppleTally,
  NO_TALLY,
  type SourceGroup,
  addTallies,
  groupBySource,
} from '../../../src/core/apple/source-identifiers.ts';
import { micros } from '../../../src/core/money.ts';
import { readApple } from '../../../src/sources/apple/read-apple.ts';
import { tallyOf } from '../../../src/sources/apple/tally.ts';
import { OWN_KEYS, signPostback, values } from './signing.ts';
import { DEVELOPMENT_JWS, VECTORS } from './vectors.ts';

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
        const total = groups.reduce((all, one) => addTallies(all, one.total), NO_TALLY);
        expect(total).toEqual(some.reduce((all, one) => addTallies(all, one.tally), NO_TALLY));
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

describe('what one postback adds', () => {
  const mapped = {
    kind: 'mapped',
    event: 'purchase',
    revenueMicros: micros(5_000_000),
    currency: 'USD',
  } as const;
  const counted = (json: string) => readApple(values(json));

  it('an install, a reinstall or nothing, and what it is worth', () => {
    expect(tallyOf(counted(VECTORS['4.0 fine']), mapped)).toEqual({
      installs: 1,
      reinstalls: 0,
      reEngagements: 0,
      valued: 1,
      revenueMicros: 5_000_000,
    });
    expect(tallyOf(counted(VECTORS['3.0 won']), { kind: 'no_value' })).toMatchObject({
      installs: 0,
      reinstalls: 1,
      valued: 0,
      revenueMicros: 0,
    });
    expect(tallyOf(counted(VECTORS['3.0 lost']), mapped)).toEqual(NO_TALLY);
    expect(tallyOf(counted(DEVELOPMENT_JWS), mapped)).toEqual(NO_TALLY);
    expect(tallyOf(counted('{}'), mapped)).toEqual(NO_TALLY);
  });

  it('a later window adds its worth, not another install', () => {
    const later = signPostback({
      version: '4.0',
      'ad-network-id': 'a.skadnetwork',
      'source-identifier': '12',
      'app-id': '1',
      'transaction-id': 't-2',
      redownload: 'false',
      'fidelity-type': '1',
      'did-win': 'true',
      'postback-sequence-index': '1',
    });
    expect(tallyOf(readApple(later, { keys: OWN_KEYS }), mapped)).toEqual({
      ...NO_TALLY,
      revenueMicros: 5_000_000,
    });
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
