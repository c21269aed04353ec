import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { SyncActivities, SyncInput, SyncResult } from '../activities/contract.ts';
import { networkQueue } from './names.ts';

/**
 * One reading of an ad account: objects and spend. Started by the account's schedules; the next run comes anyway, so
 * a run that cannot get through gives up after a few tries instead of queueing behind itself.
 */
export async function sync(input: SyncInput): Promise<SyncResult> {
  const { syncAccount } = proxyActivities<SyncActivities>({
    taskQueue: networkQueue(input.accountId),
    startToCloseTimeout: input.depth === 'deep' ? '30 minutes' : '5 minutes',
    // A worker that dies is noticed by its silence, not by the long limit above.
    heartbeatTimeout: '90 seconds',
    // No worker on the account's queue: the next run is better than a pile of old ones.
    scheduleToStartTimeout: '2 minutes',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '1 minute',
      maximumAttempts: 4,
    },
  });
  const result = await syncAccount.executeWithOptions(
    { summary: input.depth === 'deep' ? 'the last 28 days' : 'today and yesterday' },
    [input],
  );
  setCurrentDetails(
    `${result.objects} objects (${result.changedObjects} changed), ${result.spendRows} hours of spend (${result.restatedRows} restated)`,
  );
  return result;
}
