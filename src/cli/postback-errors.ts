import type { Command } from 'commander';
import {
  countDropped,
  countPostbacks,
  type ErrorKind,
  loadPostbackErrors,
  type PostbackError,
} from '../db/postback-errors.ts';
import { type ClickFlag, loadClickFlags } from '../db/click-flags.ts';
import { listSources } from '../db/sources.ts';
import type { CliContext } from './command.ts';
import { knownSource } from './known-source.ts';
import { type Advice, clickAdvice, errorAdvice } from '../sources/advice.ts';
import { readSince } from './since.ts';

interface ErrorsOptions {
  readonly source?: string;
  readonly since: string;
}

interface SourceErrors {
  readonly source: string;
  readonly postbacks: number;
  readonly errors: readonly (Omit<PostbackError, 'sourceId'> & Advice)[];
}

/** `postback errors`: what was refused, not counted or odd, by source and reason, with what to do about each. */
export function registerErrors(postback: Command, context: CliContext): void {
  postback
    .command('errors')
    .option('--source <source>', 'one source, by its short name')
    .option('--since <time>', 'how far back by receipt: 24h, 7d', '24h')
    .description(
      'refusals and warnings by source and reason over time, and what was odd about clicks, each with its next step',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop postback errors\n  ./bidloop postback errors --source shop --since 7d --json',
    )
    .action((options: ErrorsOptions) => errors(context, options));
}

async function errors(context: CliContext, options: ErrorsOptions): Promise<void> {
  const sinceMs = readSince(options.since);
  const db = await context.db();
  const one = options.source === undefined ? null : (await knownSource(context, options.source)).row;
  const workspaces =
    one === null
      ? [...new Set((await listSources(db)).map((source) => source.workspace_id)), null]
      : [one.workspace_id];
  const found: SourceErrors[] = [];
  const clicks: ClickFlag[] = [];
  for (const workspaceId of workspaces) {
    const toMs = workspaceId === null ? context.wallNowMs() : await context.nowMs(workspaceId);
    const question = { workspaceId, sourceId: one?.id ?? null, fromMs: toMs - sinceMs, toMs };
    const counts = await countPostbacks(db, question);
    found.push(...bySource(await loadPostbackErrors(db, question), counts));
    // Clicks have no source: they are told where no source was asked for.
    if (one === null && workspaceId !== null)
      clicks.push(
        ...(await loadClickFlags(db, { workspaceId, linkId: null, fromMs: question.fromMs, toMs })),
      );
  }
  const dropped = one === null ? await countDropped(db, context.wallNowMs() - sinceMs) : 0;
  context.print(
    {
      since: options.since,
      sources: found.map((source) => ({ ...source, errors: source.errors.map(errorView) })),
      clicks: clicks.map(({ lastMs, ...click }) => ({
        ...click,
        last: new Date(lastMs).toISOString(),
        ...clickAdvice(click.flag, click.linkId),
      })),
      strangersNotKept: dropped,
    },
    errorsText({ sources: found, clicks, dropped, since: options.since }),
  );
}

function bySource(
  errorsFound: readonly PostbackError[],
  counts: ReadonlyMap<string, number>,
): readonly SourceErrors[] {
  const sources = [...new Set(errorsFound.map((error) => error.sourceId))].toSorted();
  return sources.map((source) => ({
    source,
    postbacks: counts.get(source) ?? 0,
    errors: errorsFound
      .filter((error) => error.sourceId === source)
      .map(({ sourceId, ...error }) => ({ ...error, ...errorAdvice({ ...error, sourceId }) })),
  }));
}

function errorView({ firstMs, lastMs, ...error }: SourceErrors['errors'][number]): unknown {
  return { ...error, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() };
}

const KINDS: Readonly<Record<ErrorKind, string>> = {
  refused: 'refused',
  not_counted: 'not counted',
  warning: 'odd',
};

/** For a person: a source after the other, its most frequent trouble first. */
export function errorsText({
  sources,
  clicks,
  dropped,
  since,
}: {
  readonly sources: readonly SourceErrors[];
  readonly clicks: readonly ClickFlag[];
  readonly dropped: number;
  readonly since: string;
}): string {
  const lines = sources.flatMap(({ source, postbacks, errors: all }) => [
    `${source === '' ? '(no source named)' : source}: ${postbacks} ${postbacks === 1 ? 'request' : 'requests'} in the last ${since}`,
    ...all.flatMap((error) => [
      `  ${String(error.count).padStart(6)}  ${KINDS[error.kind].padEnd(11)}  ${bars(error.overTime)}  ${error.code}: ${error.what}`,
      ...(error.detail === null || error.kind !== 'refused' ? [] : [`          the last: ${error.detail}`]),
      ...(error.next === '' ? [] : [`          → ${error.next}`]),
    ]),
    '',
  ]);
  for (const [linkId, flags] of Map.groupBy(clicks, (click) => click.linkId))
    lines.push(`clicks of the link ${linkId} in the last ${since}`, ...flags.flatMap(clickLines), '');
  if (dropped > 0)
    lines.push(
      `${dropped} more requests of strangers (unknown source, wrong key) were counted and not kept: a hundred a minute of each address are.`,
    );
  if (lines.length === 0) return `Nothing was refused or odd in the last ${since}.`;
  return lines.join('\n').trimEnd();
}

/** One oddity of a link's clicks, with what to do about it. */
export function clickLines({ flag, count, linkId }: ClickFlag): readonly string[] {
  const { what, next } = clickAdvice(flag, linkId);
  return [
    `  ${String(count).padStart(6)}  odd          ${flag}: ${what}`,
    ...(next === '' ? [] : [`          → ${next}`]),
  ];
}

const BARS = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Counts over time as little bars, the highest of them full. */
function bars(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  return counts.map((count) => BARS[Math.ceil((count / most) * 8)]).join('');
}
