import type { Results } from './figures.ts';
import { f } from './markdown.ts';
import { type Score, standardError } from './score.ts';

/** One promise of the engine with what was measured. */
export interface Goal {
  readonly goal: string;
  readonly asked: string;
  /** The same in the simulation that came with the benchmark’s design. */
  readonly published: string;
  readonly measured: string;
  readonly reached: boolean | null;
}

type Scores = Readonly<Record<string, Readonly<Record<string, Score>>>>;

const figure = (value: number | undefined, places = 3): string => f(value, places);

const BEST_RULES = ['B1', 'B2', 'B3'] as const;

/** Section 6 of the benchmark's design, row by row; what did not run is neither reached nor missed. */
export function goalsOf(scores: Scores, results: Results): readonly Goal[] {
  const at = (scenario: string, policy: string): Score | undefined => scores[scenario]?.[policy];
  const goals: Goal[] = [];
  const add = (
    goal: string,
    asked: string,
    published: string,
    parts: readonly (readonly [string, number | undefined, boolean])[],
    places = 3,
  ): void => {
    const known = parts.filter(([, value]) => value !== undefined);
    goals.push({
      goal,
      asked,
      published,
      measured: parts.map(([name, value]) => `${name} ${figure(value, places)}`).join(', '),
      reached: known.length < parts.length ? null : known.every(([, , holds]) => holds),
    });
  };
  const atMost = (name: string, value: number | undefined, limit: number) =>
    [name, value, value !== undefined && value <= limit] as const;
  const atLeast = (name: string, value: number | undefined, limit: number) =>
    [name, value, value !== undefined && value >= limit] as const;

  for (const [policy, alpha, published] of [
    ['G', 0.2, '≤ .13'],
    ['G05', 0.05, '≤ .03'],
    ['D20', 0.2, '.13'],
    ['D05', 0.05, '.03'],
  ] as const) {
    const score = at('S0', policy);
    const limit = (n: number | undefined): number => alpha + 2 * (n ?? 0);
    add(
      `guarantee: ads exactly on target, ${policy}`,
      `≤ ${figure(alpha, 2)} + 2 standard errors`,
      published,
      [
        atMost('fast', score?.atOneFast, limit(score?.atOneFastSe)),
        atMost('slow', score?.atOneSlow, limit(score?.atOneSlowSe)),
      ],
    );
  }
  for (const [policy, limit, published] of [
    ['G', 0.03, 'S1 .022, S2 .024'],
    ['G05', 0.005, 'S1 .002, S2 .002'],
  ] as const)
    add(
      `false pauses, ${policy}`,
      `≤ ${figure(limit, limit < 0.01 ? 3 : 2)}`,
      published,
      ['S1', 'S2', 'S3'].map((id) => atMost(id, at(id, policy)?.falsePause, limit)),
    );
  for (const policy of ['G', 'G05'])
    add(`good ads paused or starved, ${policy}`, '≤ .05 fast, ≤ .03 slow', 'S1 .09–.10, S2 .04–.05', [
      atMost('S1', at('S1', policy)?.starved, 0.05),
      atMost('S2', at('S2', policy)?.starved, 0.03),
    ]);
  add(
    '2×-losers stopped within 30 days, G',
    '≥ .97',
    '',
    ['S1', 'S2'].map((id) => atLeast(id, at(id, 'G')?.losersStopped, 0.97)),
  );
  add(
    'spend on 2×-losers in targets, G',
    '≤ 7 fast, ≤ 9 slow',
    'S1 6.2, S2 8.5',
    [atMost('S1', at('S1', 'G')?.loserSpend, 7), atMost('S2', at('S2', 'G')?.loserSpend, 9)],
    1,
  );
  for (const policy of ['G', 'G05'])
    add(
      `capture, ${policy}`,
      '≥ .83 fast, ≥ .79 slow',
      policy === 'G' ? 'S1 .84, S2 .80' : 'S1 .82, S2 .79',
      [atLeast('S1', at('S1', policy)?.capture, 0.83), atLeast('S2', at('S2', policy)?.capture, 0.79)],
    );
  const lead = (id: string): number | undefined => {
    const own = at(id, 'G')?.capture;
    const rules = BEST_RULES.flatMap((policy) => at(id, policy)?.capture ?? []);
    return own === undefined || rules.length < BEST_RULES.length ? undefined : own - Math.max(...rules);
  };
  add('capture over the best of B1 to B3, G', '≥ 0 fast, ≥ .30 slow', 'S1 .03, S2 .30', [
    atLeast('S1', lead('S1'), 0),
    atLeast('S2', lead('S2'), 0.3),
  ]);
  add('bids, G in S7', 'capture ≥ .94', '.95–.96', [atLeast('capture', at('S7', 'G')?.capture, 0.94)]);
  add('changes per ad and day, G in S7', '≤ .3', '.16–.18', [
    atMost('changes', at('S7', 'G')?.changesPerAdDay, 0.3),
  ]);
  for (const [id, factor] of [
    ['S4', 1],
    ['S5', 1.5],
    ['trial', 1.5],
  ] as const)
    for (const [policy, alpha] of [
      ['G', 0.2],
      ['G05', 0.05],
    ] as const)
      add(
        `ROAS exactly on target, ${policy} in ${id}`,
        `≤ ${figure(alpha * factor)} + 2 standard errors`,
        '',
        [
          atMost(
            'paused',
            at(id, policy)?.atOneFast,
            alpha * factor + 2 * (at(id, policy)?.atOneFastSe ?? 0),
          ),
        ],
      );
  const [faults, calm] = [at('S6', 'G'), at('S2', 'G')];
  const minus = (of: (score: Score) => number): number | undefined =>
    faults === undefined || calm === undefined ? undefined : of(faults) - of(calm);
  add(
    'faults: pauses decided inside an outage, G',
    '0',
    '',
    [atMost('pauses', faults?.pausedInOutage, 0)],
    0,
  );
  add('faults: added false pauses, G in S6 less S2', '≤ .005', '', [
    atMost(
      'added',
      minus((score) => score.falsePause),
      0.005,
    ),
  ]);
  add('faults: capture lost, G in S6 less S2', '≥ −.03', '', [
    atLeast(
      'difference',
      minus((score) => score.capture),
      -0.03,
    ),
  ]);
  const deciles = results.calibration('S2', 'G').filter(({ stated }) => stated >= 200);
  const worst =
    deciles.length === 0
      ? undefined
      : Math.max(...deciles.map(({ stated, sum, worse }) => Math.abs(worse - sum) / stated));
  add('calibration: largest gap of a decile of P(CPA > T), G in S2', '≤ .05', '', [
    atMost('gap', worst, 0.05),
  ]);
  const { ads, missed } = results.intervals('S0');
  const coverage = ads === 0 ? undefined : 1 - missed / ads;
  add('95 % intervals hold at all times at once, S0', '≥ .95', '', [
    atLeast('hold', coverage, 0.95 - 2 * standardError(0.95, ads)),
  ]);
  const speed = results.looksPerSecond('G');
  add(
    'judgements of one ad in a second of one processor, G, the market and learning within that second',
    '≥ 20,000',
    '',
    [atLeast('judgements', speed, 20_000)],
    0,
  );
  return goals;
}
