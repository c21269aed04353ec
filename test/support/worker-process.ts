import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from './database.ts';
import type { TestNamespace } from './namespace.ts';
import { SECRET_KEY } from './seed-account.ts';
import { testTemporal } from './temporal.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Real `work` processes of a test, to be killed. */
export interface WorkerProcesses {
  start(): ChildProcess;
  /** Kills what still runs and removes their data directory. */
  remove(): void;
}

/**
 * @param settings environment variables beside the place of database and Temporal.
 */
export function workerProcesses(
  place: { readonly database: TestDatabase; readonly temporal: TestNamespace },
  settings: Readonly<Record<string, string>> = {},
): WorkerProcesses {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-kill-'));
  const children: ChildProcess[] = [];
  return {
    start() {
      const child = fork(MAIN, ['work'], {
        env: {
          ...process.env,
          DATABASE_URL: place.database.url,
          TEMPORAL_ADDRESS: testTemporal().address,
          TEMPORAL_NAMESPACE: place.temporal.namespace,
          BIDLOOP_DATA_DIR: dataDir,
          BIDLOOP_SECRET_KEY: SECRET_KEY.toString('base64'),
          BIDLOOP_STRATEGIES_DIR: path.join(dataDir, 'no-strategies'),
          BIDLOOP_LOG_LEVEL: 'error',
          ...settings,
        },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      return child;
    },
    remove() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
