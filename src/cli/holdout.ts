import type { Command } from 'commander';
import { holdoutSentences } from '../core/holdout-words.ts';
import { formatMoney, micros, MICROS_PER_UNIT } from '../core/money.ts';
import { findAccount } from '../db/accounts.ts';
import type { Db } from '../db/connection.ts';
import { type AccountHoldout, type HeldRecord, loadHoldout } from '../db/holdout-report.ts';
import { OperatorError } from '../errors.ts';
import { clockOf } from './clock-words.ts';
import type { CliContext } from './command.ts';

/** `holdout`: how often pausing was wrong and what it was worth, measured on due pauses that were held back by a draw. */
export function register(program: Command, context: CliContext): void {
  program
    .command('holdout')
    .description('how often pausing was wrong and what it is worth, measured on pauses that were held back')
    .option('--account <id>', 'one ad account; all of them when left out')
    .addHelpText(
      'after',
      `
An autopilot with \`holdout: 3 %\` draws for every pause that is due: three of a hundred are held back for seven days and
observed. What they do meanwhile is what pausing would have stopped. Intervals hold however often you look.

Examples:
  ./bidloop holdout
  ./bidloop holdout --account sample-autopilot --json`,
    )
    .action(async (options: { account?: string }) => {
      const db = await context.db();
      const reports = await load(context, db, options.account);
      context.print(reports.map(view), reports.length === 0 ? NOTHING_DUE : reports.map(text).join('\n\n'));
    });
}

const NOTHING_DUE =
  'No pause of an autopilot with a holdout was due yet. `./bidloop explain "<ad set>"` says how far the evidence about one has come.';

async function load(
  context: CliContext,
  db: Db,
  accountId: string | undefined,
): Promise<readonly (AccountHoldout & { readonly timeZone: string })[]> {
  if (accountId !== undefined && (await findAccount(db, accountId)) === undefined) {
    throw new OperatorError('unknown_account', `there is no ad account "${accountId}"`, {
      next: 'See `./bidloop account list`.',
    });
  }
  const found: (AccountHoldout & { readonly timeZone: string })[] = [];
  for (const { id } of await db.selectFrom('workspace').select('id').orderBy('id').execute()) {
    const reports = await loadHoldout(db, {
      workspaceId: id,
      nowMs: await context.nowMs(id),
      ...(accountId === undefined ? {} : { accountId }),
    });
    for (const report of reports)
      found.push({ ...report, timeZone: (await findAccount(db, report.accountId))?.time_zone ?? 'UTC' });
  }
  return found;
}

/** One account as JSON: instants as ISO texts, money in major units. */
function view({ held, estimates, ...account }: AccountHoldout): object {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    account: account.accountId,
    name: account.accountName,
    currency: account.currency,
    ...account.counts,
    ...estimates,
    level: 0.95,
    heldBack: held.map((one) => ({
      strategy: one.strategy,
      object: one.objectName,
      event: one.event,
      from: iso(one.drawnAtMs),
      until: iso(one.untilMs),
      ended: one.ended,
      propensity: one.propensity,
      spend: one.spend,
      matured: one.matured,
      conversions: one.conversions,
      value: one.value,
      due: one.due,
      onTarget: one.onTarget,
      pausedAfterwardsBy: one.pauseId,
    })),
  };
}

function text(report: AccountHoldout & { readonly timeZone: string }): string {
  const at = clockOf(report.timeZone);
  return [
    report.accountName,
    ...holdoutSentences(report.counts, report.estimates, report.currency).map((line) => `  ${line}`),
    ...(report.held.length === 0 ? [] : ['', '  Held back:']),
    ...report.held.map((one) => `    ${heldLine(one, report.currency, at)}`),
  ].join('\n');
}

/** "Zen C, 10 Nov … to …: $412.00 spent, 3 purchases where 9.1 were due: worse than target". */
function heldLine(one: HeldRecord, currency: string, at: (ms: number) => string): string {
  const spent = formatMoney(micros(Math.round(one.spend * MICROS_PER_UNIT)), currency);
  const outcome = !one.ended
    ? 'still held back'
    : one.onTarget === null
      ? 'too little spend to tell'
      : one.onTarget
        ? 'at target or better: the pause would have been wrong'
        : 'worse than target';
  return `${one.objectName}, ${at(one.drawnAtMs)} to ${at(one.untilMs)}: ${spent} spent, ${one.count.toFixed(1).replace(/\.0$/, '')} counted where ${one.due.toFixed(1)} were due (${one.event}); ${outcome}`;
}
