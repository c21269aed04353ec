import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { booleanArray, byteaArray, textArray, timestampArray } from './binary-arrays.ts';

/** One click as the table takes it. Texts hold no NUL. */
export interface NewClick {
  readonly id: string;
  readonly workspaceId: string;
  readonly linkId: string;
  readonly accountId: string | null;
  readonly network: string;
  readonly campaignId: string | null;
  readonly adsetId: string | null;
  readonly adId: string | null;
  readonly creative: string | null;
  readonly placement: string | null;
  readonly networkClickId: string | null;
  readonly networkClickParam: string | null;
  readonly deviceId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** Workspace time, ms: the id's first 48 bits. */
  readonly clickedAtMs: number;
  readonly wallAtMs: number;
  /** An ad that was seen; a click where it is left out, as in what waits on disk since before there were views. */
  readonly kind?: 'view';
  /** Of an ad that brings back people who have the app already. */
  readonly retargeting?: boolean;
  /** SHA-256 of the user's id or e-mail address, in hex. */
  readonly userHash?: string | null;
}

/** A click that is there already (a segment read again after a crash) is left as it is and not counted twice. */
const INSERT = `
with stored as (
  insert into click (id, workspace_id, link_id, account_id, network, campaign_network_id, adset_network_id, ad_network_id,
    creative, placement, network_click_id, network_click_param, device_id, ip_hash, ip, user_agent, params, flags,
    clicked_at, wall_at, kind, retargeting, user_hash)
  select id, workspace_id, link_id, account_id, network, campaign, adset, ad, creative, placement, network_click_id,
    network_click_param, device_id, ip_hash, ip::inet, user_agent, params::jsonb,
    coalesce(string_to_array(flags, E'\\n'), '{}'), clicked_at, wall_at, kind, retargeting, decode(user_hash, 'hex')
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::text[],
    $19::timestamptz[], $20::timestamptz[], $21::text[], $22::bool[], $23::text[])
  as i(id, workspace_id, link_id, account_id, network, campaign, adset, ad, creative, placement, network_click_id,
    network_click_param, device_id, ip_hash, ip, user_agent, params, flags, clicked_at, wall_at, kind, retargeting,
    user_hash)
  order by id
  on conflict (id, clicked_at) do nothing
  returning id, clicked_at
), queued as (
  insert into click_inbox (click_id, clicked_at) select id, clicked_at from stored
)
select count(*)::int as stored from stored`;

/**
 * Stores clicks, each with its inbox row, in one transaction.
 *
 * @param hashIp one-way, with the day's salt.
 * @returns how many were new.
 */
export async function insertClicks(
  client: pg.ClientBase | pg.Pool,
  clicks: readonly NewClick[],
  hashIp: (click: NewClick) => Buffer | null,
): Promise<number> {
  const text = (pick: (click: NewClick) => string | null) => textArray(clicks.map(pick));
  const result = await client.query<{ stored: number }>(INSERT, [
    text((click) => click.id),
    text((click) => click.workspaceId),
    text((click) => click.linkId),
    text((click) => click.accountId),
    text((click) => click.network),
    text((click) => click.campaignId),
    text((click) => click.adsetId),
    text((click) => click.adId),
    text((click) => click.creative),
    text((click) => click.placement),
    text((click) => click.networkClickId),
    text((click) => click.networkClickParam),
    text((click) => click.deviceId),
    byteaArray(clicks.map(hashIp)),
    text((click) => click.ip),
    text((click) => click.userAgent),
    text((click) => JSON.stringify(click.params)),
    text((click) => (click.flags.length === 0 ? null : click.flags.join('\n'))),
    timestampArray(clicks.map((click) => click.clickedAtMs)),
    timestampArray(clicks.map((click) => click.wallAtMs)),
    text((click) => click.kind ?? 'click'),
    booleanArray(clicks.map((click) => click.retargeting ?? false)),
    text((click) => click.userHash ?? null),
  ]);
  return result.rows[0]?.stored ?? 0;
}

const DAY_MS = 86_400_000;

/**
 * The salt of a UTC day of wall time, made by whoever asks first. Hashes of one address compare within a day and, the
 * salt once deleted, lead back to nobody.
 */
export async function daySalt(client: pg.ClientBase | pg.Pool, wallMs: number): Promise<Buffer> {
  const from = new Date(Math.floor(wallMs / DAY_MS) * DAY_MS);
  await client.query('insert into ip_salt (valid_from, salt) values ($1, $2) on conflict do nothing', [
    from,
    randomBytes(16),
  ]);
  const result = await client.query<{ salt: Buffer }>('select salt from ip_salt where valid_from = $1', [
    from,
  ]);
  const salt = result.rows[0]?.salt;
  if (salt === undefined) throw new Error(`no salt for ${from.toISOString()}`);
  return salt;
}
