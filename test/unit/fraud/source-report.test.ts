import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CTIT_EDGES_S,
  countBetween,
  ctitBin,
  ctitBinLabel,
  ctitHistogram,
  halfRun,
  runRatio,
  sumHistograms,
  tailByDay,
} from '../../../src/core/fraud/ctit-histogram.ts';
import { type SourceInput, sourceReport } from '../../../src/core/fraud/source-report.ts';

const DAY = 86_400;

/** A stream of numbers in [0, 1) that is the same every time (mulberry32). */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Healthy times: log-normal around `medianS`, a spread of e^1.7: 2 % under 10 s, 3 % later than a day. */
function healthy(random: () => number, n: number, medianS = 420): number[] {
  return Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.min(20 * DAY, medianS * Math.exp(1.9 * normal));
  });
}

function source(name: string, times: readonly number[], clicks = times.length * 40): SourceInput {
  return { source: name, group: 'app android', clicks, histogram: ctitHistogram(times), rejected: 0 };
}

const honest = (seed: number, names: readonly string[]): SourceInput[] => {
  const random = stream(seed);
  return names.map((name) => source(name, healthy(random, 200, 300 + 300 * random())));
};

describe('the histogram of click-to-install time', () => {
  it('numbers its bins as width_bucket does', () => {
    expect([-1, 0, 0.99, 1, 9.99, 10, 30 * DAY, Infinity].map(ctitBin)).toEqual([
      0,
      1,
      1,
      2,
      4,
      5,
      CTIT_EDGES_S.length,
      CTIT_EDGES_S.length,
    ]);
    expect(ctitBin(NaN)).toBeUndefined();
  });

  it('has words for its bins', () => {
    expect([0, 1, 5, 12, 18, CTIT_EDGES_S.length].map(ctitBinLabel)).toEqual([
      'before the click',
      '0 s to 1 s',
      '10 s to 20 s',
      '20 min to 30 min',
      '12 h to 1 d',
      '30 d and more',
    ]);
  });

  it('counts each time once, in the bin whose edges hold it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -100, max: 60 * DAY, noNaN: true })), (times) => {
        const histogram = ctitHistogram(times);
        expect(histogram.reduce((sum, count) => sum + count, 0)).toBe(times.length);
        for (const edge of CTIT_EDGES_S)
          expect(countBetween(histogram, edge)).toBe(times.filter((time) => time >= edge).length);
      }),
    );
  });

  it('has the days of the tail and the width of the tightest half', () => {
    const histogram = ctitHistogram([DAY, 1.5 * DAY, 6.9 * DAY, 7 * DAY, 40, 45, 50, 55]);
    expect(tailByDay(histogram)).toEqual([2, 0, 0, 0, 0, 1]);
    expect(halfRun(histogram)).toEqual({ fromS: 30, toS: 60 });
    expect(runRatio({ fromS: 30, toS: 60 })).toBe(2);
    expect(runRatio({ fromS: 0, toS: 1 })).toBe(2);
    expect(halfRun(ctitHistogram([]))).toBeNull();
  });

  it('adds up, and takes what cannot be a count for none', () => {
    expect(countBetween(sumHistograms([ctitHistogram([5, 500]), ctitHistogram([7])]), 0, 10)).toBe(2);
    expect(sumHistograms([[NaN, -3, 0.5, Infinity]]).every((count) => count === 0)).toBe(true);
  });
});

describe('the report on sources', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('ranks a source that injects clicks first and says by which numbers', () => {
    const random = stream(1);
    const fast = [...healthy(random, 150), ...Array.from({ length: 50 }, () => 2 + 7 * random())];
    const [first] = sourceReport([...honest(2, names), source('bad', fast)]);
    expect(first).toMatchObject({ source: 'bad', rank: 1, installs: 200, mayExclude: false });
    expect(first?.patterns.filter((found) => found.failing).map((found) => found.pattern)).toEqual([
      'injection',
    ]);
    expect(first?.text).toMatch(
      /^bad: 5\d of 200 installs \(2\d %\) came within 10 s of the click, .* % elsewhere$/,
    );
  });

  it('may exclude a flood: late, evenly spread, and a hundred times the clicks', () => {
    const random = stream(3);
    const flood = [...healthy(random, 60), ...Array.from({ length: 240 }, () => 7 * DAY * random())];
    const [first] = sourceReport([...honest(4, names), source('flood', flood, 4_000_000)]);
    expect(first).toMatchObject({ source: 'flood', mayExclude: true });
    expect(first?.patterns.filter((found) => found.failing).map((found) => found.pattern)).toEqual([
      'late_flat_tail',
      'clicks_per_install',
    ]);
    expect(first?.clicksPerInstall?.low).toBeGreaterThan(5000);
  });

  it('a flood is one fault: spread evenly over the first day too, it is no rhythm of machines', () => {
    const random = stream(19);
    const flood = Array.from({ length: 2_000 }, () => 7 * DAY * random());
    const [first] = sourceReport([...honest(20, names), source('flood', flood)]);
    expect(first).toMatchObject({ source: 'flood', mayExclude: false });
    expect(first?.patterns.filter((found) => found.failing).map((found) => found.pattern)).toEqual([
      'late_flat_tail',
    ]);
  });

  it('may exclude machines: half of the installs in half a minute, some of them at once', () => {
    const random = stream(5);
    const bots = [
      ...Array.from({ length: 60 }, () => 8),
      ...Array.from({ length: 140 }, () => 31 + 25 * random()),
    ];
    const [first] = sourceReport([...honest(6, names), source('bots', bots)]);
    expect(first).toMatchObject({ source: 'bots', mayExclude: true });
    expect(first?.patterns.filter((found) => found.failing).map((found) => found.pattern)).toEqual([
      'injection',
      'narrow_cluster',
    ]);
  });

  it('counts what the sender itself rejects as a pattern of its own', () => {
    const random = stream(15);
    const mixed = honest(16, names).map((input) => ({ ...input, rejected: 6 }));
    const bad = { ...source('bad', healthy(random, 200)), rejected: 60 };
    const [first] = sourceReport([...mixed, bad]);
    expect(first).toMatchObject({ source: 'bad', rejected: 60, mayExclude: false });
    const nothing = { ...source('nothing', []), rejected: 400 };
    expect(sourceReport([...mixed, nothing])[0]).toMatchObject({
      source: 'nothing',
      installs: 0,
      mayExclude: false,
    });
    expect(first?.text).toBe('bad: the sender rejects 60 of 260 installs (23 %), 2.9 % elsewhere');
  });

  it('does not take a slow network for a flood: its late installs fall off', () => {
    const random = stream(7);
    const slow = healthy(random, 400, 12 * 3600);
    const row = sourceReport([...honest(8, names), source('slow', slow)]).find(
      (found) => found.source === 'slow',
    );
    expect(row?.patterns.find((found) => found.pattern === 'late_flat_tail')).toMatchObject({
      failing: false,
    });
    expect(row?.mayExclude).toBe(false);
  });

  it('names an honest source in few of many reports, and excludes none', () => {
    let named = 0;
    for (let seed = 100; seed < 160; seed += 1) {
      const rows = sourceReport(honest(seed, names));
      named += rows.some((row) => row.patterns.some((found) => found.failing)) ? 1 : 0;
      expect(rows.some((row) => row.mayExclude)).toBe(false);
    }
    expect(named).toBeLessThanOrEqual(6);
  });

  it('judges nothing with fewer than 30 installs, of the source or of the others', () => {
    const random = stream(9);
    const few = source(
      'few',
      Array.from({ length: 29 }, () => 3),
      1e9,
    );
    const rows = sourceReport([...honest(10, ['a', 'b']), few]);
    const row = rows.find((found) => found.source === 'few');
    expect(row).toMatchObject({ mayExclude: false, lnE: -Infinity, rank: 3 });
    expect(row?.text).toBe('few: not judged, 29 installs: fewer than 30 are not judged');
    const [alone] = sourceReport([source('alone', healthy(random, 300))]);
    expect(alone?.text).toContain('the other sources have 0 installs together');
  });

  it('does not convict many installs by a baseline that few installs gave', () => {
    const times = (quick: number, of: number): number[] =>
      Array.from({ length: of }, (_, i) => (i < quick ? 5 : 100 * 1.005 ** (i % 1000)));
    const failing = (restOf: number): boolean => {
      const rows = sourceReport([source('own', times(60, 1000)), source('rest', times(restOf / 40, restOf))]);
      const own = rows.find((row) => row.source === 'own');
      return own?.patterns.find((found) => found.pattern === 'injection')?.failing ?? false;
    };
    expect([failing(40), failing(4000)]).toEqual([false, true]);
  });

  it('does not take installs without known clicks for many installs per click', () => {
    const silent = honest(17, names).map((input) => ({
      ...input,
      source: `silent ${input.source}`,
      clicks: null,
    }));
    const all = [...silent, ...honest(18, ['a', 'b', 'c'])];
    const found = sourceReport(all).flatMap((row) =>
      row.patterns.filter(({ pattern }) => pattern === 'clicks_per_install').map((one) => ({ row, one })),
    );
    for (const { row, one } of found) expect(one.tested).toBe(!row.source.startsWith('silent'));
    const text = found.flatMap(({ one }) => (one.tested ? [one.text] : []));
    expect(text).toEqual([
      '40 clicks per install, 40 elsewhere',
      '40 clicks per install, 40 elsewhere',
      '40 clicks per install, 40 elsewhere',
    ]);
  });

  it('compares within one app and platform only', () => {
    const random = stream(11);
    const web = {
      ...source(
        'web',
        Array.from({ length: 200 }, () => 3 + 5 * random()),
      ),
      group: 'web',
    };
    const row = sourceReport([...honest(12, names), web]).find((found) => found.source === 'web');
    expect(row?.text).toContain('not judged');
  });

  it('gives each input one row and ranks by evidence, whatever comes in', () => {
    const anything = fc.record({
      source: fc.string(),
      group: fc.constantFrom('x', 'y'),
      clicks: fc.oneof(fc.constant(null), fc.double(), fc.nat()),
      rejected: fc.oneof(fc.nat({ max: 900 }), fc.double()),
      histogram: fc.array(fc.oneof(fc.nat({ max: 500 }), fc.double()), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (inputs) => {
        const rows = sourceReport(inputs);
        expect(rows.map((row) => row.rank)).toEqual(inputs.map((_, i) => i + 1));
        for (const [i, row] of rows.entries()) {
          expect(row.lnE).not.toBeNaN();
          expect(row.lnE).toBeLessThanOrEqual(rows[i - 1]?.lnE ?? Infinity);
          if (row.mayExclude) expect(row.installs).toBeGreaterThanOrEqual(30);
        }
      }),
      { numRuns: 200 },
    );
  });
});
