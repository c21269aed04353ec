import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import { bigintArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';

/** When each object was last resumed, by anybody: its versions tell. Objects that were never resumed are left out. */
export async function lastResumes(
  db: Db,
  objectIds: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, number>> {
  if (objectIds.length === 0) return new Map();
  const { rows } = await sql<{ object_id: ObjectId; at: Date }>`
    select v.object_id, max(v.known_from) as at
    from (
      select object_id, known_from, status,
             lag(status) over (partition by object_id order by known_from) as was
      from object_version where object_id = any(${bigintArray(objectIds)}::bigint[])
    ) v
    where v.status = 'active' and v.was <> 'active'
    group by v.object_id`.execute(db);
  return new Map(rows.map((row) => [row.object_id, row.at.getTime()]));
}
