import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ForwardActivities, ForwardWorkspaceInput } from '../activities/contract.ts';
import { FORWARD_SIGNAL } from './names.ts';

// Retries of a postback are the log's own, by its receiver's answer; these are for a database that is away.
const { forward } = proxyActivities<ForwardActivities>({
  startToCloseTimeout: '5 minutes',
  // A dead worker is noticed by its silence; sending what one look takes lasts under twenty seconds.
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});

const wake = defineSignal(FORWARD_SIGNAL);

/**
 * Forwards one workspace's conversions: a batch when ingest has changed some, when a retry is due, and now and then by
 * itself. It holds no conversion and no address; facts, due times and the log stay in PostgreSQL.
 */
export async function forwardConversions(input: ForwardWorkspaceInput): Promise<void> {
  let woken = input.woken;
  setHandler(wake, () => {
    woken = true;
  });
  let waitMs = 0;

  for (let pass = 0; pass < input.passesPerRun && !workflowInfo().continueAsNewSuggested; pass += 1) {
    if (waitMs > 0) await condition(() => woken, waitMs, { summary: 'until the next is due' });
    const summary = woken ? 'conversions that changed' : 'what is due';
    woken = false;
    const result = await forward.executeWithOptions({ summary }, [
      { workspaceId: input.workspaceId, forMs: input.forMs },
    ]);
    setCurrentDetails(result.sentence);
    // The last destination is gone. A new one starts it again.
    if (!result.inUse && !woken) return;
    waitMs = Math.min(input.lookEveryMs, Math.max(1, result.nextInMs ?? input.lookEveryMs));
  }

  await continueAsNew<typeof forwardConversions>({ ...input, woken });
}
