import type { Insertable } from 'kysely';
import type { Db } from '../src/db/connection.ts';
import { migrate } from '../src/db/migrate.ts';
import { ensurePartitions } from '../src/db/partitions.ts';
import { addSource } from '../src/db/sources.ts';
import type { AdAccountTable } from '../src/db/tables.ts';

/** The workspace `bench` in wall time with the account `bench-a` and the keyed source `bench`, on an empty database. */
export async function seedBench(
  db: Db,
  options: {
    readonly nowMs: number;
    readonly key: string;
    readonly account?: Partial<Insertable<AdAccountTable>>;
  },
): Promise<void> {
  const now = new Date(options.nowMs);
  await migrate(db);
  await ensurePartitions(db, options.nowMs);
  await db
    .insertInto('workspace')
    .values({
      id: 'bench',
      name: 'Bench',
      currency: 'USD',
      time_zone: 'UTC',
      clock_origin: now,
      clock_wall_origin: now,
      created_at: now,
    })
    .execute();
  await db
    .insertInto('ad_account')
    .values({
      id: 'bench-a',
      workspace_id: 'bench',
      network: 'meta',
      network_account_id: 'act_1',
      name: 'Bench',
      currency: 'USD',
      time_zone: 'UTC',
      created_at: now,
      ...options.account,
    })
    .execute();
  await addSource(db, {
    id: 'bench',
    workspaceId: 'bench',
    profile: 'generic',
    name: 'Bench',
    key: options.key,
    secretKey: null,
    nowMs: options.nowMs,
  });
}
