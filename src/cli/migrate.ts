import type { Command } from 'commander';
import { migrate } from '../db/migrate.ts';
import type { CliContext } from './command.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('migrate')
    .description('bring the database to this version; safe to repeat')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://… ./bidloop migrate')
    .action(async () => {
      const applied = (await migrate(await context.db())).map((result) => result.migrationName);
      context.print(
        { applied },
        applied.length === 0 ? 'the database is current' : `applied ${applied.join(', ')}`,
      );
    });
}
