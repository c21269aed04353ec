import type { Command } from 'commander';
import type { CliContext } from './command.ts';
import { registerErrors } from './postback-errors.ts';
import { registerExplain } from './postback-explain.ts';
import { registerSend } from './postback-send.ts';

/** `postback explain|send|errors`: looking into postbacks before and after they arrive. */
export function register(program: Command, context: CliContext): void {
  const postback = program
    .command('postback')
    .description('look into postbacks before and after they arrive');
  registerExplain(postback, context);
  registerSend(postback, context);
  registerErrors(postback, context);
}
