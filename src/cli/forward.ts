import type { Command } from 'commander';
import {
  attemptsOf,
  countForwards,
  findForwards,
  type ForwardCount,
  type ForwardFilter,
  type ForwardState,
  listForwards,
  replayForwards,
} from '../db/forwarding/log.ts';
import { OperatorError } from '../errors.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { attemptLines, countWords, forwardLine, forwardName, forwardView } from './forward-text.ts';
import { readSince } from './since.ts';
import { tryWakeForward } from './wake-forward.ts';

const STATES: readonly ForwardState[] = ['due', 'sending', 'sent', 'failed', 'given_up', 'not_sent'];
const FAILED: readonly ForwardState[] = ['failed', 'given_up'];
/** Each conversion that a network has no part in is one more line that says so: counted, and listed when asked for. */
const UNASKED: readonly ForwardState[] = STATES.filter((state) => state !== 'not_sent');
/** More at once would be a mistake more often than a wish. */
const MOST = 10_000;

interface ListOptions {
  readonly destination?: string;
  readonly state?: string;
  readonly failed?: true;
  readonly awaited?: true;
  readonly since: string;
  readonly limit: string;
  readonly workspace?: string;
}

/** `forward list|show|replay`: what was sent to whom, what came back, and once more. */
export function register(program: Command, context: CliContext): void {
  const forward = program
    .command('forward')
    .description('postbacks out: what was sent, what came back, and failures once more');
  forward
    .command('list')
    .option('--destination <id>', 'only to this one')
    .option('--state <state>', `only: ${STATES.join(', ')}`)
    .option('--failed', 'only failed and given up')
    .option('--awaited', 'only taken ones whose receiver judges later and has not yet')
    .option('--since <time>', 'how far back: 24h, 7d', '24h')
    .option('--limit <n>', 'most lines', '50')
    .option('--workspace <id>', 'needed when there are several workspaces')
    .description('forwards, newest first, and how many of each kind; what was not sent with --state not_sent')
    .addHelpText('after', '\nExample:\n  ./bidloop forward list --failed --since 7d')
    .action((options: ListOptions) => list(context, options));
  forward
    .command('show')
    .argument('<id>', 'as `forward list` prints it, or a conversion id')
    .description('every attempt at it: request and answer, secrets masked')
    .action((id: string) => show(context, id));
  forward
    .command('replay')
    .argument('[id...]', 'forwards by name; or choose with the options')
    .option('--failed', 'everything that failed or was given up')
    .option('--destination <id>', 'only to this one')
    .option('--since <time>', 'how far back: 24h, 7d', '24h')
    .option('--workspace <id>', 'needed when there are several workspaces')
    .description('send failures once more; what was delivered is not told again')
    .addHelpText('after', '\nExample:\n  ./bidloop forward replay --failed --destination meta --since 7d')
    .action((ids: string[], options: ReplayOptions) => replay(context, ids, options));
}

async function filterOf(
  context: CliContext,
  options: Pick<ListOptions, 'destination' | 'since' | 'workspace'>,
  states: readonly ForwardState[] | null,
): Promise<ForwardFilter & { readonly workspaceId: string }> {
  const { id: workspaceId } = await chooseWorkspace(await context.db(), options.workspace);
  return {
    workspaceId,
    destinationId: options.destination ?? null,
    states,
    sinceMs: (await context.nowMs(workspaceId)) - readSince(options.since),
  };
}

function readStates(options: ListOptions): readonly ForwardState[] | null {
  if (options.failed === true) return FAILED;
  if (options.state === undefined) return null;
  const state = STATES.find((one) => one === options.state);
  if (state === undefined)
    throw new UsageError(`there is no state "${options.state}"; there are: ${STATES.join(', ')}`);
  return [state];
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST)
    throw new UsageError(`--limit is a number from 1 to ${MOST}`);
  const filter = {
    ...(await filterOf(context, options, readStates(options))),
    awaited: options.awaited === true,
  };
  const db = await context.db();
  const counts = await countForwards(db, filter);
  const states = filter.states ?? UNASKED;
  const rows = await listForwards(db, { ...filter, states, limit });
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  const unlisted = counts.reduce((sum, { state, count }) => (states.includes(state) ? sum : sum + count), 0);
  context.print(
    { counts, forwards: rows.map((row) => forwardView(row)) },
    all === 0
      ? `Nothing in the last ${options.since}.`
      : [
          ...countLines(options.since, counts),
          ...rows.map((row) => `  ${forwardLine(row)}`),
          ...(all - unlisted > rows.length ? [`  … and ${all - unlisted - rows.length} more (--limit)`] : []),
          ...(unlisted > 0
            ? [`Why ${unlisted} ${unlisted === 1 ? 'was' : 'were'} not sent: --state not_sent`]
            : []),
        ].join('\n'),
  );
}

/** One line, or one for each destination where there are several. */
function countLines(since: string, counts: readonly ForwardCount[]): readonly string[] {
  const destinations = [...new Set(counts.map((count) => count.destination_id))];
  if (destinations.length < 2) return [`In the last ${since}: ${countWords(counts)}`];
  const of = (id: string) => counts.filter((count) => count.destination_id === id);
  return [`In the last ${since}:`, ...destinations.map((id) => `${id}: ${countWords(of(id))}`), ''];
}

async function show(context: CliContext, id: string): Promise<void> {
  const db = await context.db();
  const rows = await named(context, id);
  const attempts = await attemptsOf(
    db,
    rows.map((row) => row.key),
  );
  const of = (key: string) => attempts.filter((attempt) => attempt.forward_key === key);
  context.print(
    rows.map((row) => forwardView(row, of(row.key))),
    rows.flatMap((row) => [forwardLine(row), ...of(row.key).flatMap(attemptLines)]).join('\n'),
  );
}

async function named(context: CliContext, id: string) {
  // Shorter beginnings would name many by accident.
  const rows = id.length < 8 ? [] : await findForwards(await context.db(), id.toLowerCase());
  if (rows.length > 0) return rows;
  throw new OperatorError('unknown_forward', `there is no forward or conversion "${id}" in the log`, {
    next: '`./bidloop forward list --since 30d` names them.',
  });
}

interface ReplayOptions {
  readonly failed?: true;
  readonly destination?: string;
  readonly since: string;
  readonly workspace?: string;
}

async function replay(context: CliContext, ids: readonly string[], options: ReplayOptions): Promise<void> {
  if (ids.length === 0 && options.failed !== true)
    throw new UsageError('say which: --failed, or forwards by name (./bidloop forward list --failed)');
  if (ids.length > 0 && options.failed === true)
    throw new UsageError('either name forwards or say --failed, not both');
  const db = await context.db();
  const rows =
    ids.length > 0
      ? (await Promise.all(ids.map((id) => named(context, id)))).flat()
      : await listForwards(db, { ...(await filterOf(context, options, FAILED)), limit: MOST });
  const replayed = [];
  for (const workspaceId of new Set(rows.map((row) => row.workspace_id))) {
    const keys = rows.filter((row) => row.workspace_id === workspaceId).map((row) => row.key);
    replayed.push(...(await replayForwards(db, { keys, nowMs: await context.nowMs(workspaceId) })));
  }
  if (replayed.length > 0)
    await tryWakeForward(
      context,
      replayed.map((row) => row.workspace_id),
    );
  const due = new Set(replayed.map((row) => row.key));
  const left = rows.filter((row) => !due.has(row.key));
  context.print(
    {
      replayed: rows.filter((row) => due.has(row.key)).map(forwardName),
      left: left.map((row) => forwardView(row)),
    },
    rows.length === 0
      ? `Nothing failed in the last ${options.since}.`
      : [
          `${replayed.length} of ${rows.length} ${replayed.length === 1 ? 'goes' : 'go'} out once more.`,
          ...left.map((row) => `  left: ${forwardLine(row)}`),
        ].join('\n'),
  );
}
