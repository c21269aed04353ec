import { describe, expect, it } from 'vitest';
import {
  probabilityAbove,
  shrunkCpa,
  shrunkCpaInterval,
  shrunkRate,
  shrunkRateInterval,
} from '../../../src/core/statistics/posterior.ts';
import { expectDecimals } from './close-to.ts';

const prior = { a: 2.5, b: 75 };

describe('posterior of CPA', () => {
  it('is the worked example', () => {
    expectDecimals(probabilityAbove(prior, 1, 90, 30), 0.861381, 6);
    expectDecimals(probabilityAbove(prior, 6, 90, 30), 0.143436, 6);
    expectDecimals(probabilityAbove(prior, 0, 60, 30), 0.890936, 6);
    expectDecimals(shrunkCpa(prior, 1, 90), 47.142857, 6);
    const { low, high } = shrunkCpaInterval(prior, 1, 90, 0.9);
    expectDecimals(low, 23.458926, 6);
    expectDecimals(high, 152.259678, 6);
  });

  it('forecasts an ad chosen for its raw CPA of 9 at 16, and one without conversions on $45 at 48', () => {
    expect(shrunkCpa(prior, 5, 45)).toBeCloseTo(16, 12);
    expect(shrunkCpa(prior, 0, 45)).toBeCloseTo(48, 12);
  });

  it('gives rates per click as well', () => {
    expectDecimals(shrunkRate(prior, 6, 150), 0.037778, 6);
    const rate = shrunkRateInterval(prior, 6, 150, 0.9);
    const cpa = shrunkCpaInterval(prior, 6, 150, 0.9);
    expect([1 / rate.high, 1 / rate.low]).toEqual([cpa.low, cpa.high]);
  });

  it('before any spend is the prior; takes what is negative or no number as nothing', () => {
    expect(shrunkCpa(prior, 0, 0)).toBe(30);
    expect(shrunkCpa(prior, -3, NaN)).toBe(30);
    expect(probabilityAbove(prior, NaN, -5, 30)).toBe(probabilityAbove(prior, 0, 0, 30));
  });

  it('knows that every CPA is above nothing, and that an endless target is never missed', () => {
    expect(probabilityAbove(prior, 1, 90, 0)).toBe(1);
    expect(probabilityAbove(prior, 1, 90, -1)).toBe(1);
    expect(probabilityAbove(prior, 1, 90, Infinity)).toBe(0);
    expect(probabilityAbove(prior, 1, 90, NaN)).toBeNaN();
  });

  it('holds at huge counts', () => {
    expect(probabilityAbove(prior, 5000, 150_000, 30)).toBeGreaterThan(0.4);
    expect(probabilityAbove(prior, 5000, 150_000, 30)).toBeLessThan(0.6);
    expect(probabilityAbove(prior, 5000, 300_000, 30)).toBeCloseTo(1, 12);
    expect(probabilityAbove(prior, 5000, 15_000, 30)).toBe(0);
  });
});
