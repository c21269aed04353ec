import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { renderUnicodeCompact } from 'uqr';
import {
  clickOfLink,
  postbackOfClick,
  type Refused,
  type SeenEvent,
  seenEvents,
  uncounted,
} from '../db/launch-facts.ts';
import { findLink } from '../db/links.ts';
import { loadCurrentStrategies } from '../db/strategy.ts';
import { OperatorError } from '../errors.ts';
import { checkTemplate } from '../sources/explain/check-template.ts';
import { snippets } from '../sources/snippets.ts';
import { publicAddress } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './known-source.ts';
import { addressOf, keyOf, profileOf } from './source-address.ts';

const DAY_MS = 86_400_000;
const LOOK_MS = 500;

interface Options {
  readonly source: string;
  readonly link?: string;
  readonly wait: boolean;
  readonly minutes: string;
}

/** `launch-check`: everything to look at on the day before a campaign starts, and one visit followed through on a live device. */
export function register(program: Command, context: CliContext): void {
  program
    .command('launch-check')
    .description(
      'the day before launch: events, macros, errors, and one visit followed from click to conversion',
    )
    .requiredOption('--source <source>', 'who will send the postbacks')
    .option('--link <link>', 'the link that ads will carry: prints a QR code and waits for a visit with it')
    .option('--no-wait', 'print and end')
    .option('--minutes <n>', 'how long to wait for the visit and its conversion', '15')
    .addHelpText(
      'after',
      `
Examples:
  ./bidloop launch-check --source shop --link shoes
  ./bidloop --json launch-check --source shop --no-wait`,
    )
    .action((options: Options) => run(context, options));
}

async function run(context: CliContext, options: Options): Promise<void> {
  const minutes = Number(options.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new UsageError(`--minutes ${options.minutes}: write 1 to 1440`);
  const { db, row } = await knownSource(context, options.source);
  const link = options.link === undefined ? undefined : await findLink(db, options.link);
  if (options.link !== undefined && link === undefined)
    throw new OperatorError('unknown_link', `there is no link "${options.link}"`, {
      next: '`./bidloop link list` names them all.',
    });
  const profile = profileOf(row);
  const key = keyOf(context, row);
  const address = addressOf(context, row.id, key === undefined ? '<key>' : key, profile);
  const nowMs = await context.nowMs(row.workspace_id);
  const seen = await seenEvents(db, row.id, nowMs - 30 * DAY_MS);
  const goals = await goalsOf(context, row.workspace_id);
  const errors = await uncounted(db, row.id, nowMs - DAY_MS);
  const template = checkTemplate(address.url, profile);
  const visitUrl =
    link === undefined
      ? null
      : `${publicAddress(context.config.publicUrl, context.pageUrl()).base}/c/${link.id}`;
  const code = snippets(address.url.split('?', 1)[0] ?? address.url);
  context.print(
    {
      source: row.id,
      url: address.url,
      publiclyReachable: address.remark === null,
      events: seen,
      goals,
      errors,
      findings: template.findings,
      visitUrl,
      snippets: Object.fromEntries(code.map((one) => [one.language, one.code])),
    },
    [
      `1. Events of the last 30 days from "${row.id}"`,
      ...eventLines(seen, goals),
      '',
      '2. Its address',
      `   ${address.url}`,
      ...(template.findings.length === 0
        ? ['   Nothing is wrong with its macros.']
        : template.findings.map(({ weight, message, next }) => `   ${weight}: ${message} ${next}`)),
      ...(address.remark === null ? [] : [`   ${address.remark}`]),
      '',
      '3. Errors of the last 24 hours',
      ...errorLines(errors),
      '',
      '4. For the developer',
      ...code.flatMap((one) => [
        `   ${one.language}:`,
        ...one.code.split('\n').map((line) => `     ${line}`),
        '',
      ]),
      ...(visitUrl === null
        ? ['Name a link with --link to follow one visit from click to conversion.']
        : [
            '5. A visit: open this with the device',
            '',
            renderUnicodeCompact(visitUrl),
            '',
            `   ${visitUrl}`,
          ]),
    ].join('\n'),
  );
  if (link === undefined || !options.wait || context.json) return;
  await follow(context, {
    sourceId: row.id,
    linkId: link.id,
    untilWallMs: context.wallNowMs() + minutes * 60_000,
  });
}

/** Event → the strategies in force that count it. */
async function goalsOf(
  context: CliContext,
  workspaceId: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const goals: Record<string, string[]> = {};
  for (const { compiled } of await loadCurrentStrategies(await context.db(), workspaceId)) {
    const events = new Set([
      ...compiled.needs.events,
      ...(compiled.autopilot === null ? [] : [compiled.autopilot.event]),
    ]);
    // "*" counts whatever comes.
    for (const event of events) if (event !== '*') (goals[event] ??= []).push(compiled.name);
  }
  return goals;
}

function eventLines(
  seen: readonly SeenEvent[],
  goals: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const missing = Object.keys(goals).filter((event) => !seen.some((one) => one.event === event));
  return [
    ...seen.map(({ event, conversions, counted, valued, last }) => {
      const by = goals[event];
      const use = by === undefined ? 'no strategy counts it' : `counted by ${by.join(', ')}`;
      return `   ${event}: ${conversions}, ${counted} counted, ${valued} with an amount, last ${last.toISOString()}; ${use}`;
    }),
    ...(seen.length === 0 ? ['   None has come yet.'] : []),
    ...missing.map((event) => `   ${event}: none, and ${goals[event]?.join(', ')} waits for it`),
  ];
}

function errorLines(errors: readonly Refused[]): readonly string[] {
  if (errors.length === 0) return ['   None.'];
  return errors.map(
    ({ outcome, reason, count, detail }) =>
      `   ${count} × ${outcome}, ${reason}${detail === null || detail === '' ? '' : `: ${detail}`}`,
  );
}

interface Followed {
  readonly sourceId: string;
  readonly linkId: string;
  readonly untilWallMs: number;
}

/** Waits for a click of the link, then for what becomes of a postback with its id. */
async function follow(context: CliContext, { sourceId, linkId, untilWallMs }: Followed): Promise<void> {
  const db = await context.db();
  const fromWallMs = context.wallNowMs();
  const until = async <T>(look: () => Promise<T | undefined>, what: string, next: string): Promise<T> => {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (context.wallNowMs() > untilWallMs) throw new OperatorError('nothing_arrived', what, { next });
      await sleep(LOOK_MS);
    }
  };
  context.note('\nWaiting for the visit (Ctrl-C ends the waiting) …');
  const click = await until(
    () => clickOfLink(db, linkId, fromWallMs),
    `no visit of "${linkId}" came`,
    'Is PUBLIC_URL what the device can reach? Open the address itself on the device.',
  );
  const flags = click.flags.length === 0 ? '' : ` (${click.flags.join(', ')})`;
  context.note(`Click ${click.id}${flags}. Now convert on the device; waiting for the postback …`);
  const postback = await until(
    () => postbackOfClick(db, sourceId, click.id),
    `the visit came as click ${click.id}, but no postback with this id`,
    'Does the landing page keep click_id, and does the sender send it back? `./bidloop postback errors` shows what else came.',
  );
  if (postback.outcome !== 'counted' && postback.outcome !== 'updated' && postback.outcome !== 'test')
    throw new OperatorError(
      'not_matched',
      `its postback came and is ${postback.outcome}${postback.reason === null ? '' : ` (${postback.reason})`}`,
      { next: postback.detail ?? '`./bidloop postback explain` says why.' },
    );
  context.print(
    { click: click.id, ...postback },
    `Matched: ${postback.detail ?? postback.outcome}. Ready to launch.`,
  );
}
