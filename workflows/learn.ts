import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { LearnActivities, LearnInput, LearnResult } from '../activities/contract.ts';

// Each step can be repeated; the next run of the schedule comes anyway.
const { learn: runLearning } = proxyActivities<LearnActivities>({
  startToCloseTimeout: '10 minutes',
  retry: {
    initialInterval: '5 seconds',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 4,
  },
});

/** One round of learning from an ad account's own past, started by its schedule. */
export async function learn(input: LearnInput): Promise<LearnResult> {
  const result = await runLearning.executeWithOptions({ summary: 'delays, rates, sizes of orders' }, [input]);
  setCurrentDetails(result.sentence);
  return result;
}
