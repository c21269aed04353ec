import type { Command } from 'commander';
import type { CliContext } from './command.ts';
import { readStatus } from '../runtime/status-file.ts';
export function register(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('what runs here, and where')
    .action(() => {
      const status = readStatus(context.config.dataDir);
      context.print(status, JSON.stringify(status));
    });
}
