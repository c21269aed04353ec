import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connect, createPool } from '../src/db/connection.ts';
import { drainBatch } from '../src/db/ingest/drain-batch.ts';
import { insertPostbacks } from '../src/db/postback-insert.ts';
import { newSourceKey } from '../src/db/sources.ts';
import { removePostgresHome } from '../src/runtime/postgres-home.ts';
import { startPostgres } from '../src/runtime/postgres.ts';
import { postbackOf, seedIngest } from './ingest-seed.ts';

/**
 * Postbacks per second from a full inbox into conversions and rollups, each with a visit to count, in one process on a
 * durable PostgreSQL with nothing beside it. The last line is JSON.
 */
const ROWS = Number(process.env['BENCH_ROWS'] ?? 100_000);
const BATCH = 2_000;

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bidloop-bench-'));
const postgres = await startPostgres({ dataDir });
try {
  const nowMs = Date.now();
  const clickIds = await seedIngest(postgres.url, nowMs, {
    key: newSourceKey(),
    clicks: ROWS,
    visitsWait: true,
  });
  const pool = createPool({ url: postgres.url, name: 'bench postbacks', max: 1 });
  const client = await pool.connect();
  for (let i = 0; i < ROWS; i += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, j) =>
      postbackOf(i + j, clickIds[((i + j) * 7_919) % clickIds.length] ?? '', nowMs),
    );
    await insertPostbacks(client, rows);
  }
  await client.query('checkpoint');
  client.release();
  await pool.end();

  const db = connect({ url: postgres.url, name: 'bench drain', max: 2 });
  const startedAt = performance.now();
  const sum = { rows: 0, batches: 0 };
  for (;;) {
    const batch = await drainBatch(db, { shard: 'all', limit: BATCH, wallMs: nowMs });
    if (batch.rows === 0 && batch.visits === 0) break;
    sum.rows += batch.rows;
    sum.batches += 1;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  await db.destroy();
  console.log(
    JSON.stringify({
      perSecond: Math.round(sum.rows / seconds),
      ...sum,
      seconds: Number(seconds.toFixed(2)),
    }),
  );
} finally {
  await postgres.stop();
  removePostgresHome(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}
