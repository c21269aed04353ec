import type { Command } from 'commander';
import { loadDecisionRecord } from '../db/explain.ts';
import { storeUndo } from '../db/follow-up.ts';
import { OperatorError } from '../errors.ts';
import { createWakeOptimizer } from '../runtime/wake-optimizer.ts';
import type { CliContext } from './command.ts';

/** `undo <decision>`: a new decision that puts a change back, if nobody moved it since. */
export function register(program: Command, context: CliContext): void {
  program
    .command('undo')
    .description('take back what a decision changed, if nobody has moved it since')
    .argument('<decision>', 'a decision id; `explain` shows it')
    .option('--by <name>', 'who asks; it stands in the record', process.env['USER'] ?? 'an operator')
    .addHelpText('after', '\nExample:\n  ./bidloop undo 25dae82c --by Ann')
    .action(async (id: string, options: { by: string }) => {
      const db = await context.db();
      const original = await loadDecisionRecord(db, id);
      if (original === undefined) {
        throw new OperatorError('no_such_decision', `there is no decision ${id}`, {
          next: '`./bidloop explain last` shows the last one with its id.',
        });
      }
      const client = await context.temporal();
      const nowMs = await context.nowMs(original.workspaceId);
      const undo = await storeUndo(db, {
        decisionId: original.id,
        by: options.by,
        nowMs,
        wallMs: context.wallNowMs(),
      });
      // The row is the outbox: the account's optimizer starts it, now or as soon as it is there.
      await createWakeOptimizer(client)(undo.accountId, []);
      context.print(
        { decision: undo.id, undoes: original.id },
        `${undo.sentence}\n  decision ${undo.id}; \`./bidloop explain ${undo.id.slice(0, 8)}\` says what became of it`,
      );
    });
}
