import { sql } from 'kysely';
import type pg from 'pg';
import type { Db } from './connection.ts';

export type ClickRefusal =
  | 'unknown_link'
  | 'unknown_click'
  | 'link_preview'
  | 'head_request'
  | 'body_too_large'
  | 'broken_json'
  | 'unreadable_body'
  | 'cut_off';

/** A visit that made no click. Texts hold no NUL. */
export interface RefusedClick {
  /** Null where the link is not known. */
  readonly workspaceId: string | null;
  readonly linkId: string;
  readonly reason: ClickRefusal;
  readonly method: string;
  readonly url: string;
  readonly userAgent: string | null;
  readonly wallAtMs: number;
}

export async function insertRefusedClicks(pool: pg.Pool, clicks: readonly RefusedClick[]): Promise<void> {
  await pool.query(
    `insert into refused_click (workspace_id, link_id, reason, method, url, user_agent, wall_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])`,
    [
      clicks.map((click) => click.workspaceId),
      clicks.map((click) => click.linkId),
      clicks.map((click) => click.reason),
      clicks.map((click) => click.method),
      clicks.map((click) => click.url),
      clicks.map((click) => click.userAgent),
      clicks.map((click) => new Date(click.wallAtMs).toISOString()),
    ],
  );
}

/** Links that visitors came by and that are not here, the most visited first. */
export async function listUnknownLinks(
  db: Db,
  most: number,
): Promise<readonly { readonly linkId: string; readonly visitors: number; readonly lastAt: Date }[]> {
  const { rows } = await sql<{ linkId: string; visitors: number; lastAt: Date }>`
    select link_id as "linkId", count(*)::int as visitors, max(wall_at) as "lastAt"
    from refused_click where reason = 'unknown_link'
    group by link_id order by count(*) desc, link_id limit ${most}`.execute(db);
  return rows;
}
