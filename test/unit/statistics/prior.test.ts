import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coldPrior, fitGammaPrior, momentPrior, type Sibling } from '../../../src/core/statistics/prior.ts';
import { shrunkCpa } from '../../../src/core/statistics/posterior.ts';
import { expectClose, expectDecimals } from './close-to.ts';

const conversions = [0, 1, 3, 5, 2, 8, 0, 4];
const exposure = [120, 60, 90, 100, 150, 110, 40, 75];
const eight: Sibling[] = conversions.map((n, i) => ({ conversions: n, exposure: exposure[i] ?? 0 }));

describe('gamma prior over siblings', () => {
  it('by likelihood, without the penalty, is the worked example', () => {
    const fit = fitGammaPrior(eight, { penalty: false });
    expectClose(fit?.a ?? NaN, 2.052143, 1e-4);
    expectClose(fit?.b ?? NaN, 66.215657, 1e-4);
    expectClose(fit?.lnLikelihood ?? NaN, -16.89066, 1e-4);
    expect(fit?.siblings).toBe(8);
  });

  it('by moments is the worked example', () => {
    expectDecimals(momentPrior(eight)?.a ?? NaN, 2.326917, 6);
    expectDecimals(momentPrior(eight)?.b ?? NaN, 75.371868, 6);
  });

  it('shrinks the raw CPAs: the ad without a conversion on $120 gets 91, not infinity', () => {
    const prior = { a: 2.052143, b: 66.215657 };
    const shrunk = [90.742, 41.353, 30.921, 23.57, 53.358, 17.53, 51.758, 23.333];
    for (const [i, cpa] of shrunk.entries()) {
      expectDecimals(shrunkCpa(prior, conversions[i] ?? 0, exposure[i] ?? 0), cpa, 3);
    }
  });

  it('is drawn toward shape 2 by the penalty, and keeps near the pooled rate', () => {
    const fit = fitGammaPrior(eight);
    expect(Math.abs(Math.log((fit?.a ?? 0) / 2))).toBeLessThan(Math.log(2.052143 / 2));
    expectClose((fit?.a ?? 0) / (fit?.b ?? 1), 23 / 745, 0.05);
  });

  it('finds the shape that made the data', () => {
    // Quantiles of Gamma(2, 1) at 1/22 … 21/22 as rates, on $1000 each: rates hardly noisy.
    const rates = [
      0.38, 0.53, 0.66, 0.78, 0.9, 1.01, 1.13, 1.26, 1.39, 1.52, 1.68, 1.84, 2.01, 2.21, 2.43, 2.68, 2.98,
      3.35, 3.83, 4.53, 5.9,
    ];
    const fit = fitGammaPrior(rates.map((rate) => ({ conversions: Math.round(rate * 20), exposure: 1000 })));
    expect(fit?.a).toBeGreaterThan(1.6);
    expect(fit?.a).toBeLessThan(2.6);
  });

  it('clamps the shape where siblings are alike, or as different as can be', () => {
    const alike = Array.from({ length: 10 }, () => ({ conversions: 100, exposure: 1000 }));
    expectClose(fitGammaPrior(alike, { penalty: false })?.a ?? NaN, 50, 1e-5);
    expect(momentPrior(alike)).toEqual({ a: 50, b: 500 });
    const one = [
      { conversions: 500, exposure: 10 },
      ...Array.from({ length: 30 }, () => ({ conversions: 0, exposure: 1000 })),
    ];
    expectClose(fitGammaPrior(one, { penalty: false })?.a ?? NaN, 0.3, 1e-5);
  });

  it('cannot be told from fewer than five siblings, no conversions, or no exposure', () => {
    expect(fitGammaPrior(eight.slice(0, 4))).toBeNull();
    expect(fitGammaPrior(eight.slice(0, 4), { minSiblings: 3 })).not.toBeNull();
    expect(fitGammaPrior([])).toBeNull();
    expect(fitGammaPrior(exposure.map((m) => ({ conversions: 0, exposure: m })))).toBeNull();
    expect(fitGammaPrior(conversions.map((n) => ({ conversions: n, exposure: 0 })))).toBeNull();
    expect(momentPrior([])).toBeNull();
  });

  it('leaves out siblings whose facts are none', () => {
    const odd = [
      { conversions: NaN, exposure: 10 },
      { conversions: -1, exposure: 10 },
      { conversions: 3, exposure: -10 },
      { conversions: 3, exposure: NaN },
      { conversions: 3, exposure: Infinity },
      { conversions: 3, exposure: 0 },
    ];
    expect(fitGammaPrior([...eight, ...odd])).toEqual(fitGammaPrior(eight));
    expect(momentPrior([...eight, ...odd])).toEqual(momentPrior(eight));
  });

  it('is a maximum: no neighbour is likelier; and scales with the unit of exposure', () => {
    const siblings = fc.array(
      fc.record({ conversions: fc.nat(30), exposure: fc.double({ min: 1, max: 500, noNaN: true }) }),
      { minLength: 5, maxLength: 40 },
    );
    fc.assert(
      fc.property(siblings, (any) => {
        const fit = fitGammaPrior(any);
        const inCents = fitGammaPrior(any.map((s) => ({ ...s, exposure: 100 * s.exposure })));
        if (fit === null || inCents === null) {
          expect(any.every((s) => s.conversions === 0)).toBe(true);
          return;
        }
        expect(fit.a).toBeGreaterThanOrEqual(0.3 - 1e-6);
        expect(fit.a).toBeLessThanOrEqual(50 + 1e-6);
        expectClose(inCents.a, fit.a, 1e-3);
        expectClose(inCents.b, 100 * fit.b, 1e-3);
      }),
    );
  });

  it('before anything is known is worth two conversions at target', () => {
    expect(coldPrior(30)).toEqual({ a: 2, b: 60 });
  });
});
