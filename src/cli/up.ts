import type { Command } from 'commander';
import { wallNowMs } from '../wall-clock.ts';
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
      const { stop, hurry } = stopSignals();
      await runUp({
        config: context.config,
        env: context.env,
        fresh: options.fresh === true,
        say: (line) => process.stdout.write(`${line}\n`),
        stop,
        hurry,
      });
    });
}

/** One signal, however many times npm and the terminal deliver it. */
const SAME_WITHIN_MS = 1_000;

/** Ctrl-C once: stop. Again, later: stop without waiting for what is begun. */
function stopSignals(): { stop: AbortSignal; hurry: AbortSignal } {
  const stop = new AbortController();
  const hurry = new AbortController();
  let askedMs: number | null = null;
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      askedMs ??= wallNowMs();
      if (!stop.signal.aborted) stop.abort();
      else if (wallNowMs() - askedMs > SAME_WITHIN_MS) hurry.abort();
    });
  }
  return { stop: stop.signal, hurry: hurry.signal };
}
