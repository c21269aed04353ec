import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './tables.ts';

export type Db = Kysely<Database>;

/** int8 → number; an amount or count beyond 2^53 is a fault to be seen, not to be rounded. */
function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint from PostgreSQL is beyond 2^53: ${text}`);
  return value;
}

const readInstant = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date | number;

/** Nearly all are `2026-11-23 20:57:32.004+00`; the language reads these in half the time that pg takes for any zone and era. */
function instant(text: string): Date | number {
  if (text[4] !== '-' || !text.endsWith('+00')) return readInstant(text);
  return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
}

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    if (oid === pg.types.builtins.TIMESTAMPTZ && format !== 'binary') return instant as never;
    if (oid === pg.types.builtins.INT8) return exactInteger as never;
    // numeric is the type of sum(bigint): ours are integers.
    if (oid === pg.types.builtins.NUMERIC) return Number as never;
    // A date is an account-local day, not an instant: keep its text.
    if (oid === pg.types.builtins.DATE) return String as never;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

export interface ConnectOptions {
  readonly url: string;
  /** Most connections at once. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
}

/** A pool; close it through `db.destroy()` when it was given to {@link connect}, else with `end()`. */
export function createPool(options: ConnectOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 10,
    application_name: options.name,
    types,
    // A dead server must not hang a visitor or a sender.
    connectionTimeoutMillis: 5_000,
  });
  // A connection that PostgreSQL ends is replaced on next use, and whoever holds it learns so from its next query.
  // Without a listener the event itself would end the process: the pool hears only of idle connections, so each one
  // in use, between two statements of a transaction for instance, has a listener of its own.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Kysely over a new pool. Release with `db.destroy()`. */
export function connect(options: ConnectOptions): Db {
  return fromPool(createPool(options));
}

export function fromPool(pool: pg.Pool): Db {
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

const pools = new WeakMap<Db, pg.Pool>();

/** The pool under a `Db`, for what Kysely cannot say (COPY). A transaction has none: it has one connection. */
export function poolOf(db: Db): pg.Pool {
  const pool = pools.get(db);
  if (pool === undefined)
    throw new Error('COPY needs a connection of its own: call it with the pool, not inside a transaction');
  return pool;
}
