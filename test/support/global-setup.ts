import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { connect } from '../../src/db/connection.ts';
import { migrate } from '../../src/db/migrate.ts';
import { removePostgresHome } from '../../src/runtime/postgres-home.ts';
import { endPostgres, startPostgres } from '../../src/runtime/postgres.ts';
import { isAlive } from '../../src/runtime/processes.ts';
import { shared } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's own database; `testDatabase()` clones from the template beside it. */
    postgresUrl: string;
  }
}

/** Name of the migrated database that every test database is cloned from. */
export const TEMPLATE = 'bidloop_template';

const postgres = shared('postgres', async () => {
  await removeLeftovers();
  const dataDir = mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`));
  const server = await startPostgres({ dataDir, durable: false });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const db = connect({ url: server.url.replace(/[^/]+$/, TEMPLATE), name: 'template' });
  await migrate(db);
  await db.destroy();
  return {
    value: server.url,
    close: async () => {
      await server.stop();
      removePostgresHome(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});

const PREFIX = 'bidloop-test-pg-';

/** Servers of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const dataDir = path.join(os.tmpdir(), name);
    await endPostgres(dataDir);
    removePostgresHome(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

export async function setup(project: TestProject): Promise<void> {
  project.provide('postgresUrl', await postgres.take());
}

export async function teardown(): Promise<void> {
  await postgres.leave();
}
