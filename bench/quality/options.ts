import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CACHE } from './cache.ts';
import { POLICIES } from './policies/all.ts';
import { SCENARIO_IDS, SCENARIOS } from './scenarios.ts';
import { isAblation } from './schedule.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

export interface QualityOptions {
  readonly profile: 'quick' | 'full';
  readonly scenarios: readonly string[];
  readonly policies: readonly string[];
  readonly ads: number;
  readonly seeds: readonly number[];
  /** Ten-minute looks where the guarantee is measured. */
  readonly eager: boolean;
  readonly resume: boolean;
  /** Folder of finished pieces. */
  readonly cache: string;
  readonly out: string | null;
  readonly report: boolean;
  /** Folder of the report. */
  readonly docs: string;
}

export const HELP = `npm run bench -- quality [options]

How often policies pause good ads, how fast they catch bad ones, and how much of the attainable profit they keep,
in a simulated market. The last line is JSON by scenario and policy.

  --scenarios S1,S2    worlds: ${Object.keys(SCENARIOS).join(', ')}
  --policies A,B1,G    see below (quick: all but the variants of G)
  --ads N              ads in each world and replicate (quick 300, full 1800)
  --seed N             first seed (quick 1, full 1000; 1 to 99 are for development)
  --replicates N       worlds drawn from neighbouring seeds (quick 1, full 4)
  --profile quick|full quick: S0, S1, S2 with 300 ads, hourly looks; full: everything, ten-minute looks where the
                       guarantee is measured
  --eager              ten-minute looks in the quick profile too
  --resume             keep what an interrupted run of the same sources has finished
  --cache DIR          folder of finished pieces (node_modules/.cache/bidloop-quality)
  --out FILE           write the figures there as JSON too
  --report             write decision-quality.md and its plots (always with --profile full)
  --docs DIR           where the report is written (docs)

Policies: ${POLICIES.map((policy) => `\n  ${policy.id.padEnd(8)} ${policy.title}`).join('')}
`;

/** @returns the options, or a sentence that says what is wrong with them. */
export function readOptions(argv: readonly string[]): QualityOptions | { readonly problem: string } | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: argv.filter((word) => word !== '--'),
      options: {
        scenarios: { type: 'string' },
        policies: { type: 'string' },
        ads: { type: 'string' },
        seed: { type: 'string' },
        replicates: { type: 'string' },
        profile: { type: 'string', default: 'quick' },
        eager: { type: 'boolean', default: false },
        resume: { type: 'boolean', default: false },
        cache: { type: 'string', default: CACHE },
        out: { type: 'string' },
        report: { type: 'boolean', default: false },
        docs: { type: 'string', default: DOCS },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return 'help';
  const { profile } = values;
  if (profile !== 'quick' && profile !== 'full')
    return { problem: `--profile is "${profile}"; write quick or full` };
  const full = profile === 'full';
  const scenarios =
    list(values.scenarios) ??
    (full ? [...SCENARIO_IDS, 'trial', 'mixture', 'cold', 'arrivals', 'small'] : ['S0', 'S1', 'S2']);
  const unknown = scenarios.find((id) => SCENARIOS[id] === undefined);
  if (unknown !== undefined)
    return { problem: `there is no scenario "${unknown}"; there are ${Object.keys(SCENARIOS).join(', ')}` };
  const policies =
    list(values.policies) ?? POLICIES.map((policy) => policy.id).filter((id) => full || !isAblation(id));
  const stranger = policies.find((id) => !POLICIES.some((policy) => policy.id === id));
  if (stranger !== undefined)
    return {
      problem: `there is no policy "${stranger}"; there are ${POLICIES.map((policy) => policy.id).join(', ')}`,
    };
  const numbers = {
    ads: whole(values.ads, full ? 1_800 : 300),
    seed: whole(values.seed, full ? 1_000 : 1),
    replicates: whole(values.replicates, full ? 4 : 1),
  };
  for (const [name, value] of Object.entries(numbers))
    if (value === null) return { problem: `--${name} is a whole number above 0` };
  const { ads, seed, replicates } = numbers;
  return {
    profile,
    scenarios,
    policies,
    ads: ads ?? 0,
    seeds: Array.from({ length: replicates ?? 0 }, (_, at) => (seed ?? 0) + at),
    eager: full || values.eager,
    resume: values.resume,
    cache: values.cache,
    out: values.out ?? null,
    report: full || values.report,
    docs: values.docs,
  };
}

function list(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function whole(text: string | undefined, otherwise: number): number | null {
  if (text === undefined) return otherwise;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
