import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import { dayBounds } from '../../../src/core/zone.ts';
import type { Target } from '../../../src/networks/ad-network.ts';
import { meta } from '../../../src/networks/meta/meta.ts';
import { control, SANDBOX_START_MS, testSandbox, type TestSandbox } from '../../support/sandbox.ts';

const HOUR_MS = 3_600_000;
let sandbox: TestSandbox;

beforeEach(async () => {
  sandbox = await testSandbox();
});
afterEach(() => sandbox.close());

function adset(name: string): Target {
  const setting = sandbox.world.settings.find(
    (candidate) => candidate.level === 'adset' && candidate.name === name,
  );
  if (!setting) throw new Error(`no ad set ${name}`);
  return { level: 'adset', networkId: setting.id };
}

const setBid = (dollars: number) => ({ kind: 'set_bid', toMicros: micros(dollars * 1e6) }) as const;
const setBudget = (dollars: number) =>
  ({ kind: 'set_budget', toMicros: micros(dollars * 1e6), budget: 'daily' }) as const;

describe('the Meta adapter on the wire', () => {
  it('checks the account, its permissions and the rules that are still on', async () => {
    const check = await meta.checkAccount(sandbox.access);
    expect(check).toMatchObject({
      currency: 'USD',
      timeZone: 'America/New_York',
      canRead: true,
      canWrite: true,
      problems: [],
    });
    expect(check.ownRules.map((rule) => rule.name)).toEqual(['Pause ads over $40 CPA']);
  });

  it('says what a token that may only read lacks', async () => {
    const readOnly = await testSandbox({ scopes: ['ads_read'] });
    const check = await meta.checkAccount(readOnly.access);
    expect(check).toMatchObject({ canRead: true, canWrite: false });
    expect(check.problems.join()).toContain('ads_management');
    await readOnly.close();
  });

  it("says when the token's app is not reviewed yet, and how to stay within its few calls", async () => {
    const development = await testSandbox({ quotaPoints: 60 });
    const check = await meta.checkAccount(development.access);
    expect(check).toMatchObject({ canRead: true, canWrite: true });
    expect(check.problems.join()).toMatch(/development access.*--queue-rps-limit 0\.1/);
    await development.close();
  });

  it('lists every object, parents before children, across pages', async () => {
    const objects = await meta.listObjects(sandbox.access);
    const { plan } = sandbox.world;
    expect(objects.map((object) => object.networkId).sort()).toEqual(
      [...plan.campaigns, ...plan.adsets, ...plan.ads, ...plan.creatives].map((object) => object.id).sort(),
    );
    const seen = new Set<string>();
    for (const object of objects) {
      for (const parent of [object.campaignNetworkId, object.adsetNetworkId, object.creativeNetworkId]) {
        if (parent !== null) expect(seen.has(parent)).toBe(true);
      }
      seen.add(object.networkId);
    }
    expect(objects.find((object) => object.name === 'Yoga C')).toMatchObject({
      level: 'adset',
      bidStrategy: 'bid_cap',
      bidMicros: 14_000_000,
      dailyBudgetMicros: 900_000_000,
    });
    // A campaign budget leaves its ad sets without one.
    expect(objects.find((object) => object.name === 'Calm 7d')).toMatchObject({ dailyBudgetMicros: null });
  });

  it('reads as much spend as the market has closed, through many pages', async () => {
    sandbox.runTo(SANDBOX_START_MS + 20 * HOUR_MS + 25 * 60_000);
    const report = await meta.reportSpend(
      sandbox.access,
      { since: '2026-11-10', until: '2026-11-10' },
      SANDBOX_START_MS + 20 * HOUR_MS + 25 * 60_000,
    );
    const day = dayBounds('2026-11-10', 'America/New_York');
    expect(report.asOfMs).toBe(day.startMs + 20 * HOUR_MS);
    expect(report.rows.length).toBeGreaterThan(300);
    expect(report.rows.every((row) => row.hourMs >= day.startMs && row.hourMs < (report.asOfMs ?? 0))).toBe(
      true,
    );
    const told = report.rows.reduce((sum, row) => sum + row.spendMicros, 0);
    const true20h = Object.values(sandbox.world.books.hours)
      .flatMap((hours) => Object.entries(hours))
      .filter(([hour]) => Number(hour) < day.startMs + 20 * HOUR_MS)
      .reduce((sum, [, totals]) => sum + totals.spendMicros, 0);
    expect(Math.abs(told / true20h - 1)).toBeLessThan(0.02);
  });

  it('pauses, resumes, bids and budgets, and reads each back', async () => {
    const target = adset('Yoga C');
    await meta.apply(sandbox.access, target, { kind: 'pause' });
    expect(await meta.readLive(sandbox.access, target)).toMatchObject({
      exists: true,
      status: 'paused',
      bidMicros: 14_000_000,
    });
    await meta.apply(sandbox.access, target, { kind: 'resume' });
    const receipt = await meta.apply(sandbox.access, target, setBid(15.4));
    await meta.apply(sandbox.access, target, setBudget(990));
    expect(await meta.readLive(sandbox.access, target)).toMatchObject({
      status: 'active',
      bidMicros: 15_400_000,
      dailyBudgetMicros: 990_000_000,
    });
    expect(receipt.requestId).toBe(sandbox.world.writes[2]?.requestId);
    expect(sandbox.world.writes.map((written) => Object.keys(written.changes)[0])).toEqual([
      'status',
      'status',
      'bidMicros',
      'dailyBudgetMicros',
    ]);
  });

  it.each([
    ['a bid under automatic bidding', 'Yoga A', setBid(3), '100/1885204'],
    ['a budget where the campaign has it', 'Calm 7d', setBudget(50), '100/1885621'],
    ['a budget below the minimum', 'Yoga A', setBudget(0.5), '100/1885272'],
  ])('is refused %s', async (_what, name, change, networkCode) => {
    await expect(meta.apply(sandbox.access, adset(name), change)).rejects.toMatchObject({
      errorClass: 'INVALID',
      networkCode,
    });
    expect(sandbox.world.writes).toEqual([]);
  });

  it('hears of the fifth budget change within an hour', async () => {
    const target = adset('Yoga A');
    for (const dollars of [261, 262, 263, 264]) await meta.apply(sandbox.access, target, setBudget(dollars));
    await expect(meta.apply(sandbox.access, target, setBudget(265))).rejects.toMatchObject({
      errorClass: 'EDIT_QUOTA',
      networkCode: '613/1487632',
      retryAfterMs: HOUR_MS,
    });
    sandbox.runTo(SANDBOX_START_MS + HOUR_MS + 600_000);
    await meta.apply(sandbox.access, target, setBudget(266));
  });

  it('finds an object that is not there gone, an archived one closed to changes', async () => {
    const nowhere = { level: 'adset', networkId: '120210000000009999' } as const;
    expect(await meta.readLive(sandbox.access, nowhere)).toMatchObject({ exists: false });
    await expect(meta.apply(sandbox.access, nowhere, { kind: 'pause' })).rejects.toMatchObject({
      errorClass: 'GONE',
    });
    const target = adset('Zen D');
    await control(sandbox, 'human-edit', { id: target.networkId, status: 'ARCHIVED' });
    await expect(meta.apply(sandbox.access, target, setBid(3))).rejects.toMatchObject({
      errorClass: 'INVALID',
    });
    expect(await meta.readLive(sandbox.access, target)).toMatchObject({ status: 'archived' });
  });

  it.each([
    ['auth', 'AUTH_DEAD'],
    ['rate', 'RATE'],
    // A fault on their side says nothing of whether the write went through.
    ['server_error', 'UNKNOWN_RESULT'],
    ['html_502', 'UNKNOWN_RESULT'],
    ['edit_quota', 'EDIT_QUOTA'],
    ['cut_after_acceptance', 'UNKNOWN_RESULT'],
  ])('tells the fault %s as %s', async (kind, errorClass) => {
    await control(sandbox, 'faults', { kind, on: 'write' });
    const error: unknown = await meta
      .apply(sandbox.access, adset('Yoga C'), { kind: 'pause' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'NetworkError', errorClass });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('right-token');
    expect(sandbox.world.writes).toHaveLength(kind === 'cut_after_acceptance' ? 1 : 0);
    await expect(meta.apply(sandbox.access, adset('Yoga C'), { kind: 'pause' })).resolves.toBeDefined();
  });

  it('has one write in the log and an unknown result when the answer is withheld', async () => {
    await control(sandbox, 'faults', { kind: 'withhold_answer', on: 'write', delayMs: 300 });
    await expect(meta.apply(sandbox.access, adset('Yoga C'), { kind: 'pause' })).rejects.toMatchObject({
      errorClass: 'UNKNOWN_RESULT',
    });
    expect(await control(sandbox, 'writes')).toMatchObject({
      writes: [{ id: adset('Yoga C').networkId, by: 'api' }],
    });
    expect(await meta.readLive(sandbox.access, adset('Yoga C'))).toMatchObject({ status: 'paused' });
  });

  it('knows that nothing happened when nobody listened', async () => {
    const closed = { ...sandbox.access, baseUrl: 'http://127.0.0.1:1/v26.0' };
    await expect(meta.apply(closed, adset('Yoga C'), { kind: 'pause' })).rejects.toMatchObject({
      errorClass: 'TRANSIENT',
    });
  });

  it('is told of a wrong token and of a quota used up', async () => {
    await expect(meta.listObjects({ ...sandbox.access, token: 'wrong' })).rejects.toMatchObject({
      errorClass: 'AUTH_DEAD',
      networkCode: '190/460',
    });
    const small = await testSandbox({ quotaPoints: 2 });
    await expect(meta.listObjects(small.access)).rejects.toMatchObject({ errorClass: 'RATE' });
    await small.close();
  });

  it('does not follow a next page to another host', async () => {
    const { default: fastify } = await import('fastify');
    const liar = fastify();
    liar.get('/*', () => ({ data: [], paging: { next: 'http://203.0.113.9/steal?after=1' } }));
    const url = await liar.listen({ port: 0, host: '127.0.0.1' });
    await expect(meta.listObjects({ ...sandbox.access, baseUrl: url })).rejects.toMatchObject({
      errorClass: 'INVALID',
    });
    await liar.close();
  });
});
