import { sql } from 'kysely';
import { clickIdTimeMs } from '../../core/click-id.ts';
import { textArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import type { NamedIds } from './object-finder.ts';

const DAY_MS = 86_400_000;
/** How far back a network's click id is looked for; it names no time by itself. */
const NETWORK_ID_DAYS = 90;

/** A click as attribution sees it. */
export interface ClickRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly account_id: string | null;
  readonly network: string;
  readonly campaign_network_id: string | null;
  readonly adset_network_id: string | null;
  readonly ad_network_id: string | null;
  readonly placement: string | null;
  readonly network_click_id: string | null;
  readonly device_id: string | null;
  readonly clicked_at: Date;
}

/** Of a click under the alias `c`. */
export const CLICK_COLUMNS = sql`c.id, c.workspace_id, c.account_id, c.network, c.campaign_network_id, c.adset_network_id,
  c.ad_network_id, c.placement, c.network_click_id, c.device_id, c.clicked_at`;

/** One conversion in search of its click. */
export interface ClickQuestion {
  readonly workspaceId: string;
  readonly clickId: string | null;
  readonly deviceId: string | null;
  readonly atMs: number;
  readonly windowHours: number;
}

export interface ClickAnswer {
  /** The click under the sent id. */
  readonly byId: ClickRow | null;
  /** The device's last click within the window; looked for only when no id was sent. */
  readonly byDevice: ClickRow | null;
}

/** What a click names. */
export function namedByClick(click: ClickRow): NamedIds {
  return {
    workspaceId: click.workspace_id,
    accountId: click.account_id,
    network: click.network,
    ad: click.ad_network_id,
    adset: click.adset_network_id,
    campaign: click.campaign_network_id,
  };
}

/** Finds the clicks of many conversions with three queries at most; answers stand in the order of the questions. */
export async function findClicks(
  trx: Db,
  questions: readonly ClickQuestion[],
): Promise<readonly ClickAnswer[]> {
  const ids = [...new Set(questions.flatMap((q) => (q.clickId === null ? [] : spellings(q.clickId))))];
  const own = await loadClicks(
    trx,
    ids.flatMap((id) => {
      const atMs = clickIdTimeMs(id);
      return atMs === undefined ? [] : [{ id, atMs }];
    }),
  );
  const byOwnId = new Map(own.map((click) => [`${click.workspace_id} ${click.id}`, click]));
  const byNetworkId = await clicksByNetworkId(
    trx,
    ids.filter((id) => clickIdTimeMs(id) === undefined),
    questions,
  );
  const byDevice = await lastClicksOfDevices(trx, questions);

  return questions.map((question, index) => {
    if (question.clickId === null) return { byId: null, byDevice: byDevice.get(index) ?? null };
    for (const id of spellings(question.clickId)) {
      const key = `${question.workspaceId} ${id}`;
      const click = byOwnId.get(key) ?? nearest(byNetworkId.get(key) ?? [], question.atMs);
      if (click) return { byId: click, byDevice: null };
    }
    return { byId: null, byDevice: null };
  });
}

/** As sent; with the "+" that form decoding turned into a space; and our own ids in capitals, as they were given out. */
function spellings(sent: string): readonly string[] {
  const variants = [sent, sent.replaceAll(' ', '+')];
  const capitals = sent.trim().toUpperCase();
  if (clickIdTimeMs(capitals) !== undefined) variants.push(capitals);
  return [...new Set(variants)];
}

/** Clicks by our own id and time: each is one probe into one partition. */
export async function loadClicks(
  trx: Db,
  keys: readonly { readonly id: string; readonly atMs: number }[],
): Promise<readonly ClickRow[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<ClickRow>`
    select ${CLICK_COLUMNS}
    from unnest(${textArray(keys.map((k) => k.id))}::text[], ${timestampArray(keys.map((k) => k.atMs))}::timestamptz[])
         as k (id, at)
    cross join lateral (
      select * from click
      where id = k.id and clicked_at = k.at
        and ${withinDaysOf(
          sql`clicked_at`,
          keys.map((k) => k.atMs),
        )}
      limit 1
    ) c`.execute(trx);
  return rows;
}

async function clicksByNetworkId(
  trx: Db,
  ids: readonly string[],
  questions: readonly ClickQuestion[],
): Promise<ReadonlyMap<string, readonly ClickRow[]>> {
  const found = new Map<string, ClickRow[]>();
  if (ids.length === 0) return found;
  const since = new Date(Math.min(...questions.map((q) => q.atMs)) - NETWORK_ID_DAYS * DAY_MS).toISOString();
  const { rows } = await sql<ClickRow>`
    select ${CLICK_COLUMNS} from click c
    where c.network_click_id = any(${ids}::text[]) and c.clicked_at >= ${since}::timestamptz
    order by c.clicked_at, c.id`.execute(trx);
  for (const click of rows) {
    const key = `${click.workspace_id} ${click.network_click_id ?? ''}`;
    const list = found.get(key);
    if (list) list.push(click);
    else found.set(key, [click]);
  }
  return found;
}

/** A page loaded twice gives one network click id to two visits: the last before the event, else the first after it. */
function nearest(clicks: readonly ClickRow[], atMs: number): ClickRow | undefined {
  return clicks.findLast((click) => click.clicked_at.getTime() <= atMs) ?? clicks[0];
}

async function lastClicksOfDevices(
  trx: Db,
  questions: readonly ClickQuestion[],
): Promise<ReadonlyMap<number, ClickRow>> {
  const asked = questions.flatMap((q, index) =>
    q.clickId === null && q.deviceId !== null
      ? [{ ...q, index, fromMs: q.atMs - q.windowHours * 3_600_000 }]
      : [],
  );
  if (asked.length === 0) return new Map();
  const { rows } = await sql<ClickRow & { question: number }>`
    select q.question, ${CLICK_COLUMNS}
    from unnest(${asked.map((q) => q.index)}::int[], ${asked.map((q) => q.workspaceId)}::text[],
                ${asked.map((q) => q.deviceId)}::text[],
                ${timestampArray(asked.map((q) => q.fromMs))}::timestamptz[],
                ${timestampArray(asked.map((q) => q.atMs))}::timestamptz[])
         as q (question, workspace_id, device_id, from_at, to_at)
    cross join lateral (
      select * from click
      where workspace_id = q.workspace_id and device_id = q.device_id
        and clicked_at >= q.from_at and clicked_at <= q.to_at
        and ${withinDaysOf(
          sql`clicked_at`,
          asked.flatMap((q) => [q.fromMs, q.atMs]),
        )}
      order by clicked_at desc, id desc limit 1
    ) c`.execute(trx);
  return new Map(rows.map((row) => [row.question, row]));
}
