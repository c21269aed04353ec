import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PROJECT_ROOT } from '../../../src/config.ts';
import { freePort } from '../../../src/runtime/free-port.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-cli-'));
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** Runs ./bidloop as a person would, in an environment with these settings only. */
function bidloop(args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(BIDLOOP_|DATABASE_URL|TEMPORAL_|VITEST)/.test(name),
  );
  const done = spawnSync(path.join(PROJECT_ROOT, 'bidloop'), args, {
    env: { ...Object.fromEntries(own), BIDLOOP_DATA_DIR: path.join(folder, 'data'), ...settings },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe('./bidloop', () => {
  test('--help shows every command and needs neither settings nor servers', () => {
    const { code, out } = bidloop(['--help'], { BIDLOOP_HTTP_PORT: 'x' });
    expect(code).toBe(0);
    for (const name of ['up', 'serve', 'work', 'migrate', 'status'])
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(bidloop(['up', '--help']).out).toContain('--fresh');
  });

  test('suggests the command that was meant', () => {
    const { code, err } = bidloop(['statsu']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean status?');
  });

  test('says what the parser refuses as JSON too, and nothing else', () => {
    for (const args of [
      ['statsu', '--json'],
      ['status', '--jsno', '--json'],
      ['explain', '--json'],
    ]) {
      const { code, out, err } = bidloop(args);
      expect([code, err]).toEqual([2, '']);
      expect(JSON.parse(out)).toMatchObject({
        error: {
          code: 'usage',
          message: expect.stringMatching(/^(unknown|missing)/),
          next: expect.any(String),
        },
      });
    }
  });

  test('lists all problems of the settings and exits 2', () => {
    const { code, err } = bidloop(['migrate'], { BIDLOOP_HTTP_PORT: 'x', BIDLOOP_MARKET_RATE: '0' });
    expect(code).toBe(2);
    expect(err).toContain('BIDLOOP_HTTP_PORT');
    expect(err).toContain('BIDLOOP_MARKET_RATE');
  });

  test('says that nothing runs, as text and as JSON', () => {
    const text = bidloop(['migrate']);
    expect(text.code).toBe(1);
    expect(text.err).toMatch(/nothing is running here.*\n.*npm start/);
    const json = bidloop(['migrate', '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      error: { code: 'nothing_runs', next: expect.stringContaining('npm start') },
    });
  });

  test('migrates and reports, on a database of the operator', () => {
    const settings = { DATABASE_URL: database.url };
    expect(bidloop(['migrate'], settings)).toMatchObject({ code: 0, out: 'the database is current\n' });
    const status = bidloop(['status', '--json'], settings);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      up: null,
      database: { state: 'running', waitingPostbacks: 0 },
    });
  });

  test.each(['migrate', 'up'])('%s explains a wrong DATABASE_URL', async (command) => {
    const right = inject('postgresUrl');
    const cases = [
      [right.replace(/:[^:@/]+@/, ':wrong@'), 'refuses the user or the password'],
      [right.replace(/[^/]+$/, 'nowhere'), 'has no database of that name'],
      [right.replace(/:\d+\//, `:${await freePort()}/`), 'nothing listens at'],
      [right.replace('127.0.0.1', 'no-such-host.invalid'), 'the host of'],
    ] as const;
    for (const [url, sentence] of cases) {
      const { code, err } = bidloop([command], { DATABASE_URL: url });
      expect(code).toBe(1);
      expect(err).toContain(sentence);
      expect(err).not.toContain('    at ');
      expect(err).not.toContain(':wrong@');
    }
  });

  test('up explains a data directory that cannot be written', () => {
    writeFileSync(path.join(folder, 'file'), '');
    const { code, err } = bidloop(['up'], { BIDLOOP_DATA_DIR: path.join(folder, 'file', 'below') });
    expect(code).toBe(1);
    expect(err).toMatch(/data directory .* cannot be written.*\n.*BIDLOOP_DATA_DIR/);
  });

  test('up tells an address that is not of this machine from a port in use', () => {
    // From the range set aside for documentation: no machine has it.
    const { code, err } = bidloop(['up'], { DATABASE_URL: database.url, BIDLOOP_HTTP_HOST: '203.0.113.7' });
    expect(code).toBe(1);
    expect(err).toMatch(/no address 203\.0\.113\.7 to listen on\n.*BIDLOOP_HTTP_HOST/);
  });

  test('status says what is wrong with the database, and what to do', async () => {
    const { code, out } = bidloop(['status'], {
      DATABASE_URL: `postgres://x:y@127.0.0.1:${await freePort()}/z`,
    });
    expect(code).toBe(1);
    expect(out).toMatch(/^database {3}nothing listens at .*\n +Start that PostgreSQL/m);
  });

  test('up --fresh never touches a database of the operator', () => {
    const { code, err } = bidloop(['up', '--fresh'], { DATABASE_URL: database.url });
    expect(code).toBe(1);
    expect(err).toContain('--fresh deletes the embedded data only');
  });
});
