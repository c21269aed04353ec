import { WORKFLOW_ID } from '../../workflows/names.ts';

/** Types of the workflows that carry decisions out. */
const ACTS = 'WorkflowType IN ("pauseObject", "resumeObject", "changeBid", "changeBudget")';
const NOT_DONE =
  'BidOutcome IN ("guardrail", "halted", "writes_not_allowed", "network_refused", "not_applied", "superseded", "target_busy", "rejected", "expired")';

/**
 * The lists of actions that an operator looks at, as filters of Temporal UI: its saved views live in one browser only,
 * so the address is the view.
 *
 * @param ui address of Temporal UI, without a slash at the end.
 * @param wallMs wall time: workflows live in it.
 */
export function temporalLists(
  ui: string,
  namespace: string,
  wallMs: number,
): { readonly label: string; readonly url: string }[] {
  const today = `${new Date(wallMs).toISOString().slice(0, 10)}T00:00:00Z`;
  const lists: readonly (readonly [label: string, query: string])[] = [
    ['waiting for approval', 'BidOutcome = "waiting" AND ExecutionStatus = "Running"'],
    ['done today', `BidOutcome = "applied" AND StartTime >= "${today}"`],
    ['refused or not done', `${ACTS} AND ${NOT_DONE}`],
    ['someone must look', `${ACTS} AND ExecutionStatus IN ("Failed", "Terminated", "TimedOut")`],
    ['pauses', 'BidAction = "pause"'],
    ['bid and budget changes', 'BidAction IN ("set_bid", "set_budget")'],
  ];
  return lists.map(([label, query]) => ({
    label,
    url: `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}`,
  }));
}

/** The record of one acting decision. */
export function workflowUrl(ui: string, namespace: string, decisionId: string): string {
  return `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(WORKFLOW_ID.act(decisionId))}`;
}
