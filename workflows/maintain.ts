import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { MaintainActivities } from '../activities/contract.ts';

// Each step can be repeated; the next run of the schedule comes anyway.
const { maintain: runMaintenance } = proxyActivities<MaintainActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '2 minutes',
  retry: {
    initialInterval: '5 seconds',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 4,
  },
});

/** One pass of housekeeping, started by its schedule. */
export async function maintain(): Promise<{ readonly sentence: string }> {
  const result = await runMaintenance.executeWithOptions(
    { summary: 'partitions, expired keys, private data' },
    [],
  );
  setCurrentDetails(result.sentence);
  return result;
}
