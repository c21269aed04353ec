import { sql } from 'kysely';
import type { ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import { lockTotals } from '../running-totals.ts';
import { type Ground, loadGround } from './accounts.ts';
import { loadClicks, namedByClick } from './clicks.ts';
import { namedBySender } from './lookups.ts';
import { type ConversionRow, loadMessages } from './messages.ts';
import { type NamedIds, objectFinder } from './object-finder.ts';
import { recredit } from './recredit.ts';
import { addVisits, type VisitDelta } from './visits.ts';

interface Waiter {
  readonly kind: 'visit' | 'conversion';
  readonly id: string;
  readonly at: Date;
  readonly object_id: ObjectId | null;
  readonly first_seen_at: Date;
}

export interface ResolvedLate {
  readonly visits: number;
  readonly conversions: number;
}

/**
 * Moves what waited for an object to it, once a sync has brought the object: visits and conversions were counted at its
 * parent, or nowhere. Called by sync in the transaction that stores the objects.
 *
 * @param trx a transaction; the account's running totals stay locked until it ends.
 */
export async function resolveLateObjects(trx: Db, accountId: string): Promise<ResolvedLate> {
  await lockTotals(trx, [accountId]);
  const { rows: waiters } = await sql<Waiter>`
    select w.kind, w.id, w.at, w.object_id, max(o.first_seen_at) as first_seen_at
    from ad_account a
    join waiting_for_object w on w.workspace_id = a.workspace_id
    cross join lateral (
      select level, first_seen_at from object where account_id = a.id and network_id = w.network_id
      union all
      -- A sender may have named it.
      select level, first_seen_at from object
      where account_id = a.id and name = w.network_id and w.kind = 'conversion'
    ) o
    where a.id = ${accountId} and o.level in ('campaign', 'adset', 'ad')
    group by w.workspace_id, w.network_id, w.kind, w.id`.execute(trx);
  if (waiters.length === 0) return { visits: 0, conversions: 0 };
  const { workspace_id: workspaceId } = await trx
    .selectFrom('ad_account')
    .select('workspace_id')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow();
  const ground = await loadGround(trx, [workspaceId], [], 0);
  const visits = await moveVisits(
    trx,
    ground,
    accountId,
    waiters.filter((w) => w.kind === 'visit'),
  );
  const conversions = await moveConversions(
    trx,
    ground,
    accountId,
    waiters.filter((w) => w.kind === 'conversion'),
  );
  // What turned out to be another account's, or could be either's, goes on waiting.
  const moved = [...visits, ...conversions];
  await sql`
    delete from waiting_for_object w
    using unnest(${moved.map((m) => m.kind)}::text[], ${moved.map((m) => m.id)}::text[]) as m (kind, id)
    where w.workspace_id = ${workspaceId} and w.kind = m.kind and w.id = m.id`.execute(trx);
  return { visits: visits.length, conversions: conversions.length };
}

async function moveVisits(
  trx: Db,
  ground: Ground,
  accountId: string,
  waiters: readonly Waiter[],
): Promise<readonly Waiter[]> {
  const clicks = await loadClicks(
    trx,
    waiters.map((w) => ({ id: w.id, atMs: w.at.getTime() })),
  );
  const find = await objectFinder(trx, ground, clicks.map(namedByClick));
  const byId = new Map(waiters.map((w) => [w.id, w]));
  const moved: Waiter[] = [];
  const deltas: VisitDelta[] = [];
  for (const click of clicks) {
    const { accountId: owner, object } = find(namedByClick(click));
    const waiter = byId.get(click.id);
    if (owner !== accountId || !object || !waiter) continue;
    moved.push(waiter);
    const atMs = click.clicked_at.getTime();
    const from = waiter.object_id;
    if (from !== null) deltas.push({ accountId, objectId: from, atMs, visits: -1 });
    deltas.push({ accountId, objectId: object.id, atMs, visits: 1 });
  }
  await addVisits(trx, ground, deltas);
  return moved;
}

async function moveConversions(
  trx: Db,
  ground: Ground,
  accountId: string,
  waiters: readonly Waiter[],
): Promise<readonly Waiter[]> {
  if (waiters.length === 0) return [];
  const rows: readonly ConversionRow[] = await trx
    .selectFrom('conversion')
    .selectAll()
    .where(
      'id',
      'in',
      waiters.map((w) => w.id),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
  const named = await namesOf(trx, rows);
  const find = await objectFinder(trx, ground, [...named.values()]);
  const byId = new Map(waiters.map((w) => [w.id, w]));
  const known = rows.flatMap((row) => {
    const ids = named.get(row.id);
    const found = ids && find(ids);
    const waiter = byId.get(row.id);
    // Only this account's totals are held: what turns out to be another's waits for that one's sync.
    if (!waiter || !found?.object || found.accountId !== accountId) return [];
    return row.account_id === null || row.account_id === accountId ? [{ row, waiter }] : [];
  });
  for (const [firstSeenMs, of] of Map.groupBy(known, ({ waiter }) => waiter.first_seen_at.getTime())) {
    const context = { trx, held: new Set([accountId]), knownFromMs: firstSeenMs, wallMs: 0 };
    await recredit(
      context,
      of.map(({ row }) => row),
    );
  }
  return known.map(({ waiter }) => waiter);
}

/** What each conversion names: by its click, else by the sender's ids in its first postback. */
async function namesOf(trx: Db, rows: readonly ConversionRow[]): Promise<ReadonlyMap<string, NamedIds>> {
  const byClick = rows.filter((r) => r.attributed_by === 'click');
  const clicks = await loadClicks(
    trx,
    byClick.flatMap((r) =>
      r.click_id && r.clicked_at ? [{ id: r.click_id, atMs: r.clicked_at.getTime() }] : [],
    ),
  );
  const clickById = new Map(clicks.map((click) => [click.id, click]));
  const messages = await loadMessages(
    trx,
    rows
      .filter((r) => r.attributed_by !== 'click')
      .map((r) => ({ id: r.first_postback_id, at: r.received_at })),
  );
  const messageById = new Map(messages.map((message) => [message.id, message]));
  const names = new Map<string, NamedIds>();
  for (const row of rows) {
    const click = row.attributed_by === 'click' ? clickById.get(row.click_id ?? '') : undefined;
    const message = messageById.get(row.first_postback_id);
    const named = click ? namedByClick(click) : message ? namedBySender(message) : null;
    if (named) names.set(row.id, named);
  }
  return names;
}
