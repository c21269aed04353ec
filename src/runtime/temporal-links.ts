/** One ready list of Temporal UI: saved views live in one browser only, so the address is the view. */
export interface TemporalLink {
  readonly title: string;
  readonly query: string;
  readonly url: string;
}

/** Types of the workflows that carry decisions out. */
const ACTS = `WorkflowType IN ("pauseObject", "resumeObject", "changeBid", "changeBudget")`;
const REFUSED = `BidOutcome IN ("guardrail", "halted", "writes_not_allowed", "network_refused", "superseded", "target_busy", "rejected", "expired")`;

/**
 * The lists an operator looks at.
 *
 * @param ui base address of Temporal UI, without a slash at the end.
 * @param wallMs wall time: workflows live in it.
 * @param rule "strategy / rule", for one more list.
 */
export function temporalLinks(
  ui: string,
  namespace: string,
  wallMs: number,
  rule?: string,
): readonly TemporalLink[] {
  const today = `${new Date(wallMs).toISOString().slice(0, 10)}T00:00:00Z`;
  const lists: readonly (readonly [string, string])[] = [
    ['waiting for approval', `BidOutcome = "waiting" AND ExecutionStatus = "Running"`],
    ['acted today', `BidOutcome = "applied" AND StartTime >= "${today}"`],
    ['refused or not done', `${ACTS} AND ${REFUSED}`],
    ['someone must look', `${ACTS} AND ExecutionStatus IN ("Failed", "Terminated", "TimedOut")`],
    ['pauses', `BidAction = "pause"`],
    ['bid and budget changes', `BidAction IN ("set_bid", "set_budget")`],
    ...(rule === undefined
      ? []
      : [[`by the rule ${rule}`, `BidRule = "${rule.replaceAll('"', '\\"')}"`] as const]),
  ];
  return lists.map(([title, query]) => ({
    title,
    query,
    url: `${ui}/namespaces/${namespace}/workflows?query=${encodeURIComponent(query)}`,
  }));
}

/** The page of one decision's workflow. */
export function decisionLink(ui: string, namespace: string, decisionId: string): string {
  return `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(`act:${decisionId}`)}`;
}
