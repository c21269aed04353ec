import { sql } from 'kysely';
import type { WindowMetrics } from '../core/decision.ts';
import type { Db } from './connection.ts';

const HOUR_MS = 3_600_000;

/** Our clicks under this share of the network's mean that our tracking is broken, not that the ads are. */
export const LEAST_TRACKED_SHARE = 0.5;
/** Fewer clicks than this say nothing about the share, nor about a source that is silent. */
export const LEAST_CLICKS_TO_COMPARE = 20;
export const UNDER_TRACKED = "tracked clicks are under half of the network's";

/** A source is silent when it was quiet for longer than this, and for twice its longest quiet of the week before. */
const LEAST_SILENCE_MS = 2 * HOUR_MS;
const PROFILE_HOURS = 7 * 24;
/** A source delivers regularly when so many hours of its week had a postback. */
const REGULAR_HOURS = 24;
/** Enough to tell whose conversions a source sends. */
const CONVERSIONS_TO_ASK = 200;

export interface HealthInput {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly nowMs: number;
  /** Workspace milliseconds after which postbacks that wait in the inbox make conversions unknown. */
  readonly inboxPatienceMs: number;
}

/** Why no conversion metric of the account must be believed right now; undefined when they may. */
export async function conversionsInDoubt(db: Db, input: HealthInput): Promise<string | undefined> {
  const { workspaceId, nowMs, inboxPatienceMs } = input;
  if (Number.isFinite(inboxPatienceMs) && (await postbacksWait(db, workspaceId, nowMs - inboxPatienceMs)))
    return 'postbacks wait to be counted';
  return silentSource(db, input);
}

/**
 * Whether postbacks of a workspace wait to be counted that it received before `beforeMs`. Each workspace has a clock of its
 * own: only its own postbacks can be compared with its time.
 */
export async function postbacksWait(db: Db, workspaceId: string, beforeMs: number): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select exists (
      select from inbox i
      join postback p on p.id = i.postback_id and p.received_at = i.received_at
      where i.received_at < ${new Date(beforeMs)} and p.workspace_id = ${workspaceId}
    ) as waits`.execute(db);
  return rows[0]?.waits ?? false;
}

/**
 * A source that delivered to this account regularly and sends nothing any more, while the network goes on counting
 * clicks: fewer conversions are then no news about the ads.
 */
async function silentSource(db: Db, input: HealthInput): Promise<string | undefined> {
  for (const source of await silentSources(db, input.workspaceId, input.nowMs))
    if (await isMissed(db, input.accountId, source.id, source.lastMs)) return source.words;
  return undefined;
}

/** A source that used to send regularly and has been quiet for longer than it ever was. */
export interface SilentSource {
  readonly id: string;
  readonly name: string;
  /** Workspace time of its last postback. */
  readonly lastMs: number;
  /** Its longest quiet in the week before that. */
  readonly usualMs: number;
  readonly words: string;
}

/** The sources of a workspace that are silent for longer than their rhythm explains, whatever the ads do. */
export async function silentSources(
  db: Db,
  workspaceId: string,
  nowMs: number,
): Promise<readonly SilentSource[]> {
  const { rows } = await sql<{ id: string; name: string; last: Date }>`
    select s.id, s.name, newest.received_at as last
    from source s
    cross join lateral (
      select p.received_at from postback p
      where p.source_id = s.id and p.outcome <> 'refused' and not p.test
      order by p.received_at desc limit 1
    ) newest
    where s.workspace_id = ${workspaceId} and s.removed_at is null
      and newest.received_at < ${new Date(nowMs - LEAST_SILENCE_MS)}
    order by s.id`.execute(db);
  const silent: SilentSource[] = [];
  for (const { id, name, last } of rows) {
    const lastMs = last.getTime();
    const usualMs = await longestQuiet(db, id, lastMs);
    if (usualMs === null || nowMs - lastMs <= Math.max(LEAST_SILENCE_MS, 2 * usualMs)) continue;
    const words = `the source ${name} has sent nothing for ${hours(nowMs - lastMs)}; in the week before it was never quiet for more than ${hours(usualMs)}`;
    silent.push({ id, name, lastMs, usualMs, words });
  }
  return silent;
}

/** The longest stretch without a postback in the week before a source's last one; null when it was not regular. */
async function longestQuiet(db: Db, sourceId: string, lastMs: number): Promise<number | null> {
  const { rows } = await sql<{ no: number }>`
    select hour.no from generate_series(0, ${PROFILE_HOURS - 1}::int) hour (no)
    where exists (
      select from postback p
      where p.source_id = ${sourceId} and p.outcome <> 'refused' and not p.test
        and p.received_at > ${new Date(lastMs)}::timestamptz - (hour.no + 1) * interval '1 hour'
        and p.received_at <= ${new Date(lastMs)}::timestamptz - hour.no * interval '1 hour')
    order by hour.no`.execute(db);
  if (rows.length < REGULAR_HOURS) return null;
  let longest = 1;
  let before = 0;
  for (const { no } of rows) {
    longest = Math.max(longest, no - before);
    before = no;
  }
  return longest * HOUR_MS;
}

/** Whether any of the source's last conversions were this account's, and clicks of it have come since. */
async function isMissed(db: Db, accountId: string, sourceId: string, lastMs: number): Promise<boolean> {
  const { rows } = await sql<{ delivers: boolean; clicks: number }>`
    select exists (
             select from (
               select p.conversion_id from postback p
               where p.source_id = ${sourceId} and p.conversion_id is not null
               order by p.received_at desc limit ${CONVERSIONS_TO_ASK}
             ) recent
             join conversion c on c.id = recent.conversion_id
             where c.account_id = ${accountId}
           ) as delivers,
           (select coalesce(sum(h.clicks), 0)::int from spend_hour h
            where h.account_id = ${accountId} and h.hour >= ${new Date(lastMs)}) as clicks`.execute(db);
  const [row] = rows;
  return row !== undefined && row.delivers && row.clicks >= LEAST_CLICKS_TO_COMPARE;
}

function hours(ms: number): string {
  return `${Math.round(ms / HOUR_MS)} h`;
}

/** Judged over the widest window that lies wholly in tracked time; wider ones are undefined anyway. */
export function trackingGap(
  windows: Readonly<Record<string, WindowMetrics>>,
  trackingSinceMs: number | null,
): string | undefined {
  if (trackingSinceMs === null) return undefined;
  let widest: WindowMetrics | undefined;
  for (const window of Object.values(windows)) {
    if (window.bounds.fromMs < trackingSinceMs) continue;
    if (widest === undefined || window.bounds.fromMs < widest.bounds.fromMs) widest = window;
  }
  if (widest === undefined || widest.clicks < LEAST_CLICKS_TO_COMPARE) return undefined;
  return widest.visits < widest.clicks * LEAST_TRACKED_SHARE ? UNDER_TRACKED : undefined;
}
