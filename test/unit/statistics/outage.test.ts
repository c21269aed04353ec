import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trackingOutage } from '../../../src/core/statistics/outage.ts';
import { expectClose } from './close-to.ts';

describe('tracking outage', () => {
  it('is the worked example: 8 where 25 were due', () => {
    const poisson = trackingOutage({ expected: 25, seen: 8, dispersion: 1 });
    expectClose(poisson.p, 7.5483e-5, 1e-5);
    expect(poisson.outage).toBe(true);
    const clustered = trackingOutage({ expected: 25, seen: 8, dispersion: 2 });
    expectClose(clustered.p, 2.2757e-3, 2e-5);
    expect(clustered.outage).toBe(false);
  });

  it('is not a dearer week: where more than half of what was due comes, tracking works', () => {
    const dearer = trackingOutage({ expected: 400, seen: 300, dispersion: 1 });
    expect(dearer.p).toBeLessThan(1e-6);
    expect(dearer.outage).toBe(false);
    expect(trackingOutage({ expected: 400, seen: 199, dispersion: 1 }).outage).toBe(true);
  });

  it('is suspected long before it is proven', () => {
    // 12 due in an hour and a half: silence for half of it, then for all of it.
    expect(trackingOutage({ expected: 12, seen: 6, dispersion: 1 })).toMatchObject({ suspected: false });
    expect(trackingOutage({ expected: 12, seen: 4, dispersion: 1 })).toMatchObject({
      suspected: true,
      outage: false,
    });
    expect(trackingOutage({ expected: 12, seen: 1, dispersion: 1 })).toMatchObject({
      suspected: true,
      outage: true,
    });
    // A large account whose clicks became a quarter dearer.
    expect(trackingOutage({ expected: 4000, seen: 3000, dispersion: 1 }).suspected).toBe(false);
  });

  it('is suspected as soon as nothing has come for so long that one silence in twenty lasts longer', () => {
    // Twelve due in three hours, eight of them came in the first two.
    const hourOfSilence = { expected: 12, seen: 8, dispersion: 1, silent: 4 };
    expect(trackingOutage(hourOfSilence)).toMatchObject({ suspected: true, outage: false });
    expect(Math.exp(-3)).toBeCloseTo(0.05, 3);
    expect(trackingOutage({ ...hourOfSilence, silent: 2.9 }).suspected).toBe(false);
    // Where conversions come in clusters, gaps are longer: 2^−silent at twice the variance.
    expect(trackingOutage({ ...hourOfSilence, dispersion: 2 }).suspected).toBe(false);
    expect(trackingOutage({ ...hourOfSilence, dispersion: 2, silent: 4.4 }).suspected).toBe(true);
    expect(trackingOutage({ ...hourOfSilence, silent: NaN }).suspected).toBe(false);
  });

  it('needs ten conversions due before silence is proof', () => {
    expect(trackingOutage({ expected: 9, seen: 0, dispersion: 1 }).outage).toBe(false);
    expect(trackingOutage({ expected: 9.3, seen: 0, dispersion: 1 }).outage).toBe(true);
  });

  it('is none without a pulse, with nothing expected, or with facts that are no numbers', () => {
    const none = { p: 1, outage: false, suspected: false };
    expect(trackingOutage(null)).toEqual(none);
    expect(trackingOutage({ expected: 0, seen: 0, dispersion: 1 })).toEqual(none);
    expect(trackingOutage({ expected: -3, seen: 0, dispersion: 1 })).toEqual(none);
    expect(trackingOutage({ expected: NaN, seen: 0, dispersion: 1 })).toEqual(none);
    expect(trackingOutage({ expected: 20, seen: NaN, dispersion: 1 })).toEqual(none);
  });

  it('takes a dispersion that is none as Poisson', () => {
    const poisson = trackingOutage({ expected: 25, seen: 8, dispersion: 1 });
    expect(trackingOutage({ expected: 25, seen: 8, dispersion: NaN })).toEqual(poisson);
    expect(trackingOutage({ expected: 25, seen: 8, dispersion: 0.5 })).toEqual(poisson);
  });

  it('grows likelier the more was due and the less came', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5000, noNaN: true }),
        fc.nat(5000),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (expected, seen, dispersion) => {
          const { p } = trackingOutage({ expected, seen, dispersion });
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
          expect(trackingOutage({ expected: expected * 1.1, seen, dispersion }).p).toBeLessThanOrEqual(
            p + 1e-12,
          );
          expect(trackingOutage({ expected, seen: seen + 1, dispersion }).p).toBeGreaterThanOrEqual(
            p - 1e-12,
          );
        },
      ),
    );
  });
});
