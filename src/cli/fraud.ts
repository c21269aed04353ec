import type { Command } from 'commander';
import type { CliContext } from './command.ts';
import { registerList } from './fraud-list.ts';
import { registerPolicy } from './fraud-policy.ts';
import { registerReport } from './fraud-report.ts';

/** `fraud report|list|release|judge|policy`: what looks like fraud, why, and what is done about it. */
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
  ./bidloop fraud report --account shop --by campaign --since 14d --json
  ./bidloop fraud list --kept-out
  ./bidloop fraud policy shop --set install_too_fast=quarantine`,
    );
  registerReport(fraud, context);
  registerList(fraud, context);
  registerPolicy(fraud, context);
}
