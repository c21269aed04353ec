import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { inject, vi } from 'vitest';
import { freePort } from '../../src/runtime/free-port.ts';
import { endServers, endWorkingLeftovers } from '../../src/runtime/leftovers.ts';
import { removePostgresHome } from '../../src/runtime/postgres-home.ts';
import { readRunFile, type RunFile, stillRuns } from '../../src/runtime/run-file.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = path.join(ROOT, 'src/main.ts');

/** A whole installation in a directory of its own, as `npm start` runs it. */
export interface Installation {
  readonly dataDir: string;
  readonly pageUrl: string;
  /** Runs `bidloop up` with these arguments. */
  up(...args: readonly string[]): Up;
  /** Runs `npm start` as a terminal does: as the leader of its own group of processes. */
  npmStart(): Up;
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
  const watched = (child: ChildProcessByStdio<null, Readable, Readable>): Up => {
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
  };
  return {
    dataDir,
    pageUrl: `http://127.0.0.1:${http}`,
    run,
    up: (...args) =>
      watched(spawn(process.execPath, [MAIN, 'up', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })),
    npmStart: () =>
      watched(spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })),
    async remove() {
      for (const child of started) child.kill('SIGKILL');
      // npm does not take along what it started.
      const supervisor = readRunFile(dataDir)?.supervisor ?? null;
      if (supervisor !== null && stillRuns(supervisor)) process.kill(supervisor.pid, 'SIGKILL');
      await endWorkingLeftovers(readRunFile(dataDir));
      await endServers(dataDir, readRunFile(dataDir));
      removePostgresHome(dataDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
