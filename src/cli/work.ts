import type { Command } from 'commander';
import { loadNow } from '../db/clock.ts';
import { connect, type Db } from '../db/connection.ts';
import { createLog, type Logger } from '../log.ts';
import { loadSecretKey, prepareDataDir } from '../runtime/data-dir.ts';
import { askedToStop, reportReady, sayToOperator } from '../runtime/ready.ts';
import type { CliContext } from './command.ts';
import { knownDatabase, temporalAddress } from './context.ts';
import { outboundGuard } from './outbound-guard.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('work')
    .description('judge and act: run the workers that Temporal hands tasks to')
    .addHelpText(
      'after',
      `
Example:
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=temporal:7233 ./bidloop work

Waits for PostgreSQL and Temporal to come and to come back. Strategies in the folder BIDLOOP_STRATEGIES_DIR are
checked and taken over as they are saved.`,
    )
    .action(() => work(context));
}

async function work(context: CliContext): Promise<void> {
  const { config } = context;
  // Loaded here: other commands do not wait for the SDK and its native part.
  const { runWorkers } = await import('../runtime/worker.ts');
  prepareDataDir(config.dataDir);
  const log = createLog({ level: config.logLevel, name: 'work' });
  const databaseUrl = knownDatabase(config);
  const secretKey = loadSecretKey(config);
  const db = connect({ url: databaseUrl, name: 'bidloop work', max: 20 });
  const stop = new AbortController();
  void askedToStop().then(() => stop.abort());
  const strategies = await watchFolder(context, db, log);
  try {
    const workers = await runWorkers({
      db,
      databaseUrl,
      temporal: {
        address: temporalAddress(config),
        namespace: config.temporalNamespace,
        apiKey: config.temporalApiKey,
      },
      secretKey,
      rawDays: config.rawDays,
      log,
      wallNowMs: () => context.wallNowMs(),
      signal: stop.signal,
      outbound: { guard: outboundGuard(context) },
    });
    reportReady();
    context.note('workers are running');
    await workers.done;
  } catch (error) {
    // Asked to stop while it still waited for its servers.
    if (!stop.signal.aborted) throw error;
  } finally {
    await strategies.close();
    await db.destroy();
  }
}

/** The strategies folder, with what each saved file would do now told to the operator. */
async function watchFolder(context: CliContext, db: Db, log: Logger): Promise<{ close(): Promise<void> }> {
  const [{ watchStrategies }, { previewStrategy }, { createNetworkRegistry }] = await Promise.all([
    import('../strategies/watch-folder.ts'),
    import('../strategies/preview.ts'),
    import('../networks/registry.ts'),
  ]);
  const networks = createNetworkRegistry();
  const nowMs = (workspaceId: string): Promise<number> => loadNow(db, workspaceId, context.wallNowMs());
  return watchStrategies(context.config.strategiesDir, {
    db,
    nowMs,
    preview: async (workspaceId, strategy) => {
      const preview = await previewStrategy(db, {
        workspaceId,
        strategy,
        nowMs: await nowMs(workspaceId),
        moneyStepMicros: (network, currency) => networks.get(network).capabilities.moneyStepMicros(currency),
      });
      return preview.sentence;
    },
    report: ({ file, kind, text }) => {
      log.info({ file, kind }, text);
      sayToOperator(text);
    },
  });
}
