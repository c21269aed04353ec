import { Client } from '@temporalio/client';
import { type Config, loadConfig } from '../config.ts';
import { loadNow } from '../db/clock.ts';
import { connect, type Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';
import { checkDatabase } from '../runtime/check-database.ts';
import { checkTemporal, connectTemporal } from '../runtime/check-temporal.ts';
import { loadSecretKey } from '../runtime/data-dir.ts';
import { findPostgres } from '../runtime/postgres.ts';
import { readRunFile } from '../runtime/run-file.ts';
import { wallNowMs } from '../wall-clock.ts';
import type { CliContext } from './command.ts';

/** A context over the environment. `json` is asked at each use: the parser knows it only once a command runs. */
export function createContext(
  env: NodeJS.ProcessEnv,
  json: () => boolean,
): { context: CliContext; close: () => Promise<void> } {
  let config: Config | undefined;
  let db: Promise<Db> | undefined;
  let temporal: Promise<Client> | undefined;
  const context: CliContext = {
    get config() {
      return (config ??= loadConfig(env));
    },
    env,
    get json() {
      return json();
    },
    db: () => (db ??= openDatabase(context.config)),
    temporal: () => (temporal ??= openTemporal(context.config)),
    secretKey: () => loadSecretKey(context.config),
    temporalUi: () => {
      const run = readRunFile(context.config.dataDir);
      const address = context.config.temporalAddress;
      // The UI of a server of somebody else's may be anywhere.
      if (address !== null && address !== run?.temporalAddress) return null;
      return run === null || run.temporalIsForeign ? null : `http://127.0.0.1:${run.ports.temporalUi}`;
    },
    pageUrl: () => {
      const host = ['0.0.0.0', '::'].includes(context.config.httpHost)
        ? '127.0.0.1'
        : context.config.httpHost;
      return `http://${host}:${readRunFile(context.config.dataDir)?.ports.http ?? context.config.httpPort}`;
    },
    wallNowMs,
    nowMs: async (workspaceId) => await loadNow(await context.db(), workspaceId, wallNowMs()),
    print: (data, text) => {
      process.stdout.write(json() ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
    },
    note: (text) => {
      if (!json()) process.stderr.write(`${text}\n`);
    },
  };
  return {
    context,
    async close() {
      await db?.then((open) => open.destroy()).catch(() => undefined);
      await temporal?.then((client) => client.connection.close()).catch(() => undefined);
    },
  };
}

/** The address of the database this installation uses: set, or of the embedded server that runs now. */
export async function databaseUrl(config: Config): Promise<string> {
  const url = config.databaseUrl ?? (await findPostgres(config.dataDir));
  if (url !== null) return url;
  throw new OperatorError('nothing_runs', `nothing is running here (data directory ${config.dataDir})`, {
    next: 'Start it with `npm start`, or set DATABASE_URL to the database of another installation.',
  });
}

/**
 * As {@link databaseUrl}, without asking whether it answers: `serve` and `work` start while PostgreSQL is away.
 *
 * @throws OperatorError `no_database` when no address is known.
 */
export function knownDatabase(config: Config): string {
  const url = config.databaseUrl ?? readRunFile(config.dataDir)?.databaseUrl;
  if (url !== undefined) return url;
  throw new OperatorError('no_database', 'no database is known', {
    next: 'Set DATABASE_URL, or start everything with `npm start`.',
  });
}

async function openDatabase(config: Config): Promise<Db> {
  const url = await databaseUrl(config);
  await checkDatabase(url);
  return connect({ url, name: 'bidloop cli', max: 4 });
}

/** host:port of the Temporal server this installation uses. */
export function temporalAddress(config: Config): string {
  return (
    config.temporalAddress ??
    readRunFile(config.dataDir)?.temporalAddress ??
    `127.0.0.1:${config.temporalPort}`
  );
}

async function openTemporal(config: Config): Promise<Client> {
  const place = {
    address: temporalAddress(config),
    namespace: config.temporalNamespace,
    apiKey: config.temporalApiKey,
  };
  try {
    await checkTemporal(place);
  } catch (error) {
    const ours = config.temporalAddress === null;
    if (!ours || !(error instanceof OperatorError) || error.code !== 'temporal_unreachable') throw error;
    throw new OperatorError(error.code, error.message, {
      next: 'Start the installation with `npm start`; while Temporal is being built, wait for "optimizer ready".',
      cause: error,
    });
  }
  return new Client({ connection: await connectTemporal(place), namespace: place.namespace });
}
