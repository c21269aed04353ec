import type { Command } from 'commander';
import { GROUPINGS, type Grouping } from '../contract/fraud-settings.ts';
import { coarseTimes } from '../core/fraud/coarse-times.ts';
import { ctitBinLabel, sumHistograms } from '../core/fraud/ctit-histogram.ts';
import { sourceReport, type SourceRow } from '../core/fraud/source-report.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { oddsText } from '../core/rules/odds.ts';
import { findAccount } from '../db/accounts.ts';
import { type FraudCounts, listFraudEvents, loadFraudCounts } from '../db/fraud-counts.ts';
import { OperatorError } from '../errors.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { readSince } from './since.ts';

interface ReportOptions {
  readonly account?: string;
  readonly workspace?: string;
  readonly since: string;
  readonly by: string;
  readonly event?: string;
}

/** `fraud report`: which sources look like fraud, the strongest evidence first. Changes nothing. */
export function registerReport(fraud: Command, context: CliContext): void {
  fraud
    .command('report')
    .description('sources ranked by evidence of fraud, with the times from click to install; changes nothing')
    .option('--account <id>', 'one ad account; all of a workspace when left out')
    .option('--workspace <id>', 'whose; the only real one when left out')
    .option('--since <time>', 'how far back by receipt: 24h, 30d', '30d')
    .option('--by <what>', 'source, campaign, placement or site', 'source')
    .option('--event <name>', 'another event than installs')
    .action((options: ReportOptions) => report(context, options));
}

async function report(context: CliContext, options: ReportOptions): Promise<void> {
  const sinceMs = readSince(options.since);
  const by = readGrouping(options.by);
  const db = await context.db();
  const account = options.account === undefined ? null : await findAccount(db, options.account);
  if (account === undefined) {
    throw new OperatorError('unknown_account', `there is no ad account "${options.account ?? ''}"`, {
      next: 'See `./bidloop account list`.',
    });
  }
  const workspaceId = account?.workspace_id ?? (await chooseWorkspace(db, options.workspace)).id;
  const toMs = await context.nowMs(workspaceId);
  const question = {
    workspaceId,
    accountId: account?.id ?? null,
    event: options.event ?? null,
    by,
    fromMs: toMs - sinceMs,
    toMs,
  };
  const counts = await loadFraudCounts(db, question);
  const what = options.event ?? 'install';
  if (counts.length === 0) {
    const events = await listFraudEvents(db, question);
    context.print([], nothingText(what, by, options.since, events));
    return;
  }
  const rows = sourceReport(counts);
  const byName = new Map(counts.map((one) => [`${one.group} ${one.source}`, one]));
  const shown = rows.flatMap((row) => {
    const found = byName.get(`${row.group} ${row.source}`);
    return found === undefined ? [] : [{ row, counts: found }];
  });
  context.print(shown.map(view), text(shown, counts, { what, by, since: options.since }));
}

function readGrouping(text: string): Grouping {
  const found = GROUPINGS.find((one) => one === text);
  if (found !== undefined) return found;
  const meant = nearestWord(text, GROUPINGS);
  throw new UsageError(
    `--by: "${text}" is none of ${GROUPINGS.join(', ')}${meant === null ? '' : `; did you mean "${meant}"?`}`,
  );
}

interface Shown {
  readonly row: SourceRow;
  readonly counts: FraudCounts;
}

function view({ row, counts }: Shown): object {
  const { histogram, patterns, lnE, ...rest } = row;
  return {
    ...rest,
    key: counts.key,
    account: counts.accountId,
    clicks: counts.clicksSeen,
    /** All clicks of the account, which other sources convert too. */
    clicksShared: counts.clicksShared,
    conversionRate: rateOf(row, counts),
    // JSON has no infinity: where nothing could be tested there is no evidence.
    lnE: Number.isFinite(lnE) ? lnE : null,
    patterns: patterns.map((found) =>
      found.tested ? { ...found, lnE: Number.isFinite(found.lnE) ? found.lnE : null } : found,
    ),
    ofRepeatedDevices: counts.ofRepeatedDevices,
    ofOneAddress: counts.ofOneAddress,
    withAddress: counts.withAddress,
    histogram: histogram.map((installs, bin) => ({ label: ctitBinLabel(bin), installs })),
  };
}

function text(
  shown: readonly Shown[],
  counts: readonly FraudCounts[],
  { what, by, since }: { readonly what: string; readonly by: string; readonly since: string },
): string {
  const called = shown.filter(({ row }) => row.patterns.some((found) => found.failing));
  const others = shown.filter((one) => !called.includes(one));
  const few = others.filter(({ row }) => row.patterns.every((found) => !found.tested));
  const usual = others.length - few.length;
  return [
    `${what} of the last ${since} by ${by}: ${called.length === 0 ? 'nothing unusual' : `${called.length} of ${shown.length} stand out`}.`,
    ...called.flatMap((one) => ['', ...sourceLines(one, counts)]),
    '',
    ...table(shown, by),
    '',
    ...(usual === 0 ? [] : [`${usual} with nothing unusual.`]),
    ...(few.length === 0
      ? []
      : [`${few.length} not judged: too few conversions with a click, or nothing to compare with.`]),
    'Of the sources called here one in twenty is called wrongly on average. Nothing is left out of the counts by this; `./bidloop fraud policy` says what is.',
  ].join('\n');
}

function sourceLines({ row, counts }: Shown, all: readonly FraudCounts[]): string[] {
  const rest = all.filter((one) => one.group === row.group && one.source !== row.source);
  const elsewhere = coarseTimes(sumHistograms(rest.map((one) => one.histogram)));
  const extra = [
    ...(counts.ofRepeatedDevices === 0 ? [] : [`${counts.ofRepeatedDevices} on devices that repeat`]),
    ...(counts.ofOneAddress < 5 ? [] : [`${counts.ofOneAddress} of ${counts.withAddress} from one address`]),
  ];
  return [
    `${row.rank}. ${row.text}`,
    `   evidence ${oddsText(row.lnE)}${row.mayExclude ? '; two patterns fail: a policy may keep its conversions out' : ''}`,
    ...(extra.length === 0 ? [] : [`   ${extra.join('; ')}`]),
    `   ${'click to conversion'.padEnd(22)}here  elsewhere`,
    ...coarseTimes(row.histogram).map(
      (one, at) =>
        `   ${one.label.padEnd(22)}${percent(one.share)}  ${percent(elsewhere[at]?.share ?? 0).padStart(9)}`,
    ),
  ];
}

/** Conversions that the sender did not reject, per click; null where nobody counts clicks. */
function rateOf({ installs }: SourceRow, { clicksSeen }: FraudCounts): number | null {
  return clicksSeen === null || clicksSeen === 0 ? null : installs / clicksSeen;
}

const TABLE_ROWS = 30;
const NAME_WIDTH = 32;

/** Every source with its clicks and conversions, the most conversions first: what a buyer looks at first. */
function table(shown: readonly Shown[], by: string): string[] {
  const rows = shown.toSorted((a, b) => b.row.installs - a.row.installs);
  const more = rows.length - TABLE_ROWS;
  const several = new Set(shown.map(({ counts }) => counts.accountId)).size > 1;
  const shared = shown.some(({ counts, row }) => counts.clicksShared && rateOf(row, counts) !== null);
  return [
    `${by.padEnd(NAME_WIDTH)}    clicks  conversions     CVR  rejected`,
    ...rows.slice(0, TABLE_ROWS).map(({ row, counts }) => {
      const rate = rateOf(row, counts);
      const whole = several ? `${row.source}, ${counts.accountId ?? 'no account'}` : row.source;
      const name = whole.length > NAME_WIDTH ? `${whole.slice(0, NAME_WIDTH - 1)}…` : whole;
      const cells = [
        (counts.clicksSeen === null ? '–' : String(counts.clicksSeen)).padStart(10),
        String(row.installs).padStart(13),
        (rate === null ? '–' : `${(rate * 100).toFixed(2)} %`).padStart(8),
        String(row.rejected).padStart(10),
      ];
      return `${name.padEnd(NAME_WIDTH)}${cells.join('')}`;
    }),
    ...(more > 0 ? [`and ${more} more (--json has them all)`] : []),
    ...(shared
      ? ["Clicks are all of the account's: no click says which sender will report its conversion."]
      : []),
  ];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`.padStart(5);

function nothingText(what: string, by: string, since: string, events: readonly string[]): string {
  const other = events.filter((event) => event !== what);
  return [
    `There is no ${what} with a ${by} in the last ${since}.`,
    ...(other.length === 0
      ? []
      : [`There are: ${other.join(', ')}. Ask for one with --event, such as --event ${other[0] ?? ''}.`]),
  ].join(' ');
}
