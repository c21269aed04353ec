import type { Client } from '@temporalio/client';
import type { ForwardWorkspaceInput } from '../../activities/contract.ts';
import { FORWARD_SIGNAL, TASK_QUEUE, WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';

/** Wakes the forwarder of a workspace. */
export type WakeForward = (workspaceId: string) => Promise<void>;

/** Short, so that what changes meanwhile is planned soon. */
const PASS_FOR_MS = 10_000;
const LOOK_EVERY_MS = 300_000;
const PASSES_PER_RUN = 100;

const summaryOf = (workspaceId: string): string =>
  `forwards conversions of ${workspaceId} to its destinations`;

function inputOf(workspaceId: string): ForwardWorkspaceInput {
  return {
    workspaceId,
    forMs: PASS_FOR_MS,
    woken: false,
    lookEveryMs: LOOK_EVERY_MS,
    passesPerRun: PASSES_PER_RUN,
  };
}

/** Signals the workspace's forwarder, starting it when it is not there. Throws when Temporal cannot be reached. */
export function createWakeForward(client: Client): WakeForward {
  return async (workspaceId) => {
    await client.workflow.signalWithStart(WORKFLOW.forward, {
      workflowId: WORKFLOW_ID.forward(workspaceId),
      taskQueue: TASK_QUEUE,
      args: [inputOf(workspaceId)],
      signal: FORWARD_SIGNAL,
      staticSummary: summaryOf(workspaceId),
    });
  };
}

/** Sees to it that a workspace with a destination has its forwarder, whatever became of the last one. */
export async function ensureForward(client: Client, workspaceId: string): Promise<void> {
  await client.workflow.start(WORKFLOW.forward, {
    workflowId: WORKFLOW_ID.forward(workspaceId),
    taskQueue: TASK_QUEUE,
    args: [inputOf(workspaceId)],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: summaryOf(workspaceId),
  });
}
