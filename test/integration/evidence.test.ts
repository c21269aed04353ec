import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { conversionsInDoubt } from '../../src/db/evidence-health.ts';
import { addSource } from '../../src/db/sources.ts';
import { spend } from '../support/loop.ts';
import { evidenceAt, passAt } from '../support/pass.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { HOUR_MS, seedAccount, type SeededAccount, seedObject } from '../support/seed-account.ts';
import { seedStrategy } from '../support/seed-strategy.ts';

let database: TestDatabase;
let account: SeededAccount;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => database.drop());
beforeEach(async () => {
  account = await seedAccount(database.db);
});

const strategyText = (name: string, mode: string, then = '{ pause: true }') => `
version: 1
strategy: ${name}
scope: { level: adset }
mode: ${mode}
rules:
  - name: enough
    when: 'spend("today") >= 60 && conversions("purchase", "today") == 0'
    then: ${then}
guardrails: { maxShareOfSpendPaused: 100 % }
`;
const strategy = (text: string) =>
  seedStrategy(database.db, { workspaceId: account.workspaceId, nowMs: account.nowMs, text });
const adset = (name: string) =>
  seedObject(database.db, account, { level: 'adset', networkId: `${name}-${account.suffix}`, name });
const evidence = (nowMs = account.nowMs) => evidenceAt(database.db, account, nowMs);
const pass = (nowMs = account.nowMs) => passAt(database.db, account, { nowMs });

/** A postback as it stands in the records; with `conversionId`, one that was counted. */
async function postback(
  sourceId: string,
  receivedAtMs: number,
  rest: { readonly workspaceId?: string; readonly conversionId?: string; readonly outcome?: string } = {},
): Promise<string> {
  const id = randomUUID();
  const at = new Date(receivedAtMs);
  await database.db
    .insertInto('postback')
    .values({
      id,
      workspace_id: rest.workspaceId ?? account.workspaceId,
      source_id: sourceId,
      received_at: at,
      wall_at: at,
      method: 'GET',
      path: '/p',
      raw: Buffer.from(''),
      outcome: rest.outcome ?? 'counted',
      conversion_id: rest.conversionId ?? null,
    } as never)
    .execute();
  return id;
}

/** A conversion of the account that a source has sent. */
async function conversion(sourceId: string, receivedAtMs: number): Promise<void> {
  const id = randomUUID();
  const postbackId = await postback(sourceId, receivedAtMs, { conversionId: id });
  const at = new Date(receivedAtMs);
  await database.db
    .insertInto('conversion')
    .values({
      id,
      workspace_id: account.workspaceId,
      source_id: sourceId,
      account_id: account.accountId,
      event: 'purchase',
      event_type: 'event',
      status: 'approved',
      event_at: at,
      received_at: at,
      attributed_by: 'click',
      attribution: 'click',
      counted: true,
      first_postback_id: postbackId,
      last_postback_id: postbackId,
    } as never)
    .execute();
}

describe('evidence', () => {
  it('holds conversions back when our clicks are under half of the network’s', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30, 6);
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toContain('under half');
    expect(await pass()).toMatchObject({ acted: 0, reasons: { conversions_undefined: 1 } });
  });

  it('asks for no clicks of ours where the sender attributes: there the network’s are never among them', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30, 6);
    await database.db
      .updateTable('ad_account')
      .set({ tracking_by: 'sender' })
      .where('id', '=', account.accountId)
      .execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBeUndefined();
  });

  it('holds conversions back while postbacks wait too long to be counted', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    const postbackId = await postback('any', account.nowMs - 600_000);
    const receivedAt = new Date(account.nowMs - 600_000);
    await database.db
      .insertInto('inbox')
      .values({ postback_id: postbackId, received_at: receivedAt, slot: 1 })
      .execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBe(
      'postbacks wait to be counted',
    );
    await database.db.deleteFrom('inbox').where('postback_id', '=', postbackId).execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBeUndefined();
  });

  it('does not hold it against an account that another workspace, with another clock, has postbacks waiting', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    const receivedAt = new Date(account.nowMs - 24 * HOUR_MS);
    const other = await seedAccount(database.db);
    const postbackId = await postback('any', receivedAt.getTime(), { workspaceId: other.workspaceId });
    await database.db
      .insertInto('inbox')
      .values({ postback_id: postbackId, received_at: receivedAt, slot: 1 })
      .execute();
    expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toBeUndefined();
    await database.db.deleteFrom('inbox').where('postback_id', '=', postbackId).execute();
  });

  describe('of a source', () => {
    const inDoubt = async () =>
      conversionsInDoubt(database.db, {
        workspaceId: account.workspaceId,
        accountId: account.accountId,
        nowMs: account.nowMs,
        inboxPatienceMs: 120_000,
      });
    let sourceId: string;
    let id: ObjectId;

    /** Delivers every hour of two days but six at night, until so many hours before now. */
    async function delivers(quietHours: number): Promise<void> {
      const lastMs = account.nowMs - quietHours * HOUR_MS;
      for (let hour = 0; hour < 48; hour += 1)
        if (hour % 24 < 10 || hour % 24 > 15) await conversion(sourceId, lastMs - hour * HOUR_MS);
    }

    beforeEach(async () => {
      sourceId = `tracker-${account.suffix}`;
      await addSource(database.db, {
        id: sourceId,
        workspaceId: account.workspaceId,
        profile: 'generic',
        name: 'My tracker',
        key: null,
        secretKey: null,
        nowMs: account.nowMs,
      });
      id = await adset('Zen');
      await strategy(strategyText('stop', 'live'));
      await spend(database.db, account, id, 30, 20);
    });

    it('that has gone silent holds conversions back, and says so', async () => {
      await delivers(15);
      expect(await inDoubt()).toBe(
        'the source My tracker has sent nothing for 15 h; in the week before it was never quiet for more than 7 h',
      );
      expect((await evidence())[0]?.evidence[0]?.health.conversionsUndefined).toContain('My tracker');
      expect(await pass()).toMatchObject({ acted: 0, reasons: { conversions_undefined: 1 } });
      // Refused messages are no sign of life; a counted one is.
      await postback(sourceId, account.nowMs - 1_000, { outcome: 'refused' });
      expect(await inDoubt()).toContain('My tracker');
      await postback(sourceId, account.nowMs - 1_000);
      expect(await inDoubt()).toBeUndefined();
    });

    it('is not called silent before twice its usual quiet', async () => {
      await delivers(13);
      expect(await inDoubt()).toBeUndefined();
    });

    it('is not called silent when it never delivered regularly', async () => {
      for (const hours of [30, 60, 90]) await conversion(sourceId, account.nowMs - hours * HOUR_MS);
      expect(await inDoubt()).toBeUndefined();
    });

    it('is not missed by an account that gets no clicks', async () => {
      await delivers(15);
      await database.db.updateTable('spend_hour').set({ clicks: 0 }).where('object_id', '=', id).execute();
      expect(await inDoubt()).toBeUndefined();
    });

    it('is not missed once it is removed, nor by accounts it never served', async () => {
      await delivers(15);
      await database.db
        .updateTable('conversion')
        .set({ account_id: 'another' })
        .where('source_id', '=', sourceId)
        .execute();
      expect(await inDoubt()).toBeUndefined();
      await database.db
        .updateTable('conversion')
        .set({ account_id: account.accountId })
        .where('source_id', '=', sourceId)
        .execute();
      expect(await inDoubt()).toContain('My tracker');
      await database.db
        .updateTable('source')
        .set({ removed_at: new Date(account.nowMs) })
        .where('id', '=', sourceId)
        .execute();
      expect(await inDoubt()).toBeUndefined();
    });
  });

  it('keeps still on stale costs', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    expect(await pass(account.nowMs + 12 * HOUR_MS)).toMatchObject({ acted: 0, reasons: { stale_spend: 1 } });
  });

  it('is empty until the network has reported any spend', async () => {
    await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await database.db
      .updateTable('ad_account')
      .set({ spend_as_of: null })
      .where('id', '=', account.accountId)
      .execute();
    expect((await evidence()).flatMap((one) => one.evidence)).toEqual([]);
  });

  it('calls a pause ours until somebody lifts it', async () => {
    const id = await adset('Zen');
    await strategy(strategyText('stop', 'live'));
    await spend(database.db, account, id, 30);
    await pass();
    await database.db
      .updateTable('decision')
      .set({ outcome: 'applied', closed_at: new Date(account.nowMs + 1_000) })
      .where('object_id', '=', id)
      .execute();
    const history = async () =>
      (await evidence(account.nowMs + 60_000))[0]?.evidence.find((one) => one.object.id === id)?.history;
    expect(await history()).toMatchObject([{ kind: 'pause', rule: 'enough' }]);
    await sql`
      insert into object_version (object_id, known_from, name, status, delivery, labels)
      values (${id}, ${new Date(account.nowMs + 2_000)}, 'Zen', 'active', 'active', '{}')`.execute(
      database.db,
    );
    expect(await history()).toEqual([]);
  });
});
