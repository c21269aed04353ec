import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../src/db/connection.ts';
import { type NewPostback, SAYS_NO_MORE } from '../../src/db/postback-insert.ts';
import { createGroupCommit, type GroupCommit, type Stored } from '../../src/http/group-commit.ts';
import { newPostbackId, uuidText } from '../../src/http/ids.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { MARKET_MS } from '../support/tracking.ts';

let database: TestDatabase;
let pool: pg.Pool;
let commits = 0;

beforeAll(async () => {
  database = await testDatabase();
  pool = createPool({ url: database.url, name: 'group commit', max: 4 });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

function create(
  options: {
    inFlight?: number;
    maxBatch?: number;
    maxWaiting?: number;
    maxBatchBytes?: number;
    maxWaitingBytes?: number;
    pool?: pg.Pool;
  } = {},
): GroupCommit {
  return createGroupCommit({
    pool,
    log: pino({ level: 'silent' }),
    onCommitted: () => (commits += 1),
    ...options,
  });
}

function postback(key: string | null, over: Partial<NewPostback> = {}): NewPostback {
  return {
    id: newPostbackId(Date.now()),
    workspaceId: 'w1',
    sourceId: 's1',
    receivedAtMs: MARKET_MS,
    wallAtMs: Date.now(),
    method: 'GET',
    path: '/p/s1',
    raw: Buffer.from('GET /p/s1\n\n'),
    contentType: null,
    senderIp: '127.0.0.1',
    userAgent: null,
    kind: 'new',
    reason: null,
    detail: null,
    clickId: 'C',
    event: 'e',
    eventType: 'event',
    status: 'approved',
    txid: null,
    amountMicros: -5,
    currency: 'USD',
    eventAtMs: null,
    deviceId: null,
    senderIds: null,
    conversionKey: null,
    warnings: null,
    test: false,
    ...SAYS_NO_MORE,
    messageKey: key === null ? null : Buffer.from(key.padEnd(16, '.')),
    keyExpiresAtMs: null,
    slot: 7,
    ...over,
  };
}

function all(commit: GroupCommit, rows: readonly NewPostback[]): Promise<Stored[]> {
  return Promise.all(rows.map((row) => new Promise<Stored>((resolve) => commit.add(row, resolve))));
}

describe('requests written together', () => {
  it('share transactions', async () => {
    commits = 0;
    const answers = await all(
      create(),
      Array.from({ length: 500 }, (_, i) => postback(`share${i}`)),
    );
    expect(answers.every((answer) => answer.outcome === 'stored')).toBe(true);
    expect(commits).toBeLessThan(20);
  });

  it('large ones go in more, smaller transactions', async () => {
    commits = 0;
    const raw = Buffer.alloc(100_000, 'x');
    const answers = await all(
      create({ maxBatchBytes: 250_000 }),
      Array.from({ length: 20 }, (_, i) => postback(`large${i}`, { raw })),
    );
    expect(answers.every((answer) => answer.outcome === 'stored')).toBe(true);
    expect(commits).toBe(10);
    // Larger than a batch may be: it still goes, alone.
    const alone = await all(create({ maxBatchBytes: 1_000 }), [postback('huge', { raw }), postback('small')]);
    expect(alone.map((answer) => answer.outcome)).toEqual(['stored', 'stored']);
  });

  it('are turned away once those that wait hold too many bytes, whoever sent them', async () => {
    const raw = Buffer.alloc(100_000, 'x');
    const commit = create({ maxWaitingBytes: 450_000 });
    const answers = await all(
      commit,
      Array.from({ length: 10 }, (_, i) => postback(`bytes${i}`, { raw })),
    );
    expect(answers.map((answer) => answer.outcome)).toEqual([
      ...Array.from({ length: 4 }, () => 'stored'),
      ...Array.from({ length: 6 }, () => 'unavailable'),
    ]);
    // What was written no longer counts.
    await commit.drained();
    expect(await all(commit, [postback('bytes-after', { raw })])).toEqual([{ outcome: 'stored' }]);
  });

  it('a row the database refuses fails alone; its neighbours, duplicates included, are stored', async () => {
    const good = Array.from({ length: 20 }, (_, i) => postback(`alone${i}`));
    const again = postback('alone3');
    const bad = postback('alone-bad', { senderIp: 'not an address' });
    const answers = await all(create({ inFlight: 1 }), [...good.slice(0, 10), bad, ...good.slice(10), again]);
    expect(answers[10]).toMatchObject({ outcome: 'unstorable' });
    expect(answers.at(-1)).toEqual({
      outcome: 'duplicate',
      firstId: uuidText(good[3]?.id ?? new Uint8Array()),
    });
    const others = answers.filter((_, i) => i !== 10 && i !== answers.length - 1);
    expect(others).toHaveLength(20);
    expect(others.every((answer) => answer.outcome === 'stored')).toBe(true);
    const kept = await database.db
      .selectFrom('message_key')
      .select('key')
      .where('key', '=', bad.messageKey as Buffer)
      .execute();
    expect(kept).toEqual([]);
  });

  it('so does a value that cannot even be written', async () => {
    const odd = postback('odd', { amountMicros: 2 ** 70 });
    const answers = await all(create({ inFlight: 1 }), [postback('odd1'), odd, postback('odd2')]);
    expect(answers.map((answer) => answer.outcome)).toEqual(['stored', 'unstorable', 'stored']);
  });

  it('the same keys in two batches at once wait for each other and are claimed once', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `race${i}`);
    const commit = create({ inFlight: 4, maxBatch: 100 });
    const answers = await all(
      commit,
      [...keys, ...keys.toReversed(), ...keys, ...keys.toReversed()].map((key) => postback(key)),
    );
    expect(answers.filter((answer) => answer.outcome === 'stored')).toHaveLength(200);
    expect(
      answers.filter((answer) => answer.outcome === 'duplicate' && answer.firstId !== null),
    ).toHaveLength(600);
  });

  it('a statement that breaks off leaves nothing behind and every row unanswered for', async () => {
    const { rows } = await pool.query<{ n: string }>('select count(*) as n from postback');
    const watcher = new pg.Client({ connectionString: database.url });
    await watcher.connect();
    // Held open, the batch waits for this key until its connection is ended.
    await watcher.query('begin');
    await watcher.query(
      `insert into message_key (key, postback_id, received_at) values ($1, gen_random_uuid(), $2)`,
      [Buffer.from('held'.padEnd(16, '.')), new Date(MARKET_MS)],
    );
    const answers = all(create({ inFlight: 1 }), [postback('held'), postback('free')]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await watcher.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'group commit' and wait_event_type = 'Lock'`,
    );
    expect(await answers).toEqual([{ outcome: 'unavailable' }, { outcome: 'unavailable' }]);
    await watcher.query('rollback');
    await watcher.end();
    const after = await pool.query<{ n: string }>('select count(*) as n from postback');
    expect(after.rows[0]?.n).toBe(rows[0]?.n);
  });

  it('turns rows away when too many wait', async () => {
    const answers = await all(
      create({ inFlight: 1, maxBatch: 1, maxWaiting: 5 }),
      Array.from({ length: 10 }, (_, i) => postback(`many${i}`)),
    );
    expect(
      answers.map((answer) => answer.outcome).filter((outcome) => outcome === 'unavailable'),
    ).toHaveLength(5);
  });
});

describe('values at the edge', () => {
  it('come back as they went in', async () => {
    const row = postback('edges', {
      amountMicros: -9_007_199_254_740_991,
      eventAtMs: Date.UTC(2100, 0, 1, 0, 0, 0, 1),
      clickId: 'ünïcode 😀 "quoted" \\ {braces,comma}',
      raw: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      warnings: 'a\nb:c',
      senderIds: '{"ad":"\\u0041"}',
      test: true,
      conversionKey: Buffer.alloc(16, 255),
    });
    await all(create(), [row]);
    const stored = await database.db
      .selectFrom('postback')
      .selectAll()
      .where('id', '=', uuidText(row.id))
      .executeTakeFirstOrThrow();
    expect(stored).toMatchObject({
      amount_micros: -9_007_199_254_740_991,
      event_at: new Date(Date.UTC(2100, 0, 1, 0, 0, 0, 1)),
      received_at: new Date(MARKET_MS),
      click_id: row.clickId,
      warnings: ['a', 'b:c'],
      sender_ids: { ad: 'A' },
      test: true,
    });
    expect(stored.raw.equals(row.raw)).toBe(true);
    expect(stored.conversion_key?.equals(Buffer.alloc(16, 255))).toBe(true);
  });
});
