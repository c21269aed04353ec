import type { Results } from './figures.ts';
import { f, table } from './markdown.ts';
import { POLICIES } from './policies/all.ts';
import { REFERENCE, REFERENCE_BIDS } from './reference.ts';
import { SCENARIOS } from './scenarios.ts';
import { isAblation } from './schedule.ts';
import { type Difference, pairedCapture, type Score } from './score.ts';
import { smallAccounts } from './small.ts';

export type Scores = ReturnType<Results['scores']>;
export const OURS: ReadonlySet<string> = new Set(['G', 'G05']);

/** With its 95 % interval. */
const interval = ({ difference, low, high }: Difference): string =>
  `${f(difference, 3)} (${f(low, 3)} to ${f(high, 3)})`;

export function fastAndSlow(scores: Scores): string {
  const [fast, slow] = [scores['S1'] ?? {}, scores['S2'] ?? {}];
  const rows = POLICIES.filter(
    ({ id }) => !isAblation(id) && id !== 'X' && (fast[id] ?? slow[id]) !== undefined,
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

export function scenarioPart(id: string, scores: Readonly<Record<string, Score>>): string[] {
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

export function ablations(results: Results, scores: Scores): string[] {
  const rows = ['S1', 'S2', 'S6'].flatMap((id) =>
    POLICIES.filter((policy) => isAblation(policy.id)).flatMap(({ id: policy, title }) => {
      const score = scores[id]?.[policy];
      const { own, other } = results.paired([id, policy], [id, 'G']);
      if (score === undefined || own.length === 0) return [];
      return [
        [
          id,
          title,
          f(score.falsePause, 3),
          f(score.starved, 3),
          f(score.loserSpend, 1),
          f(score.capture),
          interval(pairedCapture(own, other)),
        ],
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    '## What each part is worth',
    'The engine without one of its parts, or misled; the difference in capture is paired by ad, with its 95 % interval.',
    table(['world', 'engine', 'false pause', 'starved', '2×-losers T', 'capture', 'capture less G’s'], rows),
  ];
}

export function estimates(results: Results): string[] {
  const rows = ['S1', 'S2', 'S3'].flatMap((id) =>
    Object.entries(results.forecasts(id)).map(([age, { seen, forecast, final }]) => [
      id,
      `${age} d`,
      f(seen / final - 1, 3),
      f(forecast / final - 1, 3),
    ]),
  );
  const weeks = weeksPart(results);
  const deciles = results.calibration('S2', 'G').filter(({ stated }) => stated > 0);
  return [
    ...(rows.length === 0
      ? []
      : [
          '## Forecasts of final conversions',
          'Relative error over all ads, for clicks of some age: counting only what has come, and forecast by delay curve and shrunk rate.',
          table(['world', 'age of clicks', 'as seen', 'forecast'], rows),
        ]),
    ...weeks,
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

export function smallPart(results: Results): string[] {
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

/** How well the week to come is forecast by three rates. */
function weeksPart(results: Results): string[] {
  const rows = ['S1', 'S2', 'S3'].flatMap((id) => {
    const { ads, raw, pooled, shrunk } = results.nextWeek(id);
    return ads === 0 ? [] : [[id, String(ads), ...[raw, pooled, shrunk].map((sum) => f(sum / ads))]];
  });
  if (rows.length === 0) return [];
  return [
    '## Forecasts of the week to come',
    `Poisson deviance for each ad and week (less is better, 1 is as good as can be for large counts): final conversions of the next seven
days’ clicks, given their spend, by the ad’s own rate so far, by its campaign’s rate, and by the engine’s, shrunk from one to the other.`,
    table(['world', 'forecasts', 'own rate', 'campaign’s rate', 'shrunk'], rows),
  ];
}

const RULES = ['B1', 'B2', 'B3'] as const;

/** What the engine keeps more than rules do, and than doing nothing, ad by ad. */
export function leads(results: Results, scores: Scores): string[] {
  const rows = Object.entries(scores).flatMap(([id, of]) => {
    const best = RULES.filter((rule) => of[rule] !== undefined).toSorted(
      (a, b) => (of[b]?.capture ?? 0) - (of[a]?.capture ?? 0),
    )[0];
    if (of['G'] === undefined || best === undefined) return [];
    return [
      [
        id,
        ...[best, 'B4', 'Z', 'auto'].map((rival) => {
          const { own, other } = results.paired([id, 'G'], [id, rival]);
          if (own.length === 0) return '–';
          return `${rival === best ? `${best}: ` : ''}${interval(pairedCapture(own, other))}`;
        }),
      ],
    ];
  });
  if (rows.length === 0) return [];
  return [
    '## What the engine keeps more than others',
    `Capture of G less the other’s on the same ads, with 95 % intervals (ads drawn again with replacement, 400 times). B4 also raises the
budgets of what sells; in this market more budget brings more of the same without end, so that raising can earn more than the oracle,
which keeps the budgets it was given. That is why the goal speaks of B1 to B3.`,
    table(
      [
        'world',
        'less the best of B1 to B3',
        'less B4',
        'less doing nothing',
        'less the network’s allocation',
      ],
      rows,
    ),
  ];
}

/** What late, lost and repeated reports cost: the same ads with and without. */
export function faultsPart(results: Results, scores: Scores): string[] {
  const rows = POLICIES.flatMap(({ id }) => {
    const [calm, faulty] = [scores['S2']?.[id], scores['S6']?.[id]];
    const { own, other } = results.paired(['S6', id], ['S2', id]);
    if (calm === undefined || faulty === undefined || own.length === 0 || isAblation(id) || id === 'X')
      return [];
    return [
      [
        OURS.has(id) ? `**${id}**` : id,
        f(faulty.falsePause - calm.falsePause, 3),
        f(faulty.starved - calm.starved, 3),
        f(faulty.loserSpend - calm.loserSpend, 1),
        interval(pairedCapture(own, other)),
        String(faulty.pausedInOutage),
      ],
    ];
  });
  if (rows.length === 0) return [];
  return [
    '## What faults cost',
    `S6 less S2, the same ads with and without faults. In S2 the engine, A and D look every ten minutes, in S6 every hour.
Two campaigns of each account’s fifteen buy from sources that steal: one has three of its ten conversions from clicks injected
seconds before, one floods with fifty times the clicks and claims one conversion for each that it earned, evenly over a week. What is
stolen is worth nothing and looks like any other conversion. No policy here leaves anything out as fraud: this is what it costs to
believe it all.`,
    table(['policy', 'false pauses', 'starved', '2×-losers T', 'capture', 'pauses within an outage'], rows),
  ];
}
