import { setCurrentDetails, sleep } from '@temporalio/workflow';
import type { ActInput } from '../activities/contract.ts';
import { records } from './change.ts';

/** After the change: its effect, and the end of a pause that was meant to end. */
export async function lookAgainLater(input: ActInput): Promise<void> {
  const { checkAfterMs, resumeAfterMs } = input;
  const check = async () => {
    if (checkAfterMs === null) return;
    await sleep(checkAfterMs, { summary: 'then look at the effect' });
    const effect = await records.measureEffect({ decisionId: input.decisionId });
    setCurrentDetails(effect.page);
  };
  const resume = async () => {
    for (let waitMs = resumeAfterMs; waitMs !== null;) {
      await sleep(waitMs, { summary: 'then end the pause, if it is still ours' });
      const ended = await records.endPause({ decisionId: input.decisionId });
      setCurrentDetails(ended.page);
      waitMs = ended.waitMs;
    }
  };
  await Promise.all([check(), resume()]);
}
