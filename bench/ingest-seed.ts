import { createHash } from 'node:crypto';
import type pg from 'pg';
import { connect, createPool } from '../src/db/connection.ts';
import { insertClicks, type NewClick } from '../src/db/click-insert.ts';
import { type NewPostback, SAYS_NO_MORE } from '../src/db/postback-insert.ts';
import { extendTotals } from '../src/db/running-totals.ts';
import { newClickId, newPostbackId } from '../src/http/ids.ts';
import { seedBench } from './seed.ts';

const ADS = 200;

export interface IngestSeed {
  /** The source's key. */
  readonly key: string;
  readonly clicks: number;
  /** True leaves the clicks' visits to be counted. */
  readonly visitsWait: boolean;
}

/** An account with ads, their clicks of the last day, and a keyed source. @returns the click ids. */
export async function seedIngest(url: string, nowMs: number, seed: IngestSeed): Promise<readonly string[]> {
  const db = connect({ url, name: 'bench seed' });
  const pool = createPool({ url, name: 'bench seed', max: 1 });
  try {
    await seedBench(db, { nowMs, key: seed.key });
    await seedObjects(pool, new Date(nowMs));
    // As a sync leaves an account: its running totals have no gaps up to today.
    const today = new Date(nowMs).toISOString().slice(0, 10);
    await db.transaction().execute((trx) => extendTotals(trx, 'bench-a', today));
    const ids: string[] = [];
    for (let i = 0; i < seed.clicks; i += 5_000) {
      const clicks = Array.from({ length: 5_000 }, (_, j): NewClick => clickOf(i + j, nowMs));
      ids.push(...clicks.map((click) => click.id));
      await insertClicks(pool, clicks, () => null);
    }
    if (!seed.visitsWait) await pool.query('truncate click_inbox');
    await pool.query('analyze');
    return ids;
  } finally {
    await db.destroy();
    await pool.end();
  }
}

async function seedObjects(pool: pg.Pool, now: Date): Promise<void> {
  const columns =
    '(workspace_id, account_id, level, network_id, name, campaign_id, adset_id, status, delivery, first_seen_at, seen_at, changed_at)';
  const campaign = await pool.query<{ id: number }>(
    `insert into object ${columns} values ('bench', 'bench-a', 'campaign', 'c1', 'C1', null, null, 'active', 'active', $1, $1, $1) returning id`,
    [now],
  );
  const adset = await pool.query<{ id: number }>(
    `insert into object ${columns} values ('bench', 'bench-a', 'adset', 's1', 'S1', $2, null, 'active', 'active', $1, $1, $1) returning id`,
    [now, campaign.rows[0]?.id],
  );
  await pool.query(
    `insert into object ${columns} select 'bench', 'bench-a', 'ad', 'ad' || n, 'Ad ' || n, $2, $3, 'active', 'active', $1, $1, $1 from generate_series(0, $4::int - 1) n`,
    [now, campaign.rows[0]?.id, adset.rows[0]?.id, ADS],
  );
}

function clickOf(index: number, nowMs: number): NewClick {
  const clickedAtMs = nowMs - ((index * 7_919) % 86_000) * 1_000;
  return {
    id: newClickId(clickedAtMs),
    workspaceId: 'bench',
    linkId: 'bench',
    accountId: 'bench-a',
    network: 'meta',
    campaignId: 'c1',
    adsetId: 's1',
    adId: `ad${index % ADS}`,
    creative: null,
    placement: null,
    networkClickId: null,
    networkClickParam: null,
    deviceId: null,
    ip: null,
    userAgent: null,
    params: {},
    flags: [],
    clickedAtMs,
    wallAtMs: clickedAtMs,
  };
}

/** A purchase as the receiver stores it, one of its own for every number. */
export function postbackOf(index: number, clickId: string, nowMs: number): NewPostback {
  const query = `key=key:bench&click_id=${clickId}&event=purchase&txid=T${index}&amount=12.34&currency=USD`;
  const key = createHash('sha256').update(`bench T${index}`).digest();
  return {
    id: newPostbackId(nowMs),
    workspaceId: 'bench',
    sourceId: 'bench',
    receivedAtMs: nowMs,
    wallAtMs: nowMs,
    method: 'GET',
    path: '/p/bench',
    raw: Buffer.from(query),
    contentType: null,
    senderIp: '127.0.0.1',
    userAgent: null,
    kind: 'new',
    reason: null,
    detail: null,
    clickId,
    event: 'purchase',
    eventType: 'event',
    status: null,
    txid: `T${index}`,
    amountMicros: 12_340_000,
    currency: 'USD',
    eventAtMs: nowMs,
    deviceId: null,
    senderIds: null,
    conversionKey: key,
    warnings: null,
    test: false,
    ...SAYS_NO_MORE,
    messageKey: key,
    keyExpiresAtMs: null,
    slot: index % 64,
  };
}
