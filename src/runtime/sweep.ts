import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { WORKFLOW_ID } from '../../workflows/names.ts';
import type { Db } from '../db/connection.ts';
import { endPause } from '../db/follow-up.ts';
import { listLeases, releaseLease } from '../db/lease.ts';
import { closeAbandoned, listUnfinished } from '../db/unfinished.ts';

/** Where a workflow stands: `gone` when Temporal has never heard of it, or no longer. */
type Standing = 'running' | 'closed' | 'gone';

/**
 * Ends what workflows that no longer run have left: terminated by hand, or forgotten by a server that was replaced.
 * Leases are released, open decisions closed, pauses that a lost workflow should have ended are ended.
 *
 * @param clock of the account's workspace.
 */
export async function sweep(
  db: Db,
  client: Client,
  accountId: string,
  clock: { readonly nowMs: number; readonly wallMs: number; readonly rate: number },
): Promise<void> {
  for (const lease of await listLeases(db, accountId)) {
    if ((await standing(client, lease.workflowId)) !== 'running') await releaseLease(db, lease.decisionId);
  }
  for (const { decisionId, left } of await listUnfinished(db, { accountId, nowMs: clock.nowMs })) {
    const now = await standing(client, WORKFLOW_ID.act(decisionId));
    // A workflow records its outcome before it ends, so nothing of a closed one is under way.
    if (left === 'open' && now !== 'running') await closeAbandoned(db, { decisionId, nowMs: clock.nowMs });
    // One that was ended by hand meant the pause to stay.
    if (left === 'pause' && now === 'gone') await endPause(db, { decisionId, ...clock });
  }
}

async function standing(client: Client, workflowId: string): Promise<Standing> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING'
      ? 'running'
      : 'closed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    throw error;
  }
}
