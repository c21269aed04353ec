import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { OperatorError } from '../errors.ts';
import { wallNowMs } from '../wall-clock.ts';
import { endProcess, isAlive } from './processes.ts';

export interface StartTemporalOptions {
  /** The `temporal` program. */
  readonly program: string;
  readonly port: number;
  /** Null: no web interface. */
  readonly uiPort: number | null;
  /** The database file; null keeps everything in memory (tests). */
  readonly databaseFile: string | null;
  readonly logFile: string;
  /** Told the process id at once. */
  readonly spawned?: (pid: number) => void;
}

export interface RunningTemporal {
  /** host:port for clients and workers. */
  readonly address: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts Temporal's development server on 127.0.0.1, in its own process group, and waits until the namespace
 * `default` answers. Its database file survives a kill of the process (write-ahead log).
 *
 * @throws OperatorError with the server's last words when it does not come up.
 */
export async function startTemporal(options: StartTemporalOptions): Promise<RunningTemporal> {
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(options.port),
    '--log-level',
    'warn',
  ];
  args.push(...(options.uiPort === null ? ['--headless'] : ['--ui-port', String(options.uiPort)]));
  if (options.databaseFile !== null) {
    args.push(
      '--db-filename',
      options.databaseFile,
      '--sqlite-pragma',
      'journal_mode=wal',
      '--sqlite-pragma',
      'synchronous=normal',
    );
  }
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn(options.program, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  child.unref();
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  const pid = child.pid;
  if (pid === undefined) {
    throw new OperatorError(
      'temporal_failed',
      `${options.program} could not be run: ${(await failed).message}`,
      { next: NEXT },
    );
  }
  options.spawned?.(pid);
  const address = `127.0.0.1:${options.port}`;
  for (let waited = 0; waited < 60_000 && isAlive(pid) && child.exitCode === null; waited += 100) {
    if (await answers(address, 'default'))
      return runningTemporal({ pid, port: options.port, uiPort: options.uiPort });
    await sleep(100);
  }
  await endProcess(pid, { graceMs: 1_000 });
  const said = readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-3).join(' ');
  throw new OperatorError('temporal_failed', `Temporal did not start on port ${options.port}: ${said}`, {
    next: NEXT,
  });
}

const NEXT = 'Look at temporal.log in the data directory, or set TEMPORAL_ADDRESS to a server of your own.';

/** The handle of a server that is known to run: just started, or left by a killed run. */
export function runningTemporal(server: {
  pid: number;
  port: number;
  uiPort: number | null;
}): RunningTemporal {
  return {
    address: `127.0.0.1:${server.port}`,
    uiUrl: server.uiPort === null ? null : `http://127.0.0.1:${server.uiPort}`,
    pid: server.pid,
    stop: () => endProcess(server.pid, { graceMs: 10_000 }),
  };
}

/** Whether a Temporal server answers there and knows the namespace. */
export async function answers(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 2_000 });
    const { workflowService } = connection;
    await connection.withDeadline(wallNowMs() + 2_000, () =>
      workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
