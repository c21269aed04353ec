import { continueAsNew, proxyActivities, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { AlertActivities, WatchAlertsInput } from '../activities/contract.ts';

// A look that fails is made again: by the next minute the trouble may be over, or worse.
const { lookForAlerts } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/**
 * The lasting watch over what is wrong: a look, then a pause. What is open and who was told stays in PostgreSQL, so a
 * look may be repeated. One workflow instead of a schedule: a schedule would leave a closed workflow for each look.
 */
export async function watchAlerts(input: WatchAlertsInput): Promise<void> {
  for (let look = 0; look < input.looksPerRun && !workflowInfo().continueAsNewSuggested; look += 1) {
    const { sentence } = await lookForAlerts.executeWithOptions({ summary: 'what is wrong' }, []);
    setCurrentDetails(sentence);
    await sleep(input.everyMs, { summary: 'until the next look' });
  }
  await continueAsNew<typeof watchAlerts>(input);
}
