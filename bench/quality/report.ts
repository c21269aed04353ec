import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Results } from './figures.ts';
import { goalsOf } from './goals.ts';
import { table } from './markdown.ts';
import type { QualityOptions } from './options.ts';
import { POLICIES } from './policies/all.ts';
import { scatter } from './plots.ts';
import {
  ablations,
  estimates,
  fastAndSlow,
  faultsPart,
  leads,
  OURS,
  scenarioPart,
  type Scores,
  smallPart,
} from './report-parts.ts';
import { isAblation } from './schedule.ts';

/** What a run was, for the head of the page. */
export interface RunFacts {
  readonly workers: number;
  readonly engine: string;
}

/** Writes decision-quality.md and quality/*.svg from the figures of a run. */
export function writeReport(options: QualityOptions, results: Results, run: RunFacts): void {
  const scores = results.scores(options.scenarios, options.policies);
  mkdirSync(path.join(options.docs, 'quality'), { recursive: true });
  for (const [id, name] of [
    ['S1', 'fast'],
    ['S2', 'slow'],
  ] as const) {
    const of = scores[id];
    if (of === undefined) continue;
    const points = Object.entries(of)
      .filter(([policy]) => !isAblation(policy) && policy !== 'X')
      .map(([policy, score]) => ({
        label: policy,
        x: Math.max(score.starved, score.falsePause),
        y: score.capture,
        ours: OURS.has(policy),
      }));
    const heights = points.map(({ y }) => y);
    writeFileSync(
      path.join(options.docs, 'quality', `capture-${name}.svg`),
      scatter({
        title: `Good ads stopped and profit kept, ${name} conversions, in a simulated market`,
        xTitle: 'good ads paused or starved (root scale)',
        yTitle: 'share of the attainable profit',
        yFrom: Math.min(0, Math.floor(5 * Math.min(...heights)) / 5),
        yTo: Math.max(1, ...heights) + 0.05,
        points,
      }),
    );
  }
  writeFileSync(path.join(options.docs, 'decision-quality.md'), page(options, results, scores, run));
}

/** Of all pieces, also those that an interrupted run had finished before. */
function processorTime(results: Results): string {
  const seconds = [...results.cpuSeconds().values()].reduce((sum, own) => sum + own, 0);
  return `${seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`} of processor time`;
}

function page(options: QualityOptions, results: Results, scores: Scores, run: RunFacts): string {
  const parts = [
    '# Quality of decisions in a simulated market',
    `<!-- Written by \`npm run bench -- quality --report\`: change the bench, not this page. -->`,
    `When an ad looks bad, is it? Pause too soon and a good ad is lost; wait too long and a bad one goes on costing. This page measures how
often Bidloop’s autopilot (G) and the rules that people commonly use decide rightly, in a simulated market: the one behind the sample
workspace, in which every ad’s true cost is known to the scorer and to nobody else. Nothing here is a promise about a real account; what
real data can say is in [real-data.md](real-data.md), as far as that bench has been run.`,
    `Policies see what a live system sees – spend as reported, conversions as their postbacks arrive, settings – and start from the same ads
in the same worlds. An ad’s efficiency θ is target CPA ÷ true CPA: 1 is on target, above 1 is good, .5 costs twice the target. The engine
estimates delay curves and priors itself, from 60 earlier ads of each account and from the run. Nothing about the world is told to it.
α is its risk: of ads exactly on target, at most that share may ever be paused; G runs at .20, G05 at .05.

- **false pause**: of ads that had run on target or better until then, how many were ever paused
- **starved**: of ads on target or better, how many got less than 40 % of their planned spend
- **capture**: profit as a share of what an oracle earns that runs exactly the right ads; below 0 it loses money. Policies
  that raise budgets can pass 1: the oracle keeps the budgets it was given
- **2×-losers**: ads at half their target’s efficiency or worse; what they cost, in target CPAs (T)

${replicates(options)}
${options.eager ? 'Ten-minute looks in S0 and for A, D and the engine in S1 and S2, hourly ones else' : 'Hourly looks'}; ${processorTime(results)} on ${run.workers} workers; engine version ${run.engine}.
± is one standard error, by bootstrap over ads for capture.`,
    '## Goals',
    '“Published” are the figures that came with the benchmark’s design, from another simulation of the same model: known delay curves, one prior, no lag.',
    table(
      ['goal', 'asked', 'published', 'measured', 'reached'],
      goalsOf(scores, results).map((goal) => [
        goal.goal,
        goal.asked,
        goal.published,
        goal.measured,
        goal.reached === null ? 'not run' : goal.reached ? 'yes' : '**no**',
      ]),
    ),
    'Of goals that are not reached, [record 0028](decisions/0028-goals-of-quality.md) says what was found and what was tried.',
    ...(scores['S1'] === undefined ? [] : ['![fast conversions](quality/capture-fast.svg)']),
    ...(scores['S2'] === undefined ? [] : ['![slow conversions](quality/capture-slow.svg)']),
    '## Every policy, fast and slow conversions',
    'In brackets: the published figures.',
    fastAndSlow(scores),
    ...options.scenarios
      .filter((id) => !['S1', 'S2'].includes(id))
      .flatMap((id) => scenarioPart(id, scores[id] ?? {})),
    ...leads(results, scores),
    ...faultsPart(results, scores),
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

function replicates({ seeds, ads }: QualityOptions): string {
  if (seeds.length === 1) return `One replicate of ${ads} ads in each world (seed ${seeds[0]}).`;
  return `${seeds.length} replicates of ${ads} ads in each world, seeds ${seeds[0]}–${seeds.at(-1)}.`;
}
