import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, OperatorError } from '../errors.ts';
import { freePort, isFree } from './free-port.ts';
import { type PostgresHome, postgresHome } from './postgres-home.ts';
import {
  createCluster,
  DATABASE,
  launch,
  OWN_SERVER,
  READY_MARK,
  tryConnect,
  USER,
} from './postgres-process.ts';
import { endProcess, isAlive } from './processes.ts';

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
    !existsSync(path.join(home.cluster, READY_MARK))
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
