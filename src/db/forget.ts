import { type RawBuilder, sql } from 'kysely';
import type { Db } from './connection.ts';

/** Whom to forget: by one of the ids that systems know a person by. */
export type Person =
  | { readonly by: 'user'; readonly hash: Buffer }
  | { readonly by: 'device'; readonly id: string }
  | { readonly by: 'click'; readonly id: string };

/** What there is of a person. */
export interface Found {
  readonly clicks: number;
  readonly postbacks: number;
  readonly conversions: number;
  readonly attempts: number;
}

const FORGOTTEN = 'forgotten';

/**
 * Counts what there is of a person: clicks, postbacks and conversions under the id, and those under the click ids that these
 * hold. Reads every day that is kept: seconds in a small installation, minutes in a large one.
 */
export async function findPerson(db: Db, workspaceId: string, person: Person): Promise<Found> {
  const ids = await clickIdsOf(db, workspaceId, person);
  return await count(db, workspaceId, person, ids);
}

/**
 * Erases a person in one transaction: clicks go; postbacks keep when they were and what became of them, and lose ids, addresses,
 * user agent and what was received; conversions lose their ids. What was counted stays counted, so that figures stay and
 * decisions recompute. Keys by which repeats are told are digests and stay.
 *
 * @returns what was erased.
 */
export async function forgetPerson(db: Db, workspaceId: string, person: Person): Promise<Found> {
  return await db.transaction().execute(async (trx) => {
    const ids = await clickIdsOf(trx, workspaceId, person);
    const found = await count(trx, workspaceId, person, ids);
    await sql`
      delete from forward_attempt where forward_key in (
        select f.key from forward f join conversion c on c.id = f.conversion_id
        where ${isPersons(sql`c`, workspaceId, person, ids)})`.execute(trx);
    await sql`
      update conversion_signal s set detail = ${FORGOTTEN} from conversion c
      where c.id = s.conversion_id and ${isPersons(sql`c`, workspaceId, person, ids)}`.execute(trx);
    // Its visit is counted; the row serves nothing but to find the person.
    await sql`delete from click c where ${isPersonsClick(workspaceId, person, ids)}`.execute(trx);
    await sql`
      update postback c set raw = ${Buffer.from(FORGOTTEN)}, path = '/p/' || source_id, user_agent = null, detail = null,
        click_id = null, device_id = null, user_hash = null, visitor_ip = null, txid = null, warnings = '{}'
      where ${isPersons(sql`c`, workspaceId, person, ids)}`.execute(trx);
    await sql`
      update conversion c set click_id = null, sent_click_id = null, device_id = null, user_hash = null, txid = null, losers = null,
        attribution = case when attributed_by is null then '' else 'attributed; the person asked to be ' end || ${FORGOTTEN}
      where ${isPersons(sql`c`, workspaceId, person, ids)}`.execute(trx);
    return found;
  });
}

/** Every click id that leads to the person, as our own and as the network's. */
async function clickIdsOf(db: Db, workspaceId: string, person: Person): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct id from (
      select unnest(array[c.id, c.network_click_id]) as id from click c
      where ${isPersonsClick(workspaceId, person, [])}
      union all
      select c.click_id from conversion c where ${isPersons(sql`c`, workspaceId, person, [])}
      union all
      select c.click_id from postback c where ${isPersons(sql`c`, workspaceId, person, [])}
    ) found where id is not null`.execute(db);
  return rows.map(({ id }) => id);
}

async function count(db: Db, workspaceId: string, person: Person, ids: readonly string[]): Promise<Found> {
  const persons = isPersons(sql`c`, workspaceId, person, ids);
  const { rows } = await sql<Found>`
    select (select count(*) from click c where ${isPersonsClick(workspaceId, person, ids)}) as clicks,
      (select count(*) from postback c where ${persons}) as postbacks,
      (select count(*) from conversion c where ${persons}) as conversions,
      (select count(*) from forward_attempt a join forward f on f.key = a.forward_key
         join conversion c on c.id = f.conversion_id where ${persons}) as attempts`.execute(db);
  const [found] = rows;
  if (found === undefined) throw new Error('a count has no row');
  return found;
}

/** Of a postback or conversion. */
function isPersons(
  row: RawBuilder<unknown>,
  workspaceId: string,
  person: Person,
  clickIds: readonly string[],
): RawBuilder<boolean> {
  const own =
    person.by === 'user'
      ? // Whoever has no device is known under the hash instead.
        sql`(${row}.user_hash = ${person.hash}::bytea or ${row}.device_id = ${`user ${person.hash.toString('hex')}`})`
      : person.by === 'device'
        ? sql`${row}.device_id = ${person.id}`
        : sql`${row}.click_id = ${person.id}`;
  return sql<boolean>`${row}.workspace_id = ${workspaceId} and (${own} or ${row}.click_id = any(${clickIds}::text[]))`;
}

function isPersonsClick(
  workspaceId: string,
  person: Person,
  clickIds: readonly string[],
): RawBuilder<boolean> {
  const own =
    person.by === 'user'
      ? sql`c.user_hash = ${person.hash}::bytea`
      : person.by === 'device'
        ? sql`c.device_id = ${person.id}`
        : sql`(c.id = ${person.id} or c.network_click_id = ${person.id})`;
  return sql<boolean>`c.workspace_id = ${workspaceId}
    and (${own} or c.id = any(${clickIds}::text[]) or c.network_click_id = any(${clickIds}::text[]))`;
}
