import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endPostgres, findPostgres, startPostgres } from '../../../src/runtime/postgres.ts';
import { postgresHome, removePostgresHome } from '../../../src/runtime/postgres-home.ts';
import { isAlive, signal, waitForEnd } from '../../../src/runtime/processes.ts';

const MODULE = fileURLToPath(new URL('../../../src/runtime/postgres.ts', import.meta.url));
let top: string;
let dataDir: string;

beforeEach(() => {
  top = mkdtempSync(path.join(os.tmpdir(), 'bidloop-pg-'));
  dataDir = path.join(top, 'data');
});
afterEach(async () => {
  await endPostgres(dataDir);
  removePostgresHome(dataDir);
  rmSync(top, { recursive: true, force: true });
});

async function query<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data and its address from start to start', async () => {
    const first = await startPostgres({ dataDir, durable: false });
    expect(first.adopted).toBe(false);
    await query(first.url, 'create table kept as select 7 as n');
    expect(await findPostgres(dataDir)).toBe(first.url);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(await findPostgres(dataDir)).toBeNull();

    const second = await startPostgres({ dataDir, durable: false });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('asks for the password and listens on this machine only', async () => {
    const { url } = await startPostgres({ dataDir, durable: false });
    await expect(query(url.replace(/:[^:@/]+@/, ':wrong@'), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  });

  test('comes back with everything committed after kill -9', async () => {
    const first = await startPostgres({ dataDir });
    await query(first.url, 'create table kept as select g as n from generate_series(1, 1000) g');
    const busy = query(first.url, 'select pg_sleep(60)').catch((error: unknown) => error);
    signal(first.pid, 'SIGKILL');
    expect(await waitForEnd(first.pid, 5_000)).toBe(true);
    const second = await startPostgres({ dataDir });
    expect(second.pid).not.toBe(first.pid);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }]);
    expect(await busy).toBeInstanceOf(Error);
  });

  test('a server whose starter was killed is taken over, not started again', async () => {
    const script = `const { startPostgres } = await import(${JSON.stringify(MODULE)});
      const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
      console.log(server.pid);
      setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(
      await new Promise<string>((resolve) =>
        starter.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
      ),
    );
    const gone = new Promise((resolve) => starter.once('exit', resolve));
    starter.kill('SIGKILL');
    await gone;
    expect(isAlive(pid)).toBe(true);
    const server = await startPostgres({ dataDir, durable: false });
    expect(server).toMatchObject({ adopted: true, pid });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('starts in a data directory under a private folder', async () => {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(top, 0o700);
    const server = await startPostgres({ dataDir, durable: false });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    if (process.getuid?.() === 0) {
      const owner = execFileSync('ps', ['-o', 'user=', '-p', String(server.pid)], {
        encoding: 'utf8',
      }).trim();
      expect(owner).not.toBe('root');
    }
  });

  test('a data directory deleted and made anew under a private folder begins anew, whatever the old one left', async () => {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(top, 0o700);
    const first = await startPostgres({ dataDir, durable: false });
    await query(first.url, 'create table left_behind (id int)');
    const left = path.dirname(postgresHome(dataDir).cluster);
    await first.stop();
    rmSync(dataDir, { recursive: true });

    const second = await startPostgres({ dataDir, durable: false });
    expect(await query(second.url, "select to_regclass('left_behind') as found")).toEqual([{ found: null }]);
    if (left !== dataDir) rmSync(left, { recursive: true });
  });

  test('refuses a port that was asked for and is taken, naming the setting', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(startPostgres({ dataDir, port: address.port })).rejects.toMatchObject({
      code: 'port_in_use',
      next: expect.stringContaining('BIDLOOP_POSTGRES_PORT'),
    });
    other.close();
  });

  test('begins anew where a killed first start left half a cluster', async () => {
    const first = await startPostgres({ dataDir, durable: false });
    await first.stop();
    const { cluster } = postgresHome(dataDir);
    rmSync(path.join(cluster, 'bidloop-ready'));
    const second = await startPostgres({ dataDir, durable: false });
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});
