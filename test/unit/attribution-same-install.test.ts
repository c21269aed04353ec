import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InstallReport, oneInstall, sameInstall } from '../../src/core/attribution-same-install.ts';
import { runs } from '../support/property-runs.ts';

const T0 = Date.parse('2026-03-10T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function report(id: string, own: Partial<InstallReport>): InstallReport {
  return {
    id,
    sourceId: id,
    deviceId: null,
    user: null,
    clickIds: [],
    atMs: T0,
    dated: true,
    receivedAtMs: T0 + HOUR,
    match: null,
    viewThrough: false,
    sameAsId: null,
    ...own,
  };
}

describe('two reports of an install', () => {
  const mmp = report('mmp', { deviceId: 'd', user: 'u', clickIds: ['k'] });

  it('are one by their click whenever they are told of, and by device or user within a minute', () => {
    const of = (own: Partial<InstallReport>) => sameInstall(report('tracker', own), mmp);
    expect(of({ clickIds: ['k'], atMs: T0 + 30 * HOUR })).toBe('of the same click, dated 30 h apart');
    expect(of({ deviceId: 'd', atMs: T0 - MINUTE })).toBe('of the same device, dated 60 s apart');
    expect(of({ user: 'u', atMs: T0 + 2000 })).toBe('of the same user, dated 2 s apart');
    expect(of({ deviceId: 'd', atMs: T0 + MINUTE + 1 })).toBeNull();
    expect(of({ deviceId: 'other', clickIds: ['other'] })).toBeNull();
    expect(of({})).toBeNull();
  });

  it('may lie an hour apart where one sender gives no date', () => {
    const of = (atMs: number) => sameInstall(report('tracker', { deviceId: 'd', dated: false, atMs }), mmp);
    expect(of(T0 + HOUR)).toBe('of the same device, dated 60 min apart');
    expect(of(T0 + HOUR + 1)).toBeNull();
  });

  it('are two when one sender tells of both', () => {
    expect(sameInstall(report('again', { ...mmp, id: 'again' }), mmp)).toBeNull();
  });
});

describe('of the reports of one install', () => {
  const counting = (reports: readonly InstallReport[]): readonly string[] =>
    [...oneInstall(reports)].flatMap(([id, same]) => (same === null ? [id] : [])).toSorted();

  it('the one with the surest credit counts, of equals the first received', () => {
    const device = { deviceId: 'd' };
    const first = report('a', { ...device, receivedAtMs: T0 + 1 });
    expect(oneInstall([first, report('b', { ...device, receivedAtMs: T0 + 2 })]).get('b')).toEqual({
      id: 'a',
      text: 'the same install as from source "a", of the same device, dated 0 s apart',
    });
    const ranked = [
      report('nobody', device),
      report('view', { ...device, match: 'device', viewThrough: true }),
      report('said', { ...device, match: 'sender' }),
      report('device', { ...device, match: 'device' }),
      report('click', { ...device, match: 'click_id' }),
    ];
    for (let from = 0; from < ranked.length; from += 1)
      expect(counting(ranked.slice(0, from + 1))).toEqual([ranked[from]?.id]);
  });

  it('are one by way of a third that has something in common with both', () => {
    const click = report('click', { clickIds: ['k'], match: 'click_id' });
    const device = report('device', { deviceId: 'd' });
    expect(counting([click, device])).toEqual(['click', 'device']);
    const both = report('both', { clickIds: ['k'], deviceId: 'd', receivedAtMs: T0 + 2 * HOUR });
    expect(counting([click, device, both])).toEqual(['click']);
    expect(oneInstall([click, device, both]).get('device')?.text).toMatch(/by way of another report$/);
  });

  it('no sender has two: a click id that was pasted into a template joins each with one other at most', () => {
    const pasted = { clickIds: ['test'], match: null };
    const many = ['1', '2', '3'].flatMap((n) =>
      ['mmp', 'tracker'].map((sourceId) =>
        report(`${sourceId} ${n}`, { ...pasted, sourceId, deviceId: `${sourceId} ${n}` }),
      ),
    );
    expect(counting(many)).toHaveLength(3);
  });

  it('what was one stays one, though its click has changed since', () => {
    const a = report('a', { clickIds: ['k'] });
    const b = report('b', { clickIds: ['other'], sameAsId: 'a', match: 'click_id' });
    expect(oneInstall([a, b]).get('a')).toMatchObject({ id: 'b' });
  });
});

/** Installs as they happened, two hours apart, each told of by some senders that know some of its ids. */
interface Told {
  readonly install: number;
  readonly source: number;
  readonly keys: readonly ('device' | 'user' | 'click')[];
  readonly offMs: number;
  readonly match: InstallReport['match'];
  readonly received: number;
}

const told: fc.Arbitrary<readonly Told[]> = fc.uniqueArray(
  fc.record({
    install: fc.nat(3),
    source: fc.nat(3),
    keys: fc.subarray<'device' | 'user' | 'click'>(['device', 'user', 'click'], { minLength: 1 }),
    offMs: fc.nat(30_000),
    match: fc.constantFrom<InstallReport['match']>(null, 'click_id', 'device', 'sender'),
    received: fc.nat(9),
  }),
  { minLength: 1, maxLength: 10, selector: ({ install, source }) => `${install} ${source}` },
);

/** Installs 0 and 1 are of one person, hours apart. */
function reportOf({ install, source, keys, offMs, match, received }: Told): InstallReport {
  const person = install < 2 ? 'one' : `${install}`;
  return report(`${install} ${source}`, {
    sourceId: `source ${source}`,
    deviceId: keys.includes('device') ? `device ${person}` : null,
    user: keys.includes('user') ? `user ${person}` : null,
    clickIds: keys.includes('click') ? [`click ${install}`] : [],
    atMs: T0 + install * 2 * HOUR + offMs,
    receivedAtMs: T0 + 9 * HOUR + received,
    match,
  });
}

/** Pieces of each install that have an id in common, by spreading from each report. */
function pieces(list: readonly Told[]): ReadonlyMap<string, string> {
  const piece = new Map<string, string>();
  const name = ({ install, source }: Told): string => `${install} ${source}`;
  const spread = (from: Told, label: string): void => {
    if (piece.has(name(from))) return;
    piece.set(name(from), label);
    for (const to of list)
      if (to.install === from.install && to.keys.some((key) => from.keys.includes(key))) spread(to, label);
  };
  for (const one of list) spread(one, name(one));
  return piece;
}

describe('any reports of any installs', () => {
  it('count as many as there are installs that nothing joins, whatever their order', () => {
    const shuffled = told.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, order]) => {
        const all = oneInstall(list.map(reportOf));
        const piece = pieces(list);
        const counted = [...all].filter(([, same]) => same === null);
        expect(counted).toHaveLength(new Set(piece.values()).size);
        for (const [id, same] of all) if (same) expect(piece.get(id)).toBe(piece.get(same.id));
        const other = oneInstall(order.map(reportOf));
        for (const [id, same] of all) expect([id, other.get(id)]).toEqual([id, same]);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('end the same when they are taken one by one, each beside what was found before', () => {
    const shuffled = told.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, order]) => {
        let known: readonly InstallReport[] = [];
        for (const one of order) {
          known = [...known, reportOf(one)];
          const found = oneInstall(known);
          known = known.map((before) => ({ ...before, sameAsId: found.get(before.id)?.id ?? null }));
        }
        const all = oneInstall(list.map(reportOf));
        for (const { id, sameAsId } of known) expect([id, sameAsId]).toEqual([id, all.get(id)?.id ?? null]);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('never give one sender two reports of one install, and what is repeated counts itself', () => {
    const any = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 3 }),
        sourceId: fc.constantFrom('x', 'y', 'z'),
        deviceId: fc.option(fc.constantFrom('1', '2')),
        clickIds: fc.subarray(['k', 'l']),
        atMs: fc.integer({ min: T0, max: T0 + 2 * MINUTE }),
      }),
      { maxLength: 12, selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(any, (list) => {
        const found = oneInstall(list.map(({ id, ...own }) => report(id, own)));
        const seen = new Set<string>();
        for (const { id, sourceId } of list) {
          const group = found.get(id)?.id ?? id;
          expect(found.get(group)).toBeNull();
          expect(seen.has(`${group} ${sourceId}`)).toBe(false);
          seen.add(`${group} ${sourceId}`);
        }
      }),
      { numRuns: runs(1000) },
    );
  });
});
