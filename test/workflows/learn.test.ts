import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedWorld } from '../../bench/learning-seed.ts';
import { forgetCounts } from '../../src/db/learning/count-delays.ts';
import { ensureAccount, removeAccount } from '../../src/runtime/temporal-apply.ts';
import { SCHEDULE_ID, TASK_QUEUE, WORKFLOW } from '../../workflows/names.ts';
import { fakeNetwork } from '../support/fake-network.ts';
import { eventually, testLoop, type TestLoop } from '../support/loop.ts';
import { seedAccount } from '../support/seed-account.ts';

const network = fakeNetwork();
let loop: TestLoop;
beforeAll(async () => {
  loop = await testLoop([network]);
});
afterAll(async () => loop.close());

async function seeded() {
  const account = await seedAccount(loop.db, { network });
  await seedWorld(
    loop.db,
    { ...account, sourceId: 'none' },
    { nowMs: account.nowMs, days: 30, campaigns: 1, adsPerCampaign: 6, seed: 3, clicksPerHour: 4, rate: 0.1 },
  );
  await forgetCounts(loop.db, { id: account.accountId, zone: 'UTC' });
  return account;
}

const learned = (accountId: string) =>
  loop.db.selectFrom('learned').selectAll().where('account_id', '=', accountId).execute();

describe('the learning workflow', () => {
  it('learns, says what, and changes nothing the second time', async () => {
    const { accountId, suffix } = await seeded();
    const run = (no: number) =>
      loop.client.workflow.execute(WORKFLOW.learn, {
        workflowId: `learn-${suffix}-${no}`,
        taskQueue: TASK_QUEUE,
        args: [{ accountId }],
      });
    // The account's own schedule may have been first.
    expect((await run(1)).sentence).toMatch(
      /^\d+ days of clicks counted; 1 events of the account and 1 campaigns, \d+ changed$/,
    );
    expect(
      await loop.db.selectFrom('cohort_news').selectAll().where('account_id', '=', accountId).execute(),
    ).toEqual([]);
    const rows = await learned(accountId);
    expect(rows.map((row) => [row.event, row.campaign_id === null])).toEqual(
      expect.arrayContaining([
        ['purchase', true],
        ['purchase', false],
      ]),
    );
    // The clock has gone on by seconds: no day is counted again.
    expect((await run(2)).sentence).toMatch(/^0 days of clicks counted/);
    expect(
      await loop.client.workflow.execute(WORKFLOW.learn, {
        workflowId: `learn-${suffix}-gone`,
        taskQueue: TASK_QUEUE,
        args: [{ accountId: 'an account that was removed' }],
      }),
    ).toEqual({ changed: 0, sentence: 'the ad account was removed' });
  });

  it('is on a schedule of the account, at once and then every hour of its time, until the account is removed', async () => {
    const { accountId } = await seeded();
    await ensureAccount(loop.client, { id: accountId, rate: 60 });
    const schedule = loop.client.schedule.getHandle(SCHEDULE_ID.learn(accountId));
    expect((await schedule.describe()).spec.intervals?.[0]?.every).toBe(60_000);
    await eventually('what it learned', async () => {
      const rows = await learned(accountId);
      return rows.length > 0 ? rows : undefined;
    });
    await removeAccount(loop.client, accountId);
    await expect(schedule.describe()).rejects.toThrow(/not found/i);
  });
});
