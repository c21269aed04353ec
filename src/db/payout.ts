import { sql } from 'kysely';
import type { Micros } from '../core/money.ts';
import type { ObjectId } from '../core/object.ts';
import type { Db } from './connection.ts';

/** One line of a workspace's payout table. What is null holds for any. */
export interface PayoutLine {
  readonly event: string | null;
  readonly linkId: string | null;
  readonly campaignId: ObjectId | null;
  /** Two capital letters. */
  readonly country: string | null;
  readonly validFromMs: number;
  readonly micros: Micros;
  readonly currency: string;
}

export interface StoredPayoutLine extends PayoutLine {
  readonly id: number;
  readonly workspaceId: string;
  readonly campaignName: string | null;
}

/**
 * Adds a line, or gives the line about the same, from the same instant on, another amount. Conversions that are known keep
 * theirs.
 *
 * @param nowMs workspace time.
 * @returns its number, and the amount it had before.
 */
export async function storePayout(
  db: Db,
  workspaceId: string,
  line: PayoutLine,
  nowMs: number,
): Promise<{
  readonly id: number;
  readonly replaced: { readonly micros: Micros; readonly currency: string } | null;
}> {
  return db.transaction().execute(async (trx) => {
    const about = sql<boolean>`workspace_id = ${workspaceId} and event is not distinct from ${line.event}
      and link_id is not distinct from ${line.linkId} and campaign_id is not distinct from ${line.campaignId}
      and country is not distinct from ${line.country} and valid_from = ${new Date(line.validFromMs)}`;
    const before = await trx
      .selectFrom('payout')
      .select(['micros', 'currency'])
      .where(about)
      .forUpdate()
      .executeTakeFirst();
    const { rows } = await sql<{ id: number }>`
      insert into payout (workspace_id, event, link_id, campaign_id, country, valid_from, micros, currency, added_at)
      values (${workspaceId}, ${line.event}, ${line.linkId}, ${line.campaignId}, ${line.country},
              ${new Date(line.validFromMs)}, ${line.micros}, ${line.currency}, ${new Date(nowMs)})
      on conflict (workspace_id, event, link_id, campaign_id, country, valid_from)
      do update set micros = excluded.micros, currency = excluded.currency
      returning id`.execute(trx);
    return { id: rows[0]?.id ?? 0, replaced: before ?? null };
  });
}

/** Every line, those of one event together, the newest first. */
export async function listPayouts(db: Db): Promise<readonly StoredPayoutLine[]> {
  const rows = await db
    .selectFrom('payout as p')
    .leftJoin('object as o', 'o.id', 'p.campaign_id')
    .select([
      'p.id',
      'p.workspace_id',
      'p.event',
      'p.link_id',
      'p.campaign_id',
      'o.name as campaign_name',
      'p.country',
      'p.valid_from',
      'p.micros',
      'p.currency',
    ])
    .orderBy('p.workspace_id')
    .orderBy(sql`p.event nulls last`)
    .orderBy('p.valid_from', 'desc')
    .orderBy('p.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id,
    event: row.event,
    linkId: row.link_id,
    campaignId: row.campaign_id,
    campaignName: row.campaign_name,
    country: row.country,
    validFromMs: row.valid_from.getTime(),
    micros: row.micros,
    currency: row.currency,
  }));
}

/** Takes a line out; conversions that it paid keep their amounts. @returns false when there is none of that number. */
export async function removePayout(db: Db, id: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('payout').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Campaigns of a workspace by the network's id or by name, to choose one by either. */
export async function listCampaignNames(
  db: Db,
  workspaceId: string,
): Promise<readonly { readonly id: ObjectId; readonly networkId: string; readonly name: string }[]> {
  const rows = await db
    .selectFrom('object')
    .select(['id', 'network_id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .where('level', '=', 'campaign')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ id: row.id, networkId: row.network_id, name: row.name }));
}
