import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { sql } from 'kysely';
import type { WindowBounds } from '../src/core/windows.ts';
import { connect } from '../src/db/connection.ts';
import { copyIntegers } from '../src/db/copy-out.ts';
import { ADS, FACTS_PER_AD, RAW } from './windows-seed.ts';

/** What is asked of the raw events. */
export interface Asked {
  readonly windows: readonly { readonly bounds: WindowBounds }[];
  readonly asOfMs: number;
  readonly firstMs: number;
}

/** The same question, asked of raw events elsewhere. */
export interface Rival {
  /** Seconds until the answer stands in a table of the database; nothing of it is sent. */
  ask(): Promise<number>;
  /** By ad in order of id, window, then spend, impressions, clicks, visits, conversions, value; money in micros. */
  answer(): Promise<Float64Array>;
}

const SPEND = ['spend_micros', 'impressions', 'clicks', 'visits'];
const COLUMNS = 6;

/**
 * One pass over each raw table, every window a filtered sum: in PostgreSQL with memory enough for its groups this is the
 * fastest of the ways tried (the others: a query per window, and sums by ad and stretch of time, summed once more).
 */
function question({ windows, asOfMs }: Asked, count: string, whole: string): string {
  const at = (ms: number) => `timestamptz '${new Date(ms).toISOString()}'`;
  const earliest = Math.min(...windows.map(({ bounds }) => bounds.fromMs));
  const each = (time: string, sums: readonly (readonly [string, string])[]) =>
    windows
      .flatMap(({ bounds }, no) =>
        sums.map(
          ([name, sum]) =>
            `coalesce(${sum} filter (where ${time} >= ${at(bounds.fromMs)}), 0)::${whole} as ${name}_${no}`,
        ),
      )
      .join(', ');
  const within = (time: string) => `${time} >= ${at(earliest)} and ${time} < ${at(asOfMs)}`;
  const columns = windows.flatMap((_, no) =>
    [...SPEND, 'conversions', 'value_micros'].map(
      (name) => `coalesce(${name}_${no}, 0)::${whole} as ${name}_${no}`,
    ),
  );
  return `
    with spend as (
      select ad_id, ${each(
        'hour',
        SPEND.map((name) => [name, `sum(${name})`]),
      )}
      from raw_spend where ${within('hour')} group by ad_id
    ), conversion as (
      select ad_id, ${each('clicked_at', [
        ['conversions', count],
        ['value_micros', 'sum(value_micros)'],
      ])}
      from raw_conversion where ${within('clicked_at')} and status in ('pending', 'approved') group by ad_id
    )
    select ad_id, ${columns.join(', ')} from spend full join conversion using (ad_id)`;
}

export async function rivalPostgres(url: string, asked: Asked): Promise<Rival & { close(): Promise<void> }> {
  const db = connect({ url, name: 'bench raw sql', max: 1 });
  // Its groups fit into memory, and both processors work.
  await sql`set work_mem = '512MB'`.execute(db);
  await sql`set max_parallel_workers_per_gather = 2`.execute(db);
  const text = question(asked, 'count(*)', 'bigint');
  return {
    async ask() {
      await sql`drop table if exists raw_answer`.execute(db);
      const startedAt = performance.now();
      await sql.raw(`create unlogged table raw_answer as ${text}`).execute(db);
      return (performance.now() - startedAt) / 1_000;
    },
    async answer() {
      const width = asked.windows.length * COLUMNS;
      const figures = new Float64Array(ADS * width);
      let ad = 0;
      await copyIntegers(db, sql`select * from raw_answer order by ad_id`, (row) => {
        figures.set(row.subarray(1), ad * width);
        ad += 1;
      });
      return figures;
    },
    close: () => db.destroy(),
  };
}

export async function rivalDuckdb(dataDir: string, asked: Asked): Promise<Rival & { close(): void }> {
  const instance = await DuckDBInstance.create(path.join(dataDir, 'raw.duckdb'), { threads: '2' });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  const { spend, conversion } = RAW;
  const first = `timestamptz '${new Date(asked.firstMs).toISOString()}'`;
  // k outermost: about in the order of time, as events come in.
  const facts = `(select k, o from range(${FACTS_PER_AD}) n (k), range(${ADS}) a (o) order by k, o)`;
  await connection.run(`
    create table raw_spend as
    select o as ad_id, ${first} + to_hours(${spend.hour}) as hour, ${spend.spend_micros} as spend_micros,
           ${spend.impressions} as impressions, ${spend.clicks} as clicks, ${spend.visits} as visits
    from ${facts}`);
  await connection.run(`
    create table raw_conversion as
    select o as ad_id, ${first} + to_seconds(${conversion.second}) as clicked_at, ${conversion.status} as status,
           ${conversion.value_micros} as value_micros
    from ${facts}`);
  await connection.run('checkpoint');
  const text = question(asked, 'count(*)', 'bigint');
  return {
    async ask() {
      await connection.run('drop table if exists raw_answer');
      const startedAt = performance.now();
      await connection.run(`create table raw_answer as ${text}`);
      return (performance.now() - startedAt) / 1_000;
    },
    async answer() {
      const width = asked.windows.length * COLUMNS;
      const figures = new Float64Array(ADS * width);
      const reader = await connection.runAndReadAll('select * from raw_answer order by ad_id');
      reader.getRows().forEach((row, ad) =>
        row.slice(1).forEach((figure, column) => {
          figures[ad * width + column] = Number(figure);
        }),
      );
      return figures;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
