import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, vi } from 'vitest';
import { freePort } from '../../src/runtime/free-port.ts';
import { endServers, endWorkingLeftovers } from '../../src/runtime/leftovers.ts';
import { removePostgresHome } from '../../src/runtime/postgres-home.ts';
import { readRunFile, type RunFile } from '../../src/runtime/run-file.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A whole installation in a directory of its own, as `npm start` runs it. */
export interface Installation {
  readonly dataDir: string;
  readonly pageUrl: string;
  /** Runs `bidloop up` with these arguments. */
  up(...args: readonly string[]): Up;
  run(): RunFile;
  /** Ends whatever still runs and removes the directory. */
  remove(): Promise<void>;
}

export interface Up {
  readonly process: ChildProcess;
  output(): string;
  /** Waits until the output contains a text. */
  says(text: string, withinMs?: number): Promise<void>;
  /** Waits for its end. @returns the exit code, null after a signal. */
  ended(): Promise<number | null>;
}

export async function installation(settings: Readonly<Record<string, string>> = {}): Promise<Installation> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-e2e-'));
  const dataDir = path.join(folder, 'data');
  symlinkSync(inject('temporalProgram'), path.join(folder, 'temporal'));
  const [http, sandbox, temporal, temporalUi] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(BIDLOOP_|DATABASE_URL|TEMPORAL_|VITEST)/.test(name)),
    ),
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    BIDLOOP_DATA_DIR: dataDir,
    BIDLOOP_HTTP_PORT: String(http),
    BIDLOOP_SANDBOX_PORT: String(sandbox),
    BIDLOOP_TEMPORAL_PORT: String(temporal),
    BIDLOOP_TEMPORAL_UI_PORT: String(temporalUi),
    ...settings,
  };
  const started: ChildProcess[] = [];
  const run = (): RunFile => {
    const file = readRunFile(dataDir);
    if (file === null) throw new Error('nothing was started yet');
    return file;
  };
  return {
    dataDir,
    pageUrl: `http://127.0.0.1:${http}`,
    run,
    up(...args) {
      const child = spawn(process.execPath, [MAIN, 'up', ...args], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.push(child);
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
      return {
        process: child,
        output: () => text,
        says: (wanted, withinMs = 60_000) =>
          vi.waitFor(
            () => {
              if (!text.includes(wanted)) throw new Error(`"${wanted}" was not said, but:\n${text}`);
            },
            { timeout: withinMs, interval: 50 },
          ),
        ended: () => exit,
      };
    },
    async remove() {
      for (const child of started) child.kill('SIGKILL');
      await endWorkingLeftovers(readRunFile(dataDir));
      await endServers(dataDir, readRunFile(dataDir));
      removePostgresHome(dataDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
