import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from './figures.ts';
import { goalsOf } from './goals.ts';
import type { QualityOptions } from './options.ts';
import { POLICIES } from './policies/all.ts';
import { scatter } from './plots.ts';
import { REFERENCE, REFERENCE_BIDS } from './reference.ts';
import { SCENARIOS } from './scenarios.ts';
import { pairedCapture, type Score } from './score.ts';
import { smallAccounts } from './small.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const OURS: ReadonlySet<string> = new Set(['G', 'G05']);

const f = (value: number | null | undefined, places = 2): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? '–'
    : value
        .toFixed(places)
        .replace(/^(-?)0\./, '$1.')
        .replace('-', '−');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, at) => (at === 0 ? '---' : '--:')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

/** What a run was, for the head of the page. */
export interface RunFacts {
  readonly seconds: number;
  readonly workers: number;
  readonly engine: string;
}

/** Writes docs/decision-quality.md and docs/quality/*.svg from the figures of a run. */
export function writeReport(options: QualityOptions, results: Results, run: RunFacts): void {
  const scores = results.scores(options.scenarios, options.policies);
  mkdirSync(`${docs}quality`, { recursive: true });
  for (const [id, name] of [
    ['S1', 'fast'],
    ['S2', 'slow'],
  ] as const) {
    const of = scores[id];
    if (of === undefined) continue;
    writeFileSync(
      `${docs}quality/capture-${name}.svg`,
      scatter({
        title: `Good ads stopped and profit kept, ${name} conversions, in a simulated market`,
        xTitle: 'good ads paused or starved',
        yTitle: 'share of the attainable profit',
        yFrom: -0.2,
        yTo: 1.1,
        points: Object.entries(of)
          .filter(([policy]) => !policy.startsWith('G-') && policy !== 'X')
          .map(([policy, score]) => ({
            label: policy,
            x: Math.max(score.starved, score.falsePause),
            y: score.capture,
            ours: OURS.has(policy),
          })),
      }),
    );
  }
  writeFileSync(`${docs}decision-quality.md`, page(options, results, scores, run));
}

type Scores = ReturnType<Results['scores']>;

function page(options: QualityOptions, results: Results, scores: Scores, run: RunFacts): string {
  const seeds = `${options.seeds[0]}–${options.seeds.at(-1)}`;
  const parts = [
    '# Quality of decisions in a simulated market',
    `<!-- Written by \`npm run bench -- quality --report\`: change the bench, not this page. -->`,
    `Every figure here was measured in a simulated market: the one behind the sample workspace, so nothing here is a promise
about a real account. What real data can say is in [real-data.md](real-data.md), as far as that bench has been run.

Policies see what a live system sees – spend as reported, conversions as their postbacks arrive, settings – and start
from the same ads in the same worlds. An ad's efficiency θ is target CPA ÷ true CPA: 1 is on target, above 1 is good.
The engine (G) estimates delay curves and priors itself, from 60 earlier ads of each account and from the run. Nothing
about the world is told to it.

- **false pause**: of ads that had run on target or better until then, how many were ever paused
- **starved**: of ads on target or better, how many got less than 40 % of their planned spend
- **capture**: profit as a share of what an oracle earns that runs exactly the right ads; below 0 it loses money. Policies
  that raise budgets can pass 1: the oracle keeps the budgets it was given
- **2×-losers**: ads at half their target's efficiency or worse; what they cost, in target CPAs

${options.seeds.length === 1 ? 'One replicate' : `${options.seeds.length} replicates`} of ${options.ads} ads (${options.seeds.length === 1 ? `seed ${options.seeds[0]}` : `seeds ${seeds}`}), ${options.eager ? 'ten-minute looks in S0 and for A, D and the engine in S1 and S2, hourly else' : 'hourly looks'},
${Math.round(run.seconds / 60)} minutes on ${run.workers} workers, engine version ${run.engine}. ± is one standard error, by bootstrap over ads for capture.`,
    '## Goals',
    table(
      ['goal', 'asked', 'measured', 'reached'],
      goalsOf(scores, results).map((goal) => [
        goal.goal,
        goal.asked,
        goal.measured,
        goal.reached === null ? 'not run' : goal.reached ? 'yes' : '**no**',
      ]),
    ),
    ...(scores['S1'] === undefined ? [] : ['![fast conversions](quality/capture-fast.svg)']),
    ...(scores['S2'] === undefined ? [] : ['![slow conversions](quality/capture-slow.svg)']),
    '## Every policy, fast and slow conversions',
    'In brackets: the figures published with the benchmark’s design, from another simulation of the same model with known delay curves.',
    fastAndSlow(scores),
    ...options.scenarios
      .filter((id) => !['S1', 'S2'].includes(id))
      .flatMap((id) => scenarioPart(id, scores[id] ?? {})),
    ...ablations(results, scores),
    ...estimates(results),
    ...smallPart(results),
    '## Policies',
    table(
      ['id', 'what it does'],
      POLICIES.map((policy) => [policy.id, policy.title]),
    ),
    '## What to keep in mind',
    `Simulated capture flatters policies whose prior family matches the simulator's; "mixture" is a world of another family,
and the wrong-prior rows show how much it matters. The target is taken as break-even; with a margin (a conversion worth 1.3
targets) false pauses cost more and waste less: that column stands beside. Thirty days at two targets a day are 60 targets of
evidence; S8 and the small accounts show what happens with less.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function fastAndSlow(scores: Scores): string {
  const [fast, slow] = [scores['S1'] ?? {}, scores['S2'] ?? {}];
  const rows = POLICIES.filter(
    ({ id }) => !id.startsWith('G-') && id !== 'X' && (fast[id] ?? slow[id]) !== undefined,
  ).map(({ id }) => {
    const reference = REFERENCE[id];
    const cell = (
      of: (score: Score) => number,
      [known, se]: readonly [readonly [number, number] | undefined, ((score: Score) => number) | null],
      places: number,
    ): string[] =>
      [fast[id], slow[id]].map((score, at) =>
        score === undefined
          ? '–'
          : `${f(of(score), places)}${se === null ? '' : ` ±${f(se(score), places)}`}${known === undefined ? '' : ` (${f(known[at], places)})`}`,
      );
    return [
      OURS.has(id) ? `**${id}**` : id,
      ...cell((score) => score.falsePause, [reference?.falsePause, (score) => score.falsePauseSe], 3),
      ...cell((score) => score.starved, [undefined, null], 3),
      ...cell((score) => score.loserSpend, [reference?.loserSpend, null], 1),
      ...cell((score) => score.capture, [reference?.capture, (score) => score.captureSe], 2),
      ...cell((score) => score.captureWithMargin, [undefined, null], 2),
    ];
  });
  return table(
    [
      'policy',
      'false pause, fast',
      'slow',
      'starved, fast',
      'slow',
      '2×-losers T, fast',
      'slow',
      'capture, fast',
      'slow',
      'at 1.3 T, fast',
      'slow',
    ],
    rows,
  );
}

function scenarioPart(id: string, scores: Readonly<Record<string, Score>>): string[] {
  const shown = Object.entries(scores).filter(([policy]) => policy !== 'X' && policy !== 'G-breaker');
  if (shown.length === 0) return [];
  const calibrated = shown.some(([, score]) => score.atOneFast !== undefined);
  const bids = SCENARIOS[id]?.bidding === true;
  return [
    `## ${id}: ${SCENARIOS[id]?.title ?? ''}`,
    table(
      [
        'policy',
        'false pause',
        ...(calibrated ? ['at θ = 1, fast', 'slow'] : []),
        'starved',
        '2×-losers T',
        'stopped',
        'median days',
        'wasted',
        'lost',
        'capture',
        'at 1.3 T',
        'changes a day',
        'over 20 %',
        'flips',
        ...(bids ? ['published: capture', 'changes'] : []),
      ],
      shown.map(([policy, score]) => [
        OURS.has(policy) ? `**${policy}**` : policy,
        `${f(score.falsePause, 3)} ±${f(score.falsePauseSe, 3)}`,
        ...(calibrated
          ? [
              `${f(score.atOneFast, 3)} ±${f(score.atOneFastSe, 3)}`,
              `${f(score.atOneSlow, 3)} ±${f(score.atOneSlowSe, 3)}`,
            ]
          : []),
        f(score.starved, 3),
        f(score.loserSpend, 1),
        f(score.losersStopped),
        f(score.loserDays, 1),
        f(score.wasted),
        f(score.lost),
        `${f(score.capture)} ±${f(score.captureSe)}`,
        f(score.captureWithMargin),
        f(score.changesPerAdDay),
        f(score.bigChangesPerAdDay),
        f(score.flipsPerAdDay),
        ...(bids ? [REFERENCE_BIDS[policy]?.capture ?? '', REFERENCE_BIDS[policy]?.changes ?? ''] : []),
      ]),
    ),
  ];
}

function ablations(results: Results, scores: Scores): string[] {
  const rows = ['S1', 'S2', 'S6'].flatMap((id) =>
    POLICIES.filter((policy) => policy.id.startsWith('G-')).flatMap(({ id: policy, title }) => {
      const score = scores[id]?.[policy];
      const [own, whole] = [results.rows(id, policy), results.rows(id, 'G')];
      if (score === undefined || whole.length !== own.length) return [];
      const { difference, se } = pairedCapture(own, whole);
      return [
        [
          id,
          title,
          f(score.falsePause, 3),
          f(score.starved, 3),
          f(score.loserSpend, 1),
          f(score.capture),
          `${f(difference, 3)} ±${f(se, 3)}`,
        ],
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    '## What each part is worth',
    'The engine without one of its parts, or misled; the difference in capture is paired by ad.',
    table(['world', 'engine', 'false pause', 'starved', '2×-losers T', 'capture', 'less G'], rows),
  ];
}

function estimates(results: Results): string[] {
  const rows = ['S1', 'S2', 'S3'].flatMap((id) =>
    Object.entries(results.forecasts(id)).map(([age, { seen, forecast, final }]) => [
      id,
      `${age} d`,
      f(seen / final - 1, 3),
      f(forecast / final - 1, 3),
    ]),
  );
  const deciles = results.calibration('S2', 'G').filter(({ stated }) => stated > 0);
  return [
    ...(rows.length === 0
      ? []
      : [
          '## Forecasts of final conversions',
          'Relative error over all ads, for clicks of some age: counting only what has come, and forecast by delay curve and shrunk rate.',
          table(['world', 'age of clicks', 'as seen', 'forecast'], rows),
        ]),
    ...(deciles.length === 0
      ? []
      : [
          '## Calibration of P(CPA > T)',
          'The engine in S2: among ads with a stated probability, how many are worse than target.',
          table(
            ['stated', 'times', 'true'],
            deciles.map(({ stated, sum, worse }) => [f(sum / stated), String(stated), f(worse / stated)]),
          ),
        ]),
  ];
}

function smallPart(results: Results): string[] {
  const rows = smallAccounts(results);
  if (rows.length === 0) return [];
  return [
    '## Small accounts',
    '$1,000 a month over 8 ads, purchases at a target of $30, nothing to learn from. Profit of a month beside leaving everything alone.',
    table(
      [
        'policy',
        'profit, $ a month',
        'more than doing nothing',
        'accounts better off',
        'median days to the first right stop',
      ],
      rows.map((row) => [
        row.policy,
        f(row.profit, 0),
        `${f(row.gain, 0)} ±${f(row.gainSe, 0)}`,
        f(row.betterOff),
        f(row.firstRightDay, 1),
      ]),
    ),
  ];
}
