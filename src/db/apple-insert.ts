import type { Insertable } from 'kysely';
import type pg from 'pg';
import type { ApplePostbackTable } from './tables.ts';

/** One request to Apple's addresses, as it will stand in the table. Texts hold no NUL; `others` is JSON text. */
export type NewApplePostback = Required<Insertable<ApplePostbackTable>>;

/** What became of a row. */
export type AppleStored =
  | { readonly kind: 'stored' }
  /** An earlier row has its claim. `sameContent` is false when the signed text differs. */
  | { readonly kind: 'claimed'; readonly firstId: string; readonly sameContent: boolean };

/**
 * Stores one row, unless another holds its claim: then nothing is written. Durable when this returns.
 *
 * @throws the database's error; nothing was stored, or it is not known.
 */
export async function insertApple(pool: pg.Pool, row: NewApplePostback): Promise<AppleStored> {
  const entries = Object.entries(row);
  const inserted = await pool.query(
    `insert into apple_postback (${entries.map(([column]) => column).join(', ')})
     values (${entries.map((_, index) => `$${index + 1}`).join(', ')})
     on conflict (claim) do nothing`,
    entries.map(([, value]) => value),
  );
  if (inserted.rowCount !== 0) return { kind: 'stored' };
  const { rows } = await pool.query<{ id: string; digest: string | null }>(
    'select id, digest from apple_postback where claim = $1',
    [row.claim],
  );
  const [first] = rows;
  // Gone between the two statements: the sender repeats it, and the claim is free.
  if (first === undefined) throw new Error(`the postback that claimed ${String(row.claim)} is gone`);
  return { kind: 'claimed', firstId: first.id, sameContent: first.digest === row.digest };
}
