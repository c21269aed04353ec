import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { createLog } from '../log.ts';
import { checkDatabase } from '../runtime/check-database.ts';
import { loadSecretKey, prepareDataDir } from '../runtime/data-dir.ts';
import { askedToStop, reportReady } from '../runtime/ready.ts';
import type { CliContext } from './command.ts';
import { knownDatabase } from './context.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('receive clicks and postbacks, show the page; one of several processes in a real set-up')
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgres://… ./bidloop serve\n\nIt stays up while PostgreSQL is away: visitors are redirected, clicks wait on disk, senders are asked to come again.',
    )
    .action(async () => {
      const { config } = context;
      // Loaded here: other commands do not wait for a web server's code.
      const [{ createServerDeps }, { buildServer }] = await Promise.all([
        import('../http/deps.ts'),
        import('../http/server.ts'),
      ]);
      prepareDataDir(config.dataDir);
      const log = createLog({ level: config.logLevel, name: 'serve' });
      const app = buildServer(
        createServerDeps({
          databaseUrl: knownDatabase(config),
          dataDir: config.dataDir,
          fallbackUrl: config.fallbackUrl,
          publicUrl: config.publicUrl,
          secretKey: optionalKey(config),
          log,
          wallNowMs: () => context.wallNowMs(),
          apiToken: config.apiToken,
        }),
      );
      try {
        await app.listen({ host: config.httpHost, port: config.httpPort });
      } catch (error) {
        await app.close();
        throw new OperatorError('port_in_use', `cannot listen on ${config.httpHost}:${config.httpPort}`, {
          next: 'Another program has the port, or the address is not of this machine: set BIDLOOP_HTTP_PORT or BIDLOOP_HTTP_HOST.',
          cause: error,
        });
      }
      reportReady();
      // It serves visitors all the same; but a mistyped address should not have to be found in the log.
      checkDatabase(knownDatabase(config)).catch((error: unknown) => {
        context.note(`${messageOf(error)}${error instanceof OperatorError ? `\n  ${error.next}` : ''}`);
      });
      context.note(`listening on http://${config.httpHost}:${config.httpPort}`);
      await askedToStop();
      await app.close();
    });
}

function optionalKey(config: Config): Buffer | null {
  try {
    return loadSecretKey(config);
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'no_secret_key') return null;
    throw error;
  }
}
