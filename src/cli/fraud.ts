import type { Command } from 'commander';
import type { CliContext } from './command.ts';
import { registerReport } from './fraud-report.ts';

/** `fraud report`: what looks like fraud, and why. */
export function register(program: Command, context: CliContext): void {
  const fraud = program
    .command('fraud')
    .description('what looks like fraud, and what is done about it')
    .addHelpText(
      'after',
      `
By itself nothing is left out of the counts but what the sender rejects: every sign has honest causes.

Examples:
  ./bidloop fraud report --by placement
  ./bidloop fraud report --account shop --by campaign --since 14d --json`,
    );
  registerReport(fraud, context);
}
