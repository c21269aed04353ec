import type { Command } from 'commander';
import type { CliContext } from './command.ts';
export function register(program: Command, _context: CliContext): void {
  program.command('serve');
}
