import { continueAsNew, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { IngestActivities, IngestInput } from '../activities/contract.ts';

const LOOPS_PER_RUN = 120;

/**
 * The lasting watch over one inbox shard: one long drain after another. Exactly-once comes from the drain's
 * transactions; this only sees to it that there always is one.
 */
export async function ingest(input: IngestInput): Promise<void> {
  const { drain } = proxyActivities<IngestActivities>({
    startToCloseTimeout: input.forMs + 60_000,
    // A dead worker is noticed by its silence. One batch takes well under a second.
    heartbeatTimeout: '15 seconds',
    // For ever: the inbox keeps everything until a drain gets through.
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
  });
  const loops = input.loopsPerRun ?? LOOPS_PER_RUN;
  let rows = input.rowsBefore ?? 0;
  for (let loop = 0; loop < loops && !workflowInfo().continueAsNewSuggested; loop += 1) {
    const result = await drain.executeWithOptions({ summary: 'inbox to conversions' }, [
      { shard: input.shard, forMs: input.forMs },
    ]);
    rows += result.rows;
    setCurrentDetails(
      `${rows} postbacks drained; the last ${result.batches} batches held ${result.rows}, ${result.conversions} of them new conversions, the slowest ${result.worstLagMs} ms after its receipt`,
    );
  }
  await continueAsNew<typeof ingest>({ ...input, rowsBefore: rows });
}
