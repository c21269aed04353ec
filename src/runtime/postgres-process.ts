import { spawn } from 'node:child_process';
import { chownSync, closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, OperatorError } from '../errors.ts';
import type { PostgresHome } from './postgres-home.ts';
import { isAlive } from './processes.ts';

/** The embedded server's only user, its owner. */
export const USER = 'bidloop';
export const DATABASE = 'bidloop';
/** Its presence says that the cluster was made to the end. */
export const READY_MARK = 'bidloop-ready';
/** What to do when PostgreSQL itself fails. */
export const OWN_SERVER =
  'Set DATABASE_URL to a PostgreSQL server of your own, or report this with the lines above.';

/** A connection as the owner, or null when the server does not give one now. */
export async function tryConnect(
  port: number,
  password: string,
  database = DATABASE,
): Promise<pg.Client | null> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: USER,
    password,
    database,
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => undefined);
    return null;
  }
}

/** Makes an empty cluster that asks everyone for the password. @throws OperatorError with what initdb said. */
export async function createCluster(home: PostgresHome, password: string): Promise<void> {
  // What a killed first start left behind is no cluster yet.
  for (const entry of readdirSync(home.cluster))
    rmSync(path.join(home.cluster, entry), { recursive: true, force: true });
  const passwordFile = `${home.cluster}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (home.user !== null) chownSync(passwordFile, home.user.uid, home.user.gid);
  try {
    // The built-in locale gives the same order of texts on every machine.
    const locale = ['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const access = ['-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    await run(home, 'initdb', ['-D', home.cluster, '--no-instructions', ...access, ...locale]);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(path.join(home.cluster, READY_MARK), '');
}

function identity(home: PostgresHome): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  // Settings of another PostgreSQL (PGDATA, PGPORT, …) must not leak in.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
  return { ...home.user, cwd: home.cluster, env: { ...env, LC_ALL: 'C', TZ: 'UTC' } };
}

async function run(home: PostgresHome, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(path.join(home.bin, program), args, {
    ...identity(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).catch((error: unknown) => {
    throw new OperatorError('postgres_failed', `${program} could not be run: ${messageOf(error)}`, {
      next: OWN_SERVER,
      cause: error,
    });
  });
  if (code === 0) return;
  throw new OperatorError(
    'postgres_failed',
    `${program} ended with ${code}: ${output.trim().split('\n').slice(-3).join(' ')}`,
    { next: OWN_SERVER },
  );
}

/**
 * Starts the server in a process group of its own and waits until it answers.
 *
 * @returns its process id.
 * @throws OperatorError with its last words.
 */
export async function launch(
  home: PostgresHome,
  options: { port: number; password: string; durable: boolean; logFile: string },
): Promise<number> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    // A socket's path may have 107 bytes; a data directory's may be longer.
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(options.durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  const args = [
    '-D',
    home.cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  for (let attempt = 0; ; attempt++) {
    const log = openSync(options.logFile, 'w', 0o600);
    const child = spawn(path.join(home.bin, 'postgres'), args, {
      ...identity(home),
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child.unref();
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    const pid = child.pid;
    if (pid === undefined) {
      throw new OperatorError('postgres_failed', `PostgreSQL could not be run: ${messageOf(await failed)}`, {
        next: OWN_SERVER,
      });
    }
    // Crash recovery of a large write-ahead log may take a while; a server that ended needs no waiting.
    for (let waited = 0; waited < 120_000 && isAlive(pid) && child.exitCode === null; waited += 50) {
      const client = await tryConnect(options.port, options.password, 'postgres');
      if (client !== null) {
        await client.end();
        return pid;
      }
      await sleep(50);
    }
    const said = readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-4).join(' ');
    // Sessions of a killed postmaster need a moment to notice that it is gone.
    if (
      attempt < 40 &&
      /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(said)
    ) {
      await sleep(250);
      continue;
    }
    throw new OperatorError('postgres_failed', `PostgreSQL did not start: ${said}`, { next: OWN_SERVER });
  }
}
