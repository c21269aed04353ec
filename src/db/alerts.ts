import { sql } from 'kysely';
import type { Db } from './connection.ts';
import { silentSources } from './evidence-health.ts';
import { loadInboxAge } from './inbox-age.ts';
import { listOpenOutages } from './learning/watch.ts';

/** Something that a person should look at. */
export interface Alert {
  /** What and whose: silent_source:shop. The same key is the same trouble. */
  readonly key: string;
  readonly text: string;
  readonly next: string;
}

export interface OpenAlert extends Alert {
  readonly since: Date;
  readonly sentAt: Date | null;
}

const HOUR_MS = 3_600_000;
/** Postbacks are judged within a second of their receipt. */
const INBOX_MS = 10 * 60_000;
/** Of the last hour's requests of one source: so many refused, and so large a share of all. */
const LEAST_REFUSED = 20;
const REFUSED_SHARE = 0.5;

/** What is wrong in a workspace right now. */
export async function findAlerts(
  db: Db,
  where: { readonly workspaceId: string; readonly nowMs: number; readonly wallMs: number },
): Promise<readonly Alert[]> {
  const { workspaceId, nowMs, wallMs } = where;
  const silent = (await silentSources(db, workspaceId, nowMs)).map(({ id, words }) => ({
    key: `silent_source:${id}`,
    text: words,
    next: `Does the sender still call it? ./bidloop source show ${id} prints its address and its last postbacks.`,
  }));
  const inbox = await loadInboxAge(db, wallMs);
  const late =
    inbox.oldestMs <= INBOX_MS
      ? []
      : [
          {
            key: 'inbox',
            text: `${inbox.waiting} postbacks are kept and not judged, the oldest for ${Math.round(inbox.oldestMs / 60_000)} minutes`,
            next: 'Is a worker running? ./bidloop status says.',
          },
        ];
  const outages = (await listOpenOutages(db, workspaceId)).map(({ account, name, words }) => ({
    key: `outage:${account}`,
    text: `${name}: ${words}`,
    next: './bidloop postback errors shows what came instead.',
  }));
  return [...silent, ...late, ...outages, ...(await refusals(db, workspaceId, nowMs))];
}

async function refusals(db: Db, workspaceId: string, nowMs: number): Promise<readonly Alert[]> {
  const { rows } = await sql<{ source_id: string; refused: number; total: number; reason: string }>`
    select s.id as source_id, p.refused, p.total, p.reason
    from source s
    -- Source by source: so the hour is read by its index, however long the day.
    cross join lateral (
      select count(*) filter (where outcome = 'refused') as refused, count(*) as total,
        mode() within group (order by reason) filter (where outcome = 'refused') as reason
      from postback
      where source_id = s.id and received_at > ${new Date(nowMs - HOUR_MS)} and received_at <= ${new Date(nowMs)}
        and reason is distinct from 'head_request' and reason is distinct from 'link_preview'
    ) p
    where s.workspace_id = ${workspaceId} order by s.id`.execute(db);
  return rows
    .filter(({ refused, total }) => refused >= LEAST_REFUSED && refused > REFUSED_SHARE * total)
    .map(({ source_id, refused, total, reason }) => ({
      key: `refusals:${source_id}`,
      text: `${refused} of the ${total} requests to the source ${source_id} in the last hour were refused, most of them as ${reason}`,
      next: `./bidloop postback errors --source ${source_id} says what to change.`,
    }));
}

/**
 * Keeps what is open in step with what was found: new ones are added, others go, so that the same trouble is told again
 * when it comes back.
 *
 * @returns those that nobody was told of yet.
 */
export async function settleAlerts(
  db: Db,
  workspaceId: string,
  found: readonly Alert[],
  nowMs: number,
): Promise<readonly OpenAlert[]> {
  await db.transaction().execute(async (trx) => {
    await trx
      .deleteFrom('alert')
      .where('workspace_id', '=', workspaceId)
      .$if(found.length > 0, (query) =>
        query.where(
          'key',
          'not in',
          found.map((alert) => alert.key),
        ),
      )
      .execute();
    for (const { key, text, next } of found)
      await trx
        .insertInto('alert')
        .values({ workspace_id: workspaceId, key, text, next, since: new Date(nowMs), sent_at: null })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'key']).doUpdateSet({ text, next }))
        .execute();
  });
  return (await listAlerts(db, workspaceId)).filter((alert) => alert.sentAt === null);
}

/** What is open in a workspace, the oldest first. */
export async function listAlerts(db: Db, workspaceId: string): Promise<readonly OpenAlert[]> {
  return await db
    .selectFrom('alert')
    .select(['key', 'text', 'next', 'since', 'sent_at as sentAt'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('since')
    .orderBy('key')
    .execute();
}

/** The receiver took it. */
export async function markAlertSent(db: Db, workspaceId: string, key: string, nowMs: number): Promise<void> {
  await db
    .updateTable('alert')
    .set({ sent_at: new Date(nowMs) })
    .where('workspace_id', '=', workspaceId)
    .where('key', '=', key)
    .execute();
}

/** What the address for a workspace's alerts is sealed for. */
export function alertContext(workspaceId: string): string {
  return `alerts of workspace ${workspaceId}`;
}

/** Where a workspace's alerts go, sealed; null for nowhere. Whatever is open is told to a new address too. */
export async function setAlertUrl(db: Db, workspaceId: string, sealed: Buffer | null): Promise<void> {
  await db.updateTable('workspace').set({ alert_url_sealed: sealed }).where('id', '=', workspaceId).execute();
  await db.updateTable('alert').set({ sent_at: null }).where('workspace_id', '=', workspaceId).execute();
}

/** The workspaces that want to be told, with the sealed address. */
export async function listAlertReceivers(
  db: Db,
): Promise<readonly { readonly id: string; readonly sealed: Buffer }[]> {
  const rows = await db
    .selectFrom('workspace')
    .select(['id', 'alert_url_sealed'])
    .where('alert_url_sealed', 'is not', null)
    .orderBy('id')
    .execute();
  return rows.flatMap(({ id, alert_url_sealed: sealed }) => (sealed === null ? [] : [{ id, sealed }]));
}
