import type { Command } from 'commander';
import { DEFAULT_POLICY } from '../core/fraud/signals.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { judgeFraud } from '../db/fraud-judge.ts';
import { countSuspects, listSuspects, releaseFraud, type SuspectConversion } from '../db/fraud-list.ts';
import { findSource, listSources } from '../db/sources.ts';
import { OperatorError } from '../errors.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { readSince } from './since.ts';

const SHOWN = 50;
const SIGNALS = Object.keys(DEFAULT_POLICY);

interface ListOptions {
  readonly workspace?: string;
  readonly source?: string;
  readonly signal?: string;
  readonly keptOut?: true;
  readonly since: string;
}

/** `fraud list|release|judge`: conversions with signs of fraud, and what a person says to them. */
export function registerList(fraud: Command, context: CliContext): void {
  fraud
    .command('list')
    .description(`conversions with signs of fraud, each with its reasons; the newest ${SHOWN}`)
    .option('--source <id>', 'of one postback source')
    .option('--signal <name>', 'with one signal, such as install_too_fast')
    .option('--kept-out', 'only those that a policy keeps out of the counts')
    .option('--since <time>', 'how far back by when it was found: 24h, 7d', '7d')
    .option('--workspace <id>', 'whose; the only real one when left out')
    .action((options: ListOptions) => list(context, options));
  fraud
    .command('release')
    .description('call conversions good: they count again from now on, and no policy keeps them out again')
    .option('--conversion <id>', 'one conversion, as `fraud list` names it')
    .option('--source <id>', 'all that is kept out of one postback source')
    .option('--workspace <id>', 'whose; the only real one when left out')
    .action((options: { conversion?: string; source?: string; workspace?: string }) =>
      release(context, options),
    );
  fraud
    .command('judge')
    .description('judge now what the schedule judges every hour, or farther back after a policy changed')
    .option('--since <time>', 'how far back by receipt: 24h, 30d', '24h')
    .option('--workspace <id>', 'whose; the only real one when left out')
    .action((options: { since: string; workspace?: string }) => judge(context, options));
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const sinceMs = readSince(options.since);
  if (options.signal !== undefined && !SIGNALS.includes(options.signal)) {
    const meant = nearestWord(options.signal, SIGNALS);
    throw new UsageError(
      `--signal: there is no signal "${options.signal}"; ${meant === null ? `there are: ${SIGNALS.join(', ')}` : `did you mean "${meant}"?`}`,
    );
  }
  const db = await context.db();
  const source = options.source === undefined ? null : await knownSource(context, options.source);
  const workspaceId = source?.workspace_id ?? (await chooseWorkspace(db, options.workspace)).id;
  const question = {
    workspaceId,
    sourceId: source?.id ?? null,
    signal: options.signal ?? null,
    keptOut: options.keptOut === true,
    fromMs: (await context.nowMs(workspaceId)) - sinceMs,
    limit: SHOWN,
  };
  const counts = await countSuspects(db, question);
  const found = await listSuspects(db, question);
  context.print(
    { counts, conversions: found.map((one) => ({ ...one, receivedAt: one.receivedAt.toISOString() })) },
    counts.length === 0
      ? `No conversion of the last ${options.since} has a sign of fraud.`
      : [
          ...counts.map(
            (one) =>
              `${one.signal}: ${one.conversions} ${one.conversions === 1 ? 'conversion' : 'conversions'}${one.keptOut === 0 ? '' : `, ${one.keptOut} kept out`}`,
          ),
          ...found.flatMap((one) => ['', ...suspectLines(one)]),
        ].join('\n'),
  );
}

function suspectLines(one: SuspectConversion): string[] {
  const standing =
    one.excluded === 'quarantine'
      ? 'kept apart'
      : one.excluded === 'fraud'
        ? 'not counted'
        : one.released
          ? 'released'
          : one.status === 'rejected'
            ? 'rejected by its sender'
            : 'counted';
  return [
    `${one.id}  ${one.event} of ${one.sourceId}, ${one.receivedAt.toISOString()}: ${standing}`,
    `  ${one.attribution}`,
    ...one.signals.map(({ signal, detail }) => `  ${signal}: ${detail}`),
  ];
}

async function release(
  context: CliContext,
  options: { readonly conversion?: string; readonly source?: string; readonly workspace?: string },
): Promise<void> {
  const { conversion, source } = options;
  if ((conversion === undefined) === (source === undefined))
    throw new UsageError('say either --conversion <id> or --source <id>; `fraud list --kept-out` names them');
  if (conversion !== undefined && !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(conversion))
    throw new UsageError(
      `--conversion: "${conversion}" is no id of a conversion; \`fraud list\` prints them`,
    );
  const db = await context.db();
  const row = source === undefined ? null : await knownSource(context, source);
  const workspaceId = row?.workspace_id ?? (await workspaceOf(context, conversion ?? '', options.workspace));
  const released = await releaseFraud(
    db,
    { workspaceId, nowMs: await context.nowMs(workspaceId), wallMs: context.wallNowMs() },
    conversion === undefined ? { sourceId: row?.id ?? '' } : { conversionId: conversion },
  );
  if (released.conversions === 0) {
    throw new OperatorError(
      'nothing_to_release',
      conversion === undefined
        ? `nothing of "${source ?? ''}" is kept out of the counts`
        : `nothing speaks against conversion ${conversion}`,
      { next: '`./bidloop fraud list --kept-out` shows what is kept out.' },
    );
  }
  context.print(
    released,
    [
      `${released.putBack} of ${released.conversions} ${released.conversions === 1 ? 'conversion is' : 'conversions are'} back in the counts, from now on.`,
      ...(row === null
        ? []
        : [
            `What comes next is judged as before; change that with ./bidloop fraud policy ${row.id} --set <signal>=count`,
          ]),
    ].join('\n'),
  );
}

/** A conversion says itself whose it is. */
async function workspaceOf(
  context: CliContext,
  conversionId: string,
  workspace: string | undefined,
): Promise<string> {
  const db = await context.db();
  const found = await db
    .selectFrom('conversion')
    .select('workspace_id')
    .where('id', '=', conversionId)
    .executeTakeFirst();
  return found?.workspace_id ?? (await chooseWorkspace(db, workspace)).id;
}

async function judge(
  context: CliContext,
  options: { readonly since: string; readonly workspace?: string },
): Promise<void> {
  const sinceMs = readSince(options.since);
  const db = await context.db();
  const { id } = await chooseWorkspace(db, options.workspace);
  const judged = await judgeFraud(db, {
    workspaceId: id,
    nowMs: await context.nowMs(id),
    wallMs: context.wallNowMs(),
    sinceMs,
  });
  context.print(
    judged,
    `${judged.found} ${judged.found === 1 ? 'conversion has' : 'conversions have'} a sign of fraud; ${judged.keptOut} more ${judged.keptOut === 1 ? 'is' : 'are'} kept out of the counts.`,
  );
}

/** @throws OperatorError with the nearest name. */
export async function knownSource(context: CliContext, id: string) {
  const db = await context.db();
  const row = await findSource(db, id);
  if (row !== undefined) return row;
  const meant = nearestWord(
    id,
    (await listSources(db)).map((source) => source.id),
  );
  throw new OperatorError('unknown_source', `there is no source "${id}"`, {
    next: meant === null ? '`./bidloop source list` names them all.' : `Did you mean "${meant}"?`,
  });
}
