import type { Command } from 'commander';
import { askedToStop } from '../runtime/ready.ts';
import type { CliContext } from './command.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('up')
    .description('run everything on this machine; what `npm start` does')
    .option('--fresh', 'delete the data in the data directory first')
    .addHelpText(
      'after',
      '\nExamples:\n  npm start\n  npm start -- --fresh\n  BIDLOOP_HTTP_PORT=9000 ./bidloop up\n\nCtrl-C stops all of it; the next start goes on where it was.',
    )
    .action(async (options: { fresh?: boolean }) => {
      const { runUp } = await import('../runtime/up.ts');
      const stop = new AbortController();
      void askedToStop().then(() => stop.abort());
      await runUp({
        config: context.config,
        env: context.env,
        fresh: options.fresh === true,
        say: (line) => process.stdout.write(`${line}\n`),
        stop: stop.signal,
      });
    });
}
