import { type RawBuilder, sql } from 'kysely';
import {
  bigintArray,
  booleanArray,
  byteaArray,
  doubleArray,
  smallintArray,
  textArray,
  timestampArray,
  uuidArray,
} from './binary-arrays.ts';

/** One column of rows that go to PostgreSQL in one statement. */
export interface Column {
  readonly name: string;
  /** Every row's value; null when they are all alike. */
  readonly array: RawBuilder<unknown> | null;
  /** Its value in the select list. */
  readonly item: RawBuilder<unknown>;
}

type Values = readonly (string | number | boolean | Uint8Array | null)[];

/**
 * Columns made of rows, for `select … from unnest(…)`. A column in which all rows are alike, as most are in a batch of
 * one kind, is sent once and not unnested: of the wide rows of ingest that is more than half of the work.
 */
export function columnsOf<Row>(rows: readonly Row[]) {
  const make = (
    name: string,
    type: string,
    values: Values,
    encode: (values: never) => Buffer,
    as = '',
  ): Column => {
    const [first] = values;
    // Ids and instants of many rows are never alike, unless there are none.
    const mayBeAlike =
      first === null || (typeof first === 'string' && type === 'text') || typeof first === 'boolean';
    if (mayBeAlike && values.every((value) => value === first)) {
      return { name, array: null, item: sql`${first}::${sql.raw(type)}${sql.raw(as)}` };
    }
    const array = sql`${encode(values as never)}::${sql.raw(type)}[]`;
    return { name, array, item: sql`${sql.ref(`u.${name}`)}${sql.raw(as)}` };
  };
  return {
    text: (name: string, of: (row: Row) => string | null) => make(name, 'text', rows.map(of), textArray),
    uuid: (name: string, of: (row: Row) => string | null) => make(name, 'uuid', rows.map(of), uuidArray),
    boolean: (name: string, of: (row: Row) => boolean) => make(name, 'boolean', rows.map(of), booleanArray),
    bigint: (name: string, of: (row: Row) => number | null) =>
      make(name, 'bigint', rows.map(of), bigintArray),
    smallint: (name: string, of: (row: Row) => number) => make(name, 'smallint', rows.map(of), smallintArray),
    double: (name: string, of: (row: Row) => number | null) =>
      make(name, 'float8', rows.map(of), doubleArray),
    bytea: (name: string, of: (row: Row) => Uint8Array | null) =>
      make(name, 'bytea', rows.map(of), byteaArray),
    instant: (name: string, of: (row: Row) => Date | null) =>
      make(
        name,
        'timestamptz',
        rows.map((row) => of(row)?.getTime() ?? null),
        timestampArray,
      ),
    json: (name: string, of: (row: Row) => object | null) =>
      make(
        name,
        'text',
        rows.map((row) => {
          const value = of(row);
          return value === null ? null : JSON.stringify(value);
        }),
        textArray,
        '::jsonb',
      ),
  };
}

/** `a, b, c`, for an insert's column list or the alias of {@link selectColumns}. */
export function columnNames(columns: readonly Column[]): RawBuilder<unknown> {
  return sql.join(columns.map(({ name }) => sql.ref(name)));
}

/** The rows again, as a select; one of the columns is an id, a number or an instant, or there is nothing to count them by. */
export function selectColumns(columns: readonly Column[]): RawBuilder<unknown> {
  const unnested = columns.filter(({ array }) => array !== null);
  return sql`select ${sql.join(columns.map(({ item }) => item))}
    from unnest(${sql.join(unnested.map(({ array }) => array))}) as u (${columnNames(unnested)})`;
}
