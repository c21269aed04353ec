import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pattern } from '../../../src/core/fraud/source-patterns.ts';
import type { SourceRow } from '../../../src/core/fraud/source-report.ts';
import {
  DEFAULT_POLICY,
  type FoundSignal,
  NEEDS_COMPANY,
  policyOf,
  type Signal,
  STATISTICAL,
  type Treatment,
} from '../../../src/core/fraud/signals.ts';
import { fraudVerdict } from '../../../src/core/fraud/verdict.ts';

const found = (signal: Signal): FoundSignal => ({ signal, text: `numbers of ${signal}` });
const SIGNALS = Object.keys(DEFAULT_POLICY) as Signal[];

function row(failing: readonly Pattern[]): SourceRow {
  return {
    source: 'site 7',
    group: 'app',
    rank: 1,
    installs: 100,
    rejected: 0,
    clicks: 1000,
    clicksPerInstall: null,
    histogram: [],
    patterns: failing.map((pattern) => ({
      pattern,
      tested: true,
      lnE: 9,
      text: `its ${pattern}`,
      failing: true,
    })),
    lnE: 9,
    mayExclude: failing.length >= 2,
    text: '',
  };
}

describe('a verdict on a conversion', () => {
  it('leaves out by default only what the sender rejects', () => {
    for (const signal of SIGNALS) {
      const { treatment } = fraudVerdict([found(signal)], DEFAULT_POLICY);
      expect(treatment).toBe(signal === 'rejected_by_sender' ? 'exclude' : 'count');
    }
    const source = row(['injection', 'narrow_cluster']);
    expect(fraudVerdict([], DEFAULT_POLICY, source).treatment).toBe('count');
  });

  it('says nothing where nothing speaks against it', () => {
    expect(fraudVerdict([], DEFAULT_POLICY)).toEqual({ treatment: 'count', reasons: [], text: '' });
  });

  it('takes the strictest treatment and names what decided', () => {
    const policy = policyOf({ robot_click: 'quarantine', install_too_fast: 'exclude' });
    const verdict = fraudVerdict(
      [found('robot_click'), found('install_too_fast'), found('paid_too_fast')],
      policy,
    );
    expect(verdict.treatment).toBe('exclude');
    expect(verdict.text).toBe('not counted: numbers of install_too_fast');
    expect(verdict.reasons.map((reason) => reason.treatment)).toEqual(['quarantine', 'exclude', 'count']);
  });

  it('never acts on a shared address alone, and does beside another signal', () => {
    const policy = policyOf({ address_concentration: 'exclude' });
    const address = found('address_concentration');
    const alone = fraudVerdict([address, address], policy);
    expect(alone.treatment).toBe('count');
    expect(alone.text).toContain('one signal alone keeps nothing out');
    expect(fraudVerdict([address, found('country_differs')], policy).treatment).toBe('exclude');
  });

  it('excludes by statistics only when two patterns fail', () => {
    const policy = policyOf({ source_flooding: 'exclude' });
    const one = fraudVerdict([], policy, row(['late_flat_tail']));
    expect(one.treatment).toBe('count');
    expect(one.text).toContain('fewer than two patterns fail');
    const two = fraudVerdict([], policy, row(['late_flat_tail', 'clicks_per_install']));
    expect(two.treatment).toBe('exclude');
    expect(two.text).toBe('not counted: of site 7, its late_flat_tail; of site 7, its clicks_per_install');
  });

  it('holds for any signals and any policy: no stricter than asked, and never by weak or statistical signals alone', () => {
    const treatments = fc.constantFrom<Treatment>('count', 'quarantine', 'exclude');
    const policies = fc
      .array(treatments, { minLength: SIGNALS.length, maxLength: SIGNALS.length })
      .map((chosen) => policyOf(Object.fromEntries(SIGNALS.map((signal, i) => [signal, chosen[i]]))));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...SIGNALS), { maxLength: 5 }), policies, (signals, policy) => {
        const verdict = fraudVerdict(signals.map(found), policy);
        const asked = new Set(signals.map((signal) => policy[signal]));
        if (verdict.treatment !== 'count') expect(asked).toContain(verdict.treatment);
        const different = new Set(signals);
        if (different.size === 1 && signals.every((signal) => NEEDS_COMPANY.has(signal)))
          expect(verdict.treatment).toBe('count');
        if (signals.every((signal) => STATISTICAL.has(signal))) expect(verdict.treatment).toBe('count');
      }),
    );
  });
});
