import { addWeeks, type NextWeek } from './policy.ts';
import { type AdRow } from './row.ts';
import type { Outcome } from './run.ts';
import { type Score, scoreOf } from './score.ts';

interface Part {
  readonly order: number;
  readonly outcome: Outcome;
  readonly cpuMs: number;
}

/** Outcomes of a run by scenario and policy, each in the order of its seeds and accounts. */
export class Results {
  readonly #parts = new Map<string, Part[]>();

  add(scenario: string, policy: string, order: number, outcome: Outcome, cpuMs = 0): void {
    const key = `${scenario} ${policy}`;
    const parts = this.#parts.get(key) ?? [];
    parts.push({ order, outcome, cpuMs });
    this.#parts.set(key, parts);
  }

  rows(scenario: string, policy: string): readonly AdRow[] {
    return this.#outcomes(scenario, policy).flatMap(({ rows }) => rows);
  }

  calibration(scenario: string, policy: string): Outcome['calibration'] {
    return this.#outcomes(scenario, policy).reduce<Outcome['calibration']>(
      (total, { calibration }) =>
        calibration.map((one, decile) => ({
          stated: one.stated + (total[decile]?.stated ?? 0),
          sum: one.sum + (total[decile]?.sum ?? 0),
          worse: one.worse + (total[decile]?.worse ?? 0),
        })),
      [],
    );
  }

  intervals(scenario: string): Outcome['intervals'] {
    return this.#outcomes(scenario, 'X').reduce<Outcome['intervals']>(
      (total, { intervals }) => ({
        ads: total.ads + intervals.ads,
        missed: total.missed + intervals.missed,
      }),
      { ads: 0, missed: 0 },
    );
  }

  forecasts(scenario: string): Outcome['forecasts'] {
    const total: Record<string, Outcome['forecasts'][string]> = {};
    for (const { forecasts } of this.#outcomes(scenario, 'X'))
      for (const [age, one] of Object.entries(forecasts)) {
        const sum = total[age] ?? { seen: 0, forecast: 0, final: 0 };
        total[age] = {
          seen: sum.seen + one.seen,
          forecast: sum.forecast + one.forecast,
          final: sum.final + one.final,
        };
      }
    return total;
  }

  nextWeek(scenario: string): NextWeek {
    return this.#outcomes(scenario, 'X').reduce<NextWeek>(
      (total, { nextWeek }) => addWeeks(total, nextWeek),
      { ads: 0, raw: 0, pooled: 0, shrunk: 0 },
    );
  }

  /** Two policies' ads, possibly in two worlds of the same draws, where both have run: the same ads in the same places. */
  paired(
    [scenario, policy]: readonly [string, string],
    [otherScenario, otherPolicy]: readonly [string, string],
  ): { readonly own: readonly AdRow[]; readonly other: readonly AdRow[] } {
    const others = new Map(
      (this.#parts.get(`${otherScenario} ${otherPolicy}`) ?? []).map(({ order, outcome }) => [
        order,
        outcome.rows,
      ]),
    );
    const both = (this.#parts.get(`${scenario} ${policy}`) ?? [])
      .toSorted((a, b) => a.order - b.order)
      .flatMap(({ order, outcome: { rows } }) => {
        const beside = others.get(order);
        return beside !== undefined && beside.length === rows.length ? [{ rows, beside }] : [];
      });
    return { own: both.flatMap(({ rows }) => rows), other: both.flatMap(({ beside }) => beside) };
  }

  /** Processor time by policy. */
  cpuSeconds(): ReadonlyMap<string, number> {
    const total = new Map<string, number>();
    for (const [key, parts] of this.#parts) {
      const policy = key.slice(key.indexOf(' ') + 1);
      const own = parts.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000;
      total.set(policy, (total.get(policy) ?? 0) + own);
    }
    return total;
  }

  /** Judgements of a policy in a second of one processor, the market's own steps and all learning within that second. */
  looksPerSecond(policy: string): number | undefined {
    let looks = 0;
    for (const [key, parts] of this.#parts)
      if (key.endsWith(` ${policy}`)) looks += parts.reduce((sum, { outcome }) => sum + outcome.looks, 0);
    const seconds = this.cpuSeconds().get(policy) ?? 0;
    return seconds > 0 ? looks / seconds : undefined;
  }

  /** By scenario and policy; what did not run is left out. */
  scores(
    scenarios: readonly string[],
    policies: readonly string[],
  ): Readonly<Record<string, Readonly<Record<string, Score>>>> {
    return Object.fromEntries(
      scenarios.map((scenario) => [
        scenario,
        Object.fromEntries(
          policies.flatMap((policy) => {
            const rows = this.rows(scenario, policy);
            return rows.length === 0 ? [] : [[policy, scoreOf(rows)]];
          }),
        ),
      ]),
    );
  }

  #outcomes(scenario: string, policy: string): readonly Outcome[] {
    // Workers finish in any order; sums of doubles must not depend on it.
    return (this.#parts.get(`${scenario} ${policy}`) ?? [])
      .toSorted((a, b) => a.order - b.order)
      .map(({ outcome }) => outcome);
  }
}
