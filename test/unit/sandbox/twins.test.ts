import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sandboxScoreSchema, scoreView } from '../../../src/http/live-score.ts';
import {
  folderStore,
  noStore,
  samplePlan,
  type Sandbox,
  startSandbox,
  twinPlan,
} from '../../../src/sandbox/index.ts';
import type { Store } from '../../../src/sandbox/store.ts';
import { control, SANDBOX_START_MS } from '../../support/sandbox.ts';

const HOUR_MS = 3_600_000;
const plan = samplePlan(1);
let sandbox: Sandbox | undefined;
let nowMs = SANDBOX_START_MS;
let folder: string;
beforeEach(() => {
  nowMs = SANDBOX_START_MS;
  folder = mkdtempSync(path.join(os.tmpdir(), 'sandbox-twins-'));
});
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(stores: readonly [Store, Store] = [noStore, noStore]): Promise<Sandbox> {
  const account = (id: string) => ({
    id,
    name: `Account ${id}`,
    token: `token-${id}`,
    urlTags: '',
    scopes: ['ads_read', 'ads_management'],
  });
  sandbox = await startSandbox({
    plan,
    seed: 1,
    startMs: SANDBOX_START_MS,
    clock: { nowMs: () => nowMs, close: () => undefined },
    store: stores[0],
    label: 'rules',
    account: account('1'),
    tracking: null,
    twins: [
      {
        plan: twinPlan(plan, ' Autopilot'),
        store: stores[1],
        label: 'autopilot',
        account: account('2'),
        tracking: null,
      },
    ],
    port: 0,
    wallNowMs: () => Date.now(),
    stepMs: 600_000,
  });
  return sandbox;
}

function runTo(one: Sandbox, marketMs: number): void {
  nowMs = marketMs;
  for (let slice = 0; slice < 100; slice += 1) one.tick();
}

async function names(one: Sandbox, token: string): Promise<readonly string[]> {
  const answer = await fetch(
    `${one.url}/v26.0/act_${token.slice(6)}/adsets?fields=name&limit=50&access_token=${token}`,
  );
  return z
    .object({ data: z.array(z.object({ name: z.string() })) })
    .parse(await answer.json())
    .data.map((row) => row.name);
}

async function scores(one: Sandbox) {
  return sandboxScoreSchema.parse(await control(one, 'score')).accounts;
}

describe('two accounts on one market', () => {
  it('earn the same to the cent until somebody changes one of them, and then only that one moves', async () => {
    const one = await start();
    runTo(one, SANDBOX_START_MS + 8 * HOUR_MS);
    const [rules, autopilot] = await scores(one);
    expect(rules?.withBidloopMicros).not.toBe(0);
    expect(autopilot).toEqual({ ...rules, label: 'autopilot' });
    expect(rules?.leftAloneMicros).toBe(rules?.withBidloopMicros);

    const loser = one.accounts[1]?.world.settings.find((setting) => setting.name === 'Zen C Autopilot');
    await control(one, 'human-edit', { id: loser?.id, status: 'PAUSED' });
    runTo(one, SANDBOX_START_MS + 14 * HOUR_MS);
    const [untouched, touched] = await scores(one);
    expect(untouched?.withBidloopMicros).toBe(untouched?.leftAloneMicros);
    expect(touched?.leftAloneMicros).toBe(untouched?.leftAloneMicros);
    expect(touched?.withBidloopMicros).toBeGreaterThan(untouched?.withBidloopMicros ?? Infinity);
    expect(one.accounts[0]?.world.writes).toEqual([]);
  });

  it('are two accounts to who calls: a token sees its own objects, under ids of their own', async () => {
    const one = await start();
    expect(await names(one, 'token-1')).toContain('Yoga A');
    expect(await names(one, 'token-2')).toContain('Yoga A Autopilot');
    const ids = one.accounts.flatMap(({ world }) => world.settings.map((setting) => setting.id));
    expect(new Set(ids).size).toBe(ids.length);
    const foreign = one.accounts[1]?.world.settings[0]?.id;
    const answer = await fetch(`${one.url}/v26.0/${foreign}?access_token=token-1`);
    expect(answer.status).toBe(400);
    const unknown = await fetch(`${one.url}/v26.0/act_1?access_token=wrong`);
    expect(unknown.status).toBe(401);
  });

  it('go on where they were after a restart, each with its own writes', async () => {
    const stores = () =>
      [folderStore(folder), folderStore(path.join(folder, 'second'))] as const satisfies readonly Store[];
    const first = await start(stores());
    runTo(first, SANDBOX_START_MS + 3 * HOUR_MS);
    const setting = first.accounts[1]?.world.settings.find((one) => one.name === 'Yoga Broad Autopilot');
    await control(first, 'human-edit', { id: setting?.id, status: 'PAUSED' });
    const before = await scores(first);
    await first.close();
    const again = await start(stores());
    expect(await scores(again)).toEqual(before);
    expect(again.accounts[0]?.world.writes).toHaveLength(0);
    expect(again.accounts[1]?.world.writes).toHaveLength(1);
  });

  it('are both restated when a correction names no ad, and the one that has the ad when it does', async () => {
    const one = await start();
    await control(one, 'restate', { fromMs: 0, toMs: 1, factor: 1.1 });
    await control(one, 'restate', { adId: plan.ads[0]?.id, fromMs: 0, toMs: 1, factor: 1.1 });
    expect(one.accounts.map(({ world }) => world.books.corrections.length)).toEqual([2, 1]);
    expect(await control(one, 'restate', { adId: '1', fromMs: 0, toMs: 1, factor: 1.1 })).toHaveProperty(
      'error',
    );
  });
});

describe('the score in words', () => {
  const account = (label: string, withBidloop: number, leftAlone: number) => ({
    label,
    withBidloopMicros: withBidloop * 1e6,
    leftAloneMicros: leftAlone * 1e6,
  });

  it('is what each account earned more than left alone, with its profit beside', () => {
    expect(
      scoreView({ accounts: [account('rules', -300.4, -1540.2), account('autopilot', 470, -1540.2)] }, 'USD'),
    ).toEqual({
      accounts: [
        { label: 'rules', profit: '−$300', difference: '+$1,240', ahead: true },
        { label: 'autopilot', profit: '+$470', difference: '+$2,010', ahead: true },
      ],
      leftAlone: { profit: '−$1,540', difference: '$0' },
    });
  });

  it('has no sign where there is no whole unit, and is not ahead then', () => {
    expect(scoreView({ accounts: [account('rules', 10.4, 10)] }, 'USD')?.accounts[0]).toEqual({
      label: 'rules',
      profit: '+$10',
      difference: '$0',
      ahead: false,
    });
  });

  it('is nothing without accounts', () => {
    expect(scoreView({ accounts: [] }, 'USD')).toBeNull();
  });
});
