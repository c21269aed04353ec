import type { Command } from 'commander';
import {
  type FraudSettings,
  fraudSettingsSchema,
  readFraudSettings,
  SETTABLE_SIGNALS,
  TREATMENTS,
} from '../contract/fraud-settings.ts';
import { DEFAULT_POLICY, NEEDS_COMPANY, STATISTICAL } from '../core/fraud/signals.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { storeFraudSettings } from '../db/fraud-policy.ts';
import { listSources } from '../db/sources.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './fraud-list.ts';

interface PolicyOptions {
  readonly set: readonly string[];
  readonly limit: readonly string[];
  readonly by?: string;
  readonly reset?: true;
}

const COUNTS = [
  'conversionsOfClick',
  'installsOfDevice',
  'conversionsOfNetwork',
  'clicksOfAddress',
  'addressesOfDevice',
];
const LIMITS = [...COUNTS, 'paidFastestS', 'payoutCap', 'fastestS.<event>'];

/** `fraud policy`: what a sign of fraud does to a source's conversions. */
export function registerPolicy(fraud: Command, context: CliContext): void {
  const more = (one: string, all: readonly string[]): readonly string[] => [...all, one];
  fraud
    .command('policy')
    .argument('[source]', 'a postback source; without it, what is set anywhere')
    .description('what each sign does to a source’s conversions: count, quarantine or exclude')
    .option('--set <signal=treatment>', 'install_too_fast=quarantine; may be repeated', more, [])
    .option('--limit <name=value>', `where a sign begins: ${LIMITS.join(', ')}; may be repeated`, more, [])
    .option('--by <what>', 'what the statistics compare: source, campaign, placement or site')
    .option('--reset', 'back to the default: nothing is kept out but what the sender rejects')
    .addHelpText(
      'after',
      `
quarantine keeps conversions out of the counts until somebody releases them, exclude for good; both can be undone with
\`fraud release\`, and both hold from the next judging on (every hour, the conversions of the last day).

Examples:
  ./bidloop fraud policy shop --set install_too_fast=quarantine --limit fastestS.install=10
  ./bidloop fraud policy mmp --set source_flooding=exclude --by placement
  ./bidloop fraud policy mmp --reset`,
    )
    .action((source: string | undefined, options: PolicyOptions) => policy(context, source, options));
}

async function policy(
  context: CliContext,
  source: string | undefined,
  options: PolicyOptions,
): Promise<void> {
  const changes =
    options.set.length + options.limit.length > 0 || options.by !== undefined || options.reset === true;
  if (source === undefined) {
    if (changes) throw new UsageError('name the source whose policy changes: fraud policy <source> --set …');
    return overview(context);
  }
  const row = await knownSource(context, source);
  const before = readFraudSettings(row.settings);
  const after = changes ? changed(options.reset === true ? {} : before, options) : before;
  if (changes) await storeFraudSettings(await context.db(), row.id, after);
  context.print(
    { source: row.id, settings: after, policy: { ...DEFAULT_POLICY, ...after.policy } },
    [
      ...policyLines(row.id, after),
      ...(changes ? ['Holds from the next judging on; `./bidloop fraud judge` judges now.'] : []),
    ].join('\n'),
  );
}

async function overview(context: CliContext): Promise<void> {
  const sources = (await listSources(await context.db())).map((row) => ({
    source: row.id,
    settings: readFraudSettings(row.settings),
  }));
  const own = sources.filter((one) => Object.keys(one.settings).length > 0);
  context.print(
    sources,
    [
      'By default every sign is only marked; what the sender itself rejects is never counted.',
      ...own.flatMap((one) => ['', ...policyLines(one.source, one.settings)]),
      '',
      `Signs: ${SETTABLE_SIGNALS.map((signal) => (NEEDS_COMPANY.has(signal) ? `${signal} (never alone)` : STATISTICAL.has(signal) ? `${signal} (needs two failing patterns)` : signal)).join(', ')}`,
    ].join('\n'),
  );
}

function policyLines(source: string, { policy: own = {}, limits = {}, by }: FraudSettings): string[] {
  const acting = Object.entries(own).filter(([, treatment]) => treatment !== 'count');
  const { fastestS = {}, ...numbers } = limits;
  const set = [
    ...Object.entries(numbers).map(([name, value]) => `${name} ${value}`),
    ...Object.entries(fastestS).map(([event, value]) => `fastestS.${event} ${value}`),
  ];
  return [
    acting.length === 0
      ? `${source}: signs are only marked; nothing is kept out but what the sender rejects.`
      : `${source}: ${acting.map(([signal, treatment]) => `${signal} ${treatment}`).join(', ')}; other signs are only marked.`,
    ...(set.length === 0 ? [] : [`  limits: ${set.join(', ')}`]),
    ...(by === undefined ? [] : [`  compared by ${by}`]),
  ];
}

function changed(before: FraudSettings, options: PolicyOptions): FraudSettings {
  const treatments: Record<string, string> = { ...before.policy };
  for (const text of options.set) {
    const [signal, treatment] = pair('--set', text, 'install_too_fast=quarantine');
    if (signal === 'rejected_by_sender')
      throw new UsageError('--set: what the sender itself rejects is never counted; that is no choice');
    known('--set', signal, SETTABLE_SIGNALS);
    known('--set', treatment, TREATMENTS);
    treatments[signal] = treatment;
  }
  const { fastestS, ...numbers } = before.limits ?? {};
  const limits: Record<string, unknown> = { ...numbers };
  const fastest: Record<string, number> = { ...fastestS };
  for (const text of options.limit) {
    const [name, value] = pair('--limit', text, 'installsOfDevice=3');
    const number = Number(value);
    if (value === '' || !Number.isFinite(number))
      throw new UsageError(`--limit: "${value}" is no number; write one such as ${name}=3`);
    if (name.startsWith('fastestS.') && name.length > 9) fastest[name.slice(9)] = number;
    else {
      known('--limit', name, [...COUNTS, 'paidFastestS', 'payoutCap']);
      limits[name] = number;
    }
  }
  const parsed = fraudSettingsSchema.safeParse({
    ...(Object.keys(treatments).length === 0 ? {} : { policy: treatments }),
    ...(Object.keys(limits).length + Object.keys(fastest).length === 0
      ? {}
      : { limits: { ...limits, ...(Object.keys(fastest).length === 0 ? {} : { fastestS: fastest }) } }),
    ...(options.by === undefined ? (before.by === undefined ? {} : { by: before.by }) : { by: options.by }),
  });
  if (parsed.success) return parsed.data;
  throw new UsageError(
    parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
  );
}

function pair(option: string, text: string, example: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`${option}: "${text}" has no "="; write it like ${example}`);
}

function known(option: string, text: string, words: readonly string[]): void {
  if (words.includes(text)) return;
  const meant = nearestWord(text, words);
  throw new UsageError(
    `${option}: there is no "${text}"; ${meant === null ? `there are: ${words.join(', ')}` : `did you mean "${meant}"?`}`,
  );
}
