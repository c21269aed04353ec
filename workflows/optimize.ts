import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { OptimizeAccountInput, OptimizeActivities, OptimizeResult } from '../activities/contract.ts';
import { NEWS_SIGNAL } from './names.ts';

// A pass is set-based and nearly always short; that of a large account goes by batches and tells of each. A database that
// is away is waited for, because news must not be lost.
const { optimize } = proxyActivities<OptimizeActivities>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '2 minutes',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});

const news = defineSignal<[readonly number[]]>(NEWS_SIGNAL);

/**
 * Wakes for one ad account's news: at once for the first, then at most one pass per `gapMs`. It holds only the ids of
 * campaigns that wait; facts stay in PostgreSQL.
 */
export async function optimizeAccount(input: OptimizeAccountInput): Promise<void> {
  const waiting = new Set<number>(input.campaignIds);
  let woken = input.woken;
  setHandler(news, (campaignIds) => {
    for (const id of campaignIds) waiting.add(id);
    woken = true;
  });

  for (let pass = 0; pass < input.passesPerRun && !workflowInfo().continueAsNewSuggested; pass += 1) {
    await condition(() => woken);
    // Runs beside the pass, so that the time between two starts is counted.
    const gap = sleep(input.gapMs, { summary: 'at most one pass in this time' });
    const campaignIds = [...waiting];
    waiting.clear();
    woken = false;
    const result = await optimize.executeWithOptions(
      {
        summary:
          campaignIds.length === 1 ? 'news of one campaign' : `news of ${campaignIds.length} campaigns`,
      },
      [{ accountId: input.accountId, campaignIds }],
    );
    setCurrentDetails(result.sentence);
    await gap;
  }

  await continueAsNew<typeof optimizeAccount>({ ...input, campaignIds: [...waiting], woken });
}

/** One look at every object of an account, started by its schedule. */
export async function fullPass(input: { readonly accountId: string }): Promise<OptimizeResult> {
  const result = await optimize.executeWithOptions({ summary: 'every campaign' }, [
    { accountId: input.accountId, campaignIds: 'all' },
  ]);
  setCurrentDetails(result.sentence);
  return result;
}
