import { randomUUID } from 'node:crypto';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Command } from 'commander';
import type { ApprovalAnswer } from '../../activities/contract.ts';
import { DECIDE_UPDATE, WORKFLOW_ID } from '../../workflows/names.ts';
import { listWaiting } from '../db/waiting.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { clockOf } from './clock-words.ts';
import { type CliContext, UsageError } from './command.ts';

/** A worker takes an answer at once; without one Temporal would have the person wait for ever. */
const ANSWERED_WITHIN_MS = 10_000;

/** `approve [list | <decision>]`: answers decisions that wait for a person. */
export function register(program: Command, context: CliContext): void {
  program
    .command('approve')
    .description('list decisions that wait for a person, or answer one')
    .argument('[decision]', 'a decision id (its first eight characters will do), or "list"', 'list')
    .option('--reject', 'say no')
    .option('--by <name>', 'who answers; it stands in the record')
    .option('--comment <text>', 'why')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop approve\n  ./bidloop approve 25dae82c --by Ann\n  ./bidloop approve 25dae82c --reject --by Ann --comment "sale tomorrow"',
    )
    .action(async (id: string, options: { reject?: boolean; by?: string; comment?: string }) => {
      if (id === 'list') return list(context);
      if (options.by === undefined || options.by.trim() === '')
        throw new UsageError('say who answers: --by NAME');
      await answer(context, id, {
        verdict: options.reject === true ? 'reject' : 'approve',
        by: options.by,
        ...(options.comment === undefined ? {} : { comment: options.comment }),
      });
    });
}

async function list(context: CliContext): Promise<void> {
  const waiting = await listWaiting(await context.db());
  const lines = waiting.map(
    (one) =>
      `${one.id.slice(0, 8)}  ${one.object}: ${one.sentence}  (${one.strategy}, since ${clockOf(one.timeZone)(one.decidedAt.getTime())})`,
  );
  const how = 'Answer with `./bidloop approve <id> --by NAME`, with --reject to say no.';
  context.print(waiting, lines.length === 0 ? 'Nothing waits for approval.' : [...lines, how].join('\n'));
}

async function answer(context: CliContext, id: string, given: ApprovalAnswer): Promise<void> {
  const matching = (await listWaiting(await context.db())).filter((one) =>
    one.id.startsWith(id.toLowerCase()),
  );
  const [decision] = matching;
  if (decision === undefined || matching.length > 1) {
    throw new OperatorError(
      'no_such_decision',
      matching.length > 1 ? `"${id}" is the start of several ids` : `no decision ${id} waits for approval`,
      {
        next: '`./bidloop approve` lists those that do; `./bidloop explain` says what became of the others.',
      },
    );
  }
  const client = await context.temporal();
  try {
    const result = await client.withDeadline(context.wallNowMs() + ANSWERED_WITHIN_MS, () =>
      client.workflow
        .getHandle(WORKFLOW_ID.act(decision.id))
        .executeUpdate<string, [ApprovalAnswer]>(DECIDE_UPDATE, { args: [given], updateId: randomUUID() }),
    );
    context.print(
      { decision: decision.id, result, by: given.by },
      `${result} by ${given.by}: ${decision.object}: ${decision.sentence}`,
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError) {
      throw new OperatorError('not_answered', messageOf(error.cause ?? error), {
        next: '`./bidloop explain` says what became of the decision.',
        cause: error,
      });
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new OperatorError(
        'nobody_listens',
        `no worker took the answer to decision ${decision.id} in time`,
        {
          next: 'See with `./bidloop status` that `work` runs. Then look with `./bidloop approve` whether the decision still waits, and answer it again if so.',
          cause: error,
        },
      );
    }
    throw error;
  }
}
