import type { Command } from 'commander';
import { findAccount } from '../db/accounts.ts';
import { type LearnedAccount, loadLearnedReport } from '../db/learning/report.ts';
import { OperatorError } from '../errors.ts';
import { clockOf } from './clock-words.ts';
import type { CliContext } from './command.ts';
import { learnedText } from './learned-text.ts';

/** `learned`: what an account's own past has taught, and whether its conversions arrive. */
export function register(program: Command, context: CliContext): void {
  program
    .command('learned')
    .description(
      'what each account’s past has taught: delays, rates, order sizes; and whether conversions arrive',
    )
    .option('--account <id>', 'one ad account; all of them when left out')
    .addHelpText(
      'after',
      `
Learned anew every hour from what has matured. A decision carries what it was made with: later conversions never change
it.

Examples:
  ./bidloop learned
  ./bidloop learned --account meta-1 --json`,
    )
    .action(async (options: { account?: string }) => {
      const db = await context.db();
      const { account } = options;
      if (account !== undefined && (await findAccount(db, account)) === undefined)
        throw new OperatorError('unknown_account', `there is no ad account "${account}"`, {
          next: 'See `./bidloop account list`.',
        });
      const reports = await loadLearnedReport(db, account);
      context.print(
        reports.map(view),
        reports.length === 0
          ? 'There is no ad account yet.'
          : reports.map((report) => learnedText(report, clockOf(report.account.timeZone))).join('\n\n'),
      );
    });
}

/** One account as JSON: instants as ISO texts, money in major units. */
function view({ account, events, pulse, outages }: LearnedAccount): object {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const { trackingSinceMs, ...named } = account;
  return {
    account: { ...named, trackingSince: iso(trackingSinceMs) },
    events: events.map(({ learned, campaigns }) => ({
      ...learned,
      learnedAt: iso(learned.learnedAtMs),
      campaigns: campaigns.map((campaign) => ({
        id: campaign.id,
        name: campaign.name,
        curve: campaign.learned.curve,
        prior: campaign.learned.prior,
      })),
    })),
    pulse: pulse === null ? null : { ...pulse, measuredAt: iso(pulse.measuredAtMs) },
    outages: outages.map((outage) => ({
      startedAt: iso(outage.startedAtMs),
      detectedAt: iso(outage.detectedAtMs),
      endedAt: iso(outage.endedAtMs),
      endedBy: outage.endedBy,
      expected: outage.expected,
      seen: outage.seen,
    })),
  };
}
