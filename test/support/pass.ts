import { judge } from '../../activities/judge.ts';
import { micros } from '../../src/core/money.ts';
import type { Db } from '../../src/db/connection.ts';
import { loadSettled } from '../../src/db/decision-busy.ts';
import { storeDecisions, type StoreResult } from '../../src/db/decision-store.ts';
import { loadEvidence, type StrategyEvidence } from '../../src/db/evidence.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import type { SeededAccount } from './seed-account.ts';

/** The evidence of every object and strategy of an account. */
export async function evidenceAt(
  db: Db,
  account: SeededAccount,
  nowMs = account.nowMs,
): Promise<readonly StrategyEvidence[]> {
  return loadEvidence(db, {
    accountId: account.accountId,
    campaignIds: 'all',
    strategies: await loadCurrentStrategies(db, account.workspaceId),
    nowMs,
    moneyStepMicros: micros(10_000),
    inboxPatienceMs: 120_000,
  });
}

/** One pass as the optimize activity makes it, with something happening between its evidence and its storing. */
export async function passAt(
  db: Db,
  account: SeededAccount,
  options: { readonly nowMs?: number; readonly asOfMs?: number; readonly between?: () => Promise<void> } = {},
): Promise<StoreResult> {
  const { nowMs = account.nowMs, asOfMs = account.asOfMs } = options;
  const settledBefore = await loadSettled(db, { accountId: account.accountId, nowMs });
  const found = await evidenceAt(db, account, nowMs);
  await options.between?.();
  return storeDecisions(db, {
    workspaceId: account.workspaceId,
    accountId: account.accountId,
    asOfMs,
    nowMs,
    wallMs: Date.now(),
    judged: await judge(db, found, { accountId: account.accountId, nowMs }),
    settledBefore,
  });
}
