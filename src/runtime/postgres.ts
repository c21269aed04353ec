import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { freePort, isFree } from './free-port.ts';
import { type PostgresHome, postgresHome } from './postgres-home.ts';
import { endProcess, isAlive, waitForEnd } from './processes.ts';

export interface StartPostgresOptions {
  /** The data directory; the cluster lies in it, or where {@link postgresHome} says. */
  readonly dataDir: string;
  /** 0 or left out: the port of the last start, at first a free one. */
  readonly port?: number;
  /** False for tests: a power cut may lose everything, a killed process still nothing. */
  readonly durable?: boolean;
}

export interface RunningPostgres {
  /** Address of the database `bidloop`, password included. */
  readonly url: string;
  readonly port: number;
  /** The postmaster's process id. */
  readonly pid: number;
  /** True when a server left by a killed run was found and kept. */
  readonly adopted: boolean;
  /** Ends sessions, writes a checkpoint and waits until the server is gone. */
  stop(): Promise<void>;
}

const USER = 'bidloop';
const DATABASE = 'bidloop';

/**
 * Starts the embedded PostgreSQL of a data directory, creating cluster and database at the first start. It listens on
 * 127.0.0.1 only, with a password kept in the data directory, runs in its own process group (Ctrl-C does not reach it),
 * and outlives this process when that is killed: the next start finds it and goes on with it.
 *
 * @throws OperatorError with what PostgreSQL said when it does not come up.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o711 });
  const home = postgresHome(options.dataDir);
  const remembered = readRemembered(options.dataDir);
  const password = remembered?.password ?? randomBytes(24).toString('base64url');

  const adopted = remembered === null ? null : await adopt(home, password);
  if (adopted !== null) return running(adopted, password, true);

  // The password goes on record before the cluster that knows it: a start killed in between begins anew.
  let port =
    options.port !== undefined && options.port !== 0
      ? options.port
      : (remembered?.port ?? (await freePort()));
  if (!(await isFree(port))) {
    if (options.port !== undefined && options.port !== 0) {
      throw new OperatorError('port_in_use', `port ${port} for PostgreSQL is in use by another program`, {
        next: 'Set BIDLOOP_POSTGRES_PORT to a free port, or leave it out to have one picked.',
      });
    }
    port = await freePort();
  }
  writeRemembered(options.dataDir, { password, port });
  if (
    !existsSync(path.join(home.cluster, 'PG_VERSION')) ||
    !existsSync(path.join(home.cluster, 'bidloop-ready'))
  ) {
    await createCluster(home, password);
  }
  const pid = await launch(home, {
    port,
    password,
    durable: options.durable ?? true,
    logFile: path.join(options.dataDir, 'postgres.log'),
  });
  await ensureDatabase(port, password);
  return running({ pid, port }, password, false);
}

/** The address of the database that runs in a data directory now, or null. */
export async function findPostgres(dataDir: string): Promise<string | null> {
  const remembered = readRemembered(dataDir);
  if (remembered === null) return null;
  const client = await tryConnect(remembered.port, remembered.password);
  if (client === null) return null;
  await client.end();
  return urlOf(remembered.port, remembered.password);
}

/** Ends the server of a data directory if one runs there. */
export async function endPostgres(dataDir: string): Promise<void> {
  if (readRemembered(dataDir) === null) return;
  const found = readPostmaster(postgresHome(dataDir).cluster);
  if (found !== null && isServerOf(found.pid))
    await endProcess(found.pid, { ask: 'SIGINT', graceMs: 10_000 });
}

function running(server: { pid: number; port: number }, password: string, adopted: boolean): RunningPostgres {
  return {
    url: urlOf(server.port, password),
    port: server.port,
    pid: server.pid,
    adopted,
    // SIGINT is PostgreSQL's "fast" stop: open transactions are rolled back, nothing waits for clients.
    stop: () => endProcess(server.pid, { ask: 'SIGINT', graceMs: 20_000 }),
  };
}

function urlOf(port: number, password: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

interface Remembered {
  readonly password: string;
  readonly port: number;
}

function readRemembered(dataDir: string): Remembered | null {
  try {
    const value = JSON.parse(
      readFileSync(path.join(dataDir, 'postgres.json'), 'utf8'),
    ) as Partial<Remembered>;
    return typeof value.password === 'string' && typeof value.port === 'number'
      ? { password: value.password, port: value.port }
      : null;
  } catch {
    return null;
  }
}

function writeRemembered(dataDir: string, value: Remembered): void {
  writeFileSync(path.join(dataDir, 'postgres.json'), `${JSON.stringify(value)}\n`, { mode: 0o600 });
}

/** What postmaster.pid says: line 1 the process, line 4 the port. */
function readPostmaster(cluster: string): { pid: number; port: number } | null {
  try {
    const lines = readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, port: Number(lines[3]) } : null;
  } catch {
    return null;
  }
}

/** A process id is used again after a reboot: only one whose command is postgres counts. */
function isServerOf(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return !existsSync('/proc/self');
  }
}

async function adopt(home: PostgresHome, password: string): Promise<{ pid: number; port: number } | null> {
  const found = readPostmaster(home.cluster);
  if (found === null || !isServerOf(found.pid)) return null;
  // It may still be recovering, or just be going down.
  for (let attempt = 0; attempt < 100 && isAlive(found.pid); attempt++) {
    const client = await tryConnect(found.port, password, 'postgres');
    if (client !== null) {
      await client.end();
      await ensureDatabase(found.port, password);
      return found;
    }
    await sleep(100);
  }
  await endProcess(found.pid, { ask: 'SIGINT', graceMs: 5_000 });
  return null;
}

async function tryConnect(port: number, password: string, database = DATABASE): Promise<pg.Client | null> {
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

async function createCluster(home: PostgresHome, password: string): Promise<void> {
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
  writeFileSync(path.join(home.cluster, 'bidloop-ready'), '');
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

const OWN_SERVER =
  'Set DATABASE_URL to a PostgreSQL server of your own, or report this with the lines above.';

async function launch(
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
    await waitForEnd(pid, 0);
    throw new OperatorError('postgres_failed', `PostgreSQL did not start: ${said}`, { next: OWN_SERVER });
  }
}

async function ensureDatabase(port: number, password: string): Promise<void> {
  const client = await tryConnect(port, password, 'postgres');
  if (client === null)
    throw new OperatorError('postgres_failed', `PostgreSQL on port ${port} does not answer`, {
      next: OWN_SERVER,
    });
  try {
    await client.query(`create database ${DATABASE}`);
  } catch (error) {
    const duplicateDatabase = '42P04';
    if (codeOf(error) !== duplicateDatabase) throw error;
  } finally {
    await client.end();
  }
}
