import { mean, quantile } from 'simple-statistics';
import { cuped, lnTwoRates, sequenceHalfWidth, twoRatesOnce } from '../../src/core/statistics/effects.ts';
import { type Backtest, percent, rounded } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';
import { type Draw, draws, shuffled } from './random.ts';

const ALPHA = 0.05;
const SHUFFLES = 1_000;
/** Pairs before a mean of rare, heavy amounts is looked at: the sequence is an asymptotic one. */
const FIRST_LOOK = 500;

export interface Customer {
  readonly arm: string;
  readonly converted: boolean;
  readonly spend: number;
  /** Dollars of the year before. */
  readonly history: number;
}

export function readCustomers(text: string): readonly Customer[] {
  return readCsv(text, ['segment', 'conversion', 'spend', 'history']).map(
    ([arm = '', conversion, spend, history]) => ({
      arm,
      converted: numberOf(conversion) > 0,
      spend: numberOf(spend),
      history: numberOf(history),
    }),
  );
}

/** When two arms that are looked at after every conversion are told apart; null where they never are. */
export interface Told {
  /** Share of all conversions seen by then. */
  readonly byEvidence: number | null;
  readonly byRepeatedTest: number | null;
}

/** @param ofFirst for each conversion in order of time, whether it is the first arm's. */
export function tellApart(ofFirst: readonly boolean[], sizes: readonly [number, number]): Told {
  let [n1, n0] = [0, 0];
  let told: { byEvidence: number | null; byRepeatedTest: number | null } = {
    byEvidence: null,
    byRepeatedTest: null,
  };
  for (const [index, first] of ofFirst.entries()) {
    if (first) n1 += 1;
    else n0 += 1;
    const share = (index + 1) / ofFirst.length;
    const one = { conversions: n1, exposure: sizes[0] };
    const other = { conversions: n0, exposure: sizes[1] };
    if (told.byEvidence === null && lnTwoRates(one, other) >= -Math.log(ALPHA))
      told = { ...told, byEvidence: share };
    // The fixed-sample test from ten conversions on, as an impatient reader would.
    if (told.byRepeatedTest === null && index >= 9 && twoRatesOnce(one, other) < ALPHA)
      told = { ...told, byRepeatedTest: share };
    if (told.byEvidence !== null && told.byRepeatedTest !== null) break;
  }
  return told;
}

/** Whether a confidence sequence for the mean of paired differences ever leaves zero out. */
export function excludesZero(differences: readonly number[]): boolean {
  let [t, sum, squares] = [0, 0, 0];
  // Narrowest where half of the pairs are in (its paper's advice: ρ for the time that matters).
  const rho = Math.sqrt(
    (-2 * Math.log(ALPHA) + Math.log(-2 * Math.log(ALPHA) + 1)) / (differences.length / 2),
  );
  for (const difference of differences) {
    t += 1;
    sum += difference;
    squares += difference * difference;
    if (t < FIRST_LOOK) continue;
    const average = sum / t;
    const sd = Math.sqrt(Math.max(0, squares / t - average * average));
    if (sd > 0 && Math.abs(average) > sequenceHalfWidth({ t, sd, rho, alpha: ALPHA })) return true;
  }
  return false;
}

function share(of: readonly unknown[], all = SHUFFLES): number {
  return of.length / all;
}

function compare(first: readonly Customer[], second: readonly Customer[], draw: Draw) {
  const conversions = [
    ...first.filter((one) => one.converted).map(() => true),
    ...second.filter((one) => one.converted).map(() => false),
  ];
  const told = Array.from({ length: SHUFFLES }, () =>
    tellApart(shuffled(conversions, draw), [first.length, second.length]),
  );
  const byEvidence = told.flatMap((one) => one.byEvidence ?? []);
  return {
    rates: [first, second].map((of) => of.filter((one) => one.converted).length / of.length),
    power: share(byEvidence),
    median: byEvidence.length === 0 ? null : quantile(byEvidence, 0.5),
  };
}

/** A true experiment: arms told apart while it runs, arms that do not differ, and what the year before explains. */
export const hillstrom: Backtest = {
  name: 'hillstrom',
  folder: 'hillstrom-email-experiment',
  files: ['customers.csv'],
  title: 'Comparing arms while the experiment runs',
  run(read) {
    const customers = readCustomers(read('customers.csv'));
    const arm = (name: string): readonly Customer[] => customers.filter((one) => one.arm === name);
    const [mens, womens, none] = [arm('Mens E-Mail'), arm('Womens E-Mail'), arm('No E-Mail')];
    const draw = draws(3);
    const figures: Record<string, number> = { customers: customers.length };
    const rows = (
      [
        ["men's against none", 'mensNone', mens, none],
        ["women's against none", 'womensNone', womens, none],
        ["men's against women's", 'mensWomens', mens, womens],
      ] as const
    ).map(([name, key, first, second]) => {
      const found = compare(first, second, draw);
      figures[`${key}Power`] = found.power;
      return [
        name,
        found.rates.map((rate) => percent(rate)).join(' : '),
        percent(found.power),
        found.median === null ? 'never' : percent(found.median),
      ];
    });

    // The arm without a mail, cut in two at random: whatever is found is a false alarm.
    const alarms = { evidence: 0, repeated: 0, spend: 0 };
    for (let split = 0; split < SHUFFLES; split += 1) {
      const mixed = shuffled(none, draw);
      const half = Math.floor(mixed.length / 2);
      const ofFirst = mixed.flatMap((one, index) => (one.converted ? [index < half] : []));
      const told = tellApart(shuffled(ofFirst, draw), [half, half]);
      if (told.byEvidence !== null) alarms.evidence += 1;
      if (told.byRepeatedTest !== null) alarms.repeated += 1;
      if (
        excludesZero(mixed.slice(0, half).map((one, index) => one.spend - (mixed[half + index]?.spend ?? 0)))
      )
        alarms.spend += 1;
    }
    Object.assign(figures, {
      placeboEvidence: alarms.evidence / SHUFFLES,
      placeboRepeatedTest: alarms.repeated / SHUFFLES,
      placeboSpendSequence: alarms.spend / SHUFFLES,
    });
    const adjusted = cuped(
      customers.map((one) => one.history),
      customers.map((one) => one.spend),
    );
    figures['cupedExplained'] = adjusted?.explained ?? 0;
    return {
      tables: [
        {
          caption: `Arms told apart by evidence at a risk of ${ALPHA}, looked at after every conversion, in ${SHUFFLES} orders of arrival`,
          columns: ['arms', 'conversion', 'told apart', 'median share of the conversions it took'],
          rows,
        },
        {
          caption: `The arm without a mail, cut in two at random ${SHUFFLES} times (promise: at most ${percent(ALPHA)})`,
          columns: ['looked at', 'false alarms'],
          rows: [
            ['evidence (Beta mixture), after every conversion', percent(alarms.evidence / SHUFFLES)],
            ['binomial test p < .05, after every conversion', percent(alarms.repeated / SHUFFLES)],
            [
              `spend: confidence sequence, after every pair from the ${FIRST_LOOK}th on`,
              percent(alarms.spend / SHUFFLES),
            ],
          ],
        },
        {
          caption: 'Spend of two weeks',
          columns: ['arm', 'dollars a customer'],
          rows: (
            [
              ["men's", mens],
              ["women's", womens],
              ['none', none],
            ] as const
          ).map(([name, of]) => [name, rounded(mean(of.map((one) => one.spend)))]),
        },
      ],
      shows: [
        `Looking after every conversion, evidence raises a false alarm in ${percent(alarms.evidence / SHUFFLES)} of the placebo splits, a test meant for one look in ${percent(alarms.repeated / SHUFFLES)}.`,
        `The spend of the year before explains ${percent(figures['cupedExplained'] ?? 0)} of the variance of two weeks' spend: with purchases this rare, correcting for it (CUPED) gains nothing. It is for measures that a customer or an ad set repeats.`,
      ],
      figures,
    };
  },
};
