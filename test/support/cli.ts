import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Cli {
  /** What BIDLOOP_SECRET_KEY holds. */
  readonly secretKey: Buffer;
  /** Runs `bidloop` with these arguments. One at a time: it borrows this process's output. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run>;
  /** The same with --json. */
  json(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<unknown>;
  remove(): void;
}

/** The command line on a database, in a data directory of its own, with no Temporal server in reach. */
export function testCli(databaseUrl: string, settings: Readonly<Record<string, string>> = {}): Cli {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-cli-'));
  const secretKey = randomBytes(32);
  const run: Cli['run'] = async (args, env = {}) => {
    let out = '';
    let err = '';
    const stdout = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((chunk) => ((out += String(chunk)), true));
    const stderr = vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((chunk) => ((err += String(chunk)), true));
    const exitCode = process.exitCode;
    try {
      const code = await runProgram(args, {
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        BIDLOOP_DATA_DIR: dataDir,
        BIDLOOP_SECRET_KEY: secretKey.toString('base64'),
        ...settings,
        ...env,
      });
      return { code, out, err };
    } finally {
      stdout.mockRestore();
      stderr.mockRestore();
      // A command that failed must not fail the test run, nor the next command.
      process.exitCode = exitCode;
    }
  };
  return {
    secretKey,
    run,
    json: async (args, env) => JSON.parse((await run(['--json', ...args], env)).out) as unknown,
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}
