import { ApplicationFailure, Context } from '@temporalio/activity';
import type { ObjectId } from '../src/core/object.ts';
import { addDays, dayOf } from '../src/core/zone.ts';
import { findAccount, recordSynced, recordSyncError } from '../src/db/accounts.ts';
import { addCampaignNews } from '../src/db/campaign-news.ts';
import type { Db } from '../src/db/connection.ts';
import { storeObjects } from '../src/db/objects.ts';
import { extendTotals } from '../src/db/running-totals.ts';
import { storeSpend } from '../src/db/spend.ts';
import { type AccountAccess, type AdNetwork, NetworkError } from '../src/networks/ad-network.ts';
import type { SyncActivities, SyncInput, SyncResult } from './contract.ts';

/** Hours of today and yesterday are still restated; once a day the four weeks behind them are read again. */
const DAYS_BACK = { trailing: 1, deep: 28 } as const;

export interface SyncDeps {
  readonly db: Db;
  /** @throws when no adapter of that name is installed. */
  readonly networkOf: (network: string) => AdNetwork;
  /** Opens the account's credentials; they stay inside the activity. */
  readonly openAccess: (accountId: string) => Promise<AccountAccess>;
  /** Workspace time of the account's workspace. */
  readonly nowOf: (accountId: string) => Promise<number>;
  /** Called after the facts are committed. */
  readonly wakeOptimizer: (accountId: string, campaignIds: readonly number[]) => Promise<void>;
  /** Counts what waited for objects that are now known; in the same transaction. */
  readonly resolveLateObjects?: (trx: Db, accountId: string) => Promise<unknown>;
}

/** Reads an account's objects and spend from its network and keeps them as facts with the time they were known. */
export function createSyncActivities(deps: SyncDeps): SyncActivities {
  return {
    async syncAccount(input) {
      try {
        return await sync(deps, input);
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        await recordSyncError(deps.db, input.accountId, error.message);
        throw asFailure(error);
      }
    },
  };
}

async function sync(deps: SyncDeps, input: SyncInput): Promise<SyncResult> {
  const { accountId } = input;
  const account = await findAccount(deps.db, accountId);
  if (!account)
    throw ApplicationFailure.nonRetryable(`there is no ad account ${accountId}`, 'UNKNOWN_ACCOUNT');
  // Disconnected: its schedules may outlive it for a moment.
  if (account.credentials_sealed === null) {
    return { objects: 0, changedObjects: 0, spendRows: 0, restatedRows: 0, asOfMs: null };
  }
  const network = deps.networkOf(account.network);
  const access = await deps.openAccess(accountId);

  const readAtMs = await deps.nowOf(accountId);
  const objects = await network.listObjects(access);
  Context.current().heartbeat({ objects: objects.length });
  const today = dayOf(readAtMs, account.time_zone).date;
  const days = { since: addDays(today, -DAYS_BACK[input.depth]), until: today };
  // The time before the question: an hour counts as reported only when it was complete before we asked.
  const askedAtMs = await deps.nowOf(accountId);
  const report = await network.reportSpend(access, days, askedAtMs);
  Context.current().heartbeat({ objects: objects.length, spendRows: report.rows.length });

  const nowMs = await deps.nowOf(accountId);
  const asOfMs = report.asOfMs;
  const result = await deps.db.transaction().execute(async (trx) => {
    const stored = await storeObjects(trx, {
      workspaceId: account.workspace_id,
      accountId,
      objects,
      readAtMs,
      nowMs,
    });
    const campaignOf = new Map([...stored.ads.values()].map((ad) => [ad.id, ad.campaignId]));
    const spend = await storeSpend(trx, {
      accountId,
      zone: account.time_zone,
      rows: report.rows.flatMap((row) => {
        const ad = stored.ads.get(row.adNetworkId);
        return ad === undefined ? [] : [{ ...row, objectId: ad.id }];
      }),
      knownFromMs: nowMs,
    });
    await deps.resolveLateObjects?.(trx, accountId);
    if (asOfMs !== null) await extendTotals(trx, accountId, dayOf(asOfMs - 1, account.time_zone).date);
    await recordSynced(trx, accountId, { asOfMs, nowMs });
    // Every window ends at asOf: when it moves on, every campaign's figures have.
    const moved = asOfMs !== null && asOfMs > (account.spend_as_of?.getTime() ?? 0);
    const spent = moved ? [...campaignOf.values()] : spend.objectIds.map((id) => campaignOf.get(id) ?? null);
    const campaignIds = [...new Set<ObjectId | null>([...stored.campaignIds, ...spent])].filter(
      (id) => id !== null,
    );
    await addCampaignNews(trx, accountId, campaignIds, nowMs);
    return { stored, spend, campaignIds };
  });
  if (result.campaignIds.length > 0) await deps.wakeOptimizer(accountId, result.campaignIds);
  return {
    objects: objects.length,
    changedObjects: result.stored.changed,
    spendRows: report.rows.length,
    restatedRows: result.spend.restated,
    asOfMs,
  };
}

/** Which failures Temporal tries again, and when. The token is never part of a message. */
function asFailure(error: NetworkError): ApplicationFailure {
  const final =
    error.errorClass === 'AUTH_DEAD' ||
    error.errorClass === 'PERMISSION' ||
    error.errorClass === 'INVALID' ||
    error.errorClass === 'GONE';
  return ApplicationFailure.create({
    type: error.errorClass,
    message: error.message,
    nonRetryable: final,
    ...(final ? {} : { category: 'BENIGN' as const }),
    ...(error.retryAfterMs === null ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}
