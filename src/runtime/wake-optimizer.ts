import type { Client } from '@temporalio/client';
import type { OptimizeAccountInput } from '../../activities/contract.ts';
import { NEWS_SIGNAL, TASK_QUEUE, WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';

/** Wakes the optimizer of an account for campaigns with news; none at all only starts decisions that wait to be started. */
export type WakeOptimizer = (accountId: string, campaignIds: readonly number[]) => Promise<void>;

/** At most this many campaign ids travel in one signal; beyond it the full pass is the cheaper way anyway. */
const MAX_IDS = 2_000;

/** Least wall time between two passes of one account. */
const GAP_MS = 1_000;
/** About ten events a pass: an auditor reads a history of a thousand, and Temporal keeps it small. */
const PASSES_PER_RUN = 100;

/** What a fresh optimizer workflow is started with. */
export function optimizerInput(accountId: string): OptimizeAccountInput {
  return { accountId, campaignIds: [], woken: false, gapMs: GAP_MS, passesPerRun: PASSES_PER_RUN };
}

/** Signals the account's optimizer, starting it when it is not there. Throws when Temporal cannot be reached. */
export function createWakeOptimizer(client: Client): WakeOptimizer {
  return async (accountId, campaignIds) => {
    await client.workflow.signalWithStart(WORKFLOW.optimizeAccount, {
      workflowId: WORKFLOW_ID.optimize(accountId),
      taskQueue: TASK_QUEUE,
      args: [optimizerInput(accountId)],
      signal: NEWS_SIGNAL,
      signalArgs: [campaignIds.slice(0, MAX_IDS)],
      staticSummary: `decides for ${accountId} as postbacks and costs arrive`,
    });
  };
}
