import type pg from 'pg';
import type { Logger } from 'pino';
import { createPool, type Db, fromPool } from '../db/connection.ts';
import { type ClockSource, createClockSource } from './clock-source.ts';

/** What the serve process is told; addresses and paths are its caller's decision. */
export interface ServerOptions {
  readonly databaseUrl: string;
  /** Clicks wait here while the database is away; links and clocks are remembered here. */
  readonly dataDir: string;
  /** Where a visitor of an unknown link is sent; null shows a small page. */
  readonly fallbackUrl: string | null;
  /** Address under which trackers reach us; null when nobody outside this machine can. */
  readonly publicUrl: string | null;
  /** AES key for sealed columns; null when none is configured. */
  readonly secretKey: Buffer | null;
  readonly log: Logger;
  readonly wallNowMs: () => number;
  /** Required of callers of /api when set; tracking routes are always open. */
  readonly apiToken?: string | null;
}

/** What the routes work with. */
export interface ServerDeps extends ServerOptions {
  /** For the API and lookups; clicks and postbacks have their own few connections. */
  readonly pool: pg.Pool;
  readonly db: Db;
  readonly clocks: ClockSource;
}

/**
 * Connects lazily: nothing here fails while PostgreSQL is away. The server made from these deps closes them
 * (`app.close()`).
 */
export function createServerDeps(options: ServerOptions): ServerDeps {
  const pool = createPool({ url: options.databaseUrl, name: 'bidloop serve', max: 6 });
  const db = fromPool(pool);
  return { ...options, pool, db, clocks: createClockSource(db, options.wallNowMs) };
}
