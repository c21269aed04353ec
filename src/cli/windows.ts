import type { Command } from 'commander';
import { windowAdvice, type WindowAdvice } from '../core/attribution-advice.ts';
import { attributionWindowHours } from '../core/attribution.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { findAccount } from '../db/accounts.ts';
import type { Db } from '../db/connection.ts';
import { listEvents, loadDelays, type SourceDelays } from '../db/windows.ts';
import { readWindows } from '../db/ingest/accounts.ts';
import { OperatorError } from '../errors.ts';
import type { CliContext } from './command.ts';

/** `windows`: how long after the click an event's conversions come, and which attribution window keeps them. */
export function register(program: Command, context: CliContext): void {
  program
    .command('windows')
    .description('how late conversions of an event come, and which attribution window would keep them')
    .argument('<event>', 'as postbacks name it: purchase')
    .option('--account <id>', 'one ad account; all of them when left out')
    .addHelpText(
      'after',
      `
Looked at are clicks that are at least 30 days old, source by source. People convert less and less often from day to day: where
conversions come as often after 25 days as after 15, their click ids have nothing to do with them.

Examples:
  ./bidloop windows purchase
  ./bidloop windows purchase --account meta-123 --json`,
    )
    .action(async (event: string, options: { account?: string }) => {
      const db = await context.db();
      const found = await load(context, db, event, options.account);
      context.print(
        found.map(({ delays, advice, nowHours }) => view(delays, advice, nowHours)),
        found.length === 0
          ? `No conversion "${event}" has a click that is 30 days old; ask again when the first clicks are.`
          : found.map(({ delays, advice, nowHours }) => text(delays, advice, nowHours)).join('\n'),
      );
    });
}

interface Advised {
  readonly delays: SourceDelays;
  readonly advice: WindowAdvice;
  /** The window in force. */
  readonly nowHours: number;
}

async function load(
  context: CliContext,
  db: Db,
  event: string,
  accountId: string | undefined,
): Promise<readonly Advised[]> {
  const account = accountId === undefined ? undefined : await findAccount(db, accountId);
  if (accountId !== undefined && account === undefined) {
    throw new OperatorError('unknown_account', `there is no ad account "${accountId}"`, {
      next: 'See `./bidloop account list`.',
    });
  }
  const workspaces =
    account === undefined
      ? (await db.selectFrom('workspace').select('id').orderBy('id').execute()).map(({ id }) => id)
      : [account.workspace_id];
  const found: Advised[] = [];
  const events = new Set<string>();
  for (const workspaceId of workspaces) {
    const nowMs = await context.nowMs(workspaceId);
    for (const delays of await loadDelays(db, { workspaceId, event, accountId: accountId ?? null, nowMs })) {
      const nowHours = attributionWindowHours(event, delays.eventType, readWindows(delays.settings).clicks);
      found.push({ delays, advice: windowAdvice(delays), nowHours });
    }
    for (const name of await listEvents(db, workspaceId)) events.add(name);
  }
  if (found.length === 0 && !events.has(event)) {
    const near = nearestWord(event, events);
    throw new OperatorError(
      'unknown_event',
      `no conversion is called "${event}"${near === null ? '' : `; did you mean "${near}"?`}`,
      {
        next:
          events.size === 0 ? 'No event was ever counted.' : `Events are ${[...events].sort().join(', ')}.`,
      },
    );
  }
  return found;
}

function view(delays: SourceDelays, advice: WindowAdvice, nowHours: number): object {
  return {
    source: delays.sourceId,
    name: delays.source,
    event: delays.event,
    eventType: delays.eventType,
    conversions: advice.conversions,
    byDay: delays.byDay,
    kept: advice.kept,
    flatFromDay: advice.flatFromDay,
    windowDays: advice.windowDays,
    windowHoursNow: nowHours,
    text: advice.text,
  };
}

function text(delays: SourceDelays, advice: WindowAdvice, nowHours: number): string {
  const now = nowHours % 24 === 0 ? `${nowHours / 24} d` : `${nowHours} h`;
  const same = advice.windowDays === null || advice.windowDays * 24 === nowHours;
  const told = `${advice.text} (now ${now})`;
  return same
    ? told
    : `${told}\n  To change it: ./bidloop source set ${delays.sourceId} --window ${delays.event}=${advice.windowDays}d`;
}
