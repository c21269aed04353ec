import { WORKFLOW_ID } from '../../workflows/names.ts';

/** The lists of actions that people look for, as filters of Temporal UI. */
const LISTS: readonly { readonly label: string; readonly query: string }[] = [
  { label: 'waiting for approval', query: 'BidOutcome="waiting"' },
  { label: 'under way', query: 'BidOutcome="acting"' },
  { label: 'carried out', query: 'BidOutcome="applied"' },
  {
    label: 'refused or held',
    query:
      'BidOutcome IN ("guardrail","halted","writes_not_allowed","network_refused","not_applied","superseded","rejected","expired")',
  },
];

/** @param ui address of Temporal UI, without a slash at the end. */
export function temporalLists(
  ui: string,
  namespace: string,
): { readonly label: string; readonly url: string }[] {
  return LISTS.map(({ label, query }) => ({
    label,
    url: `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}`,
  }));
}

/** The record of one acting decision. */
export function workflowUrl(ui: string, namespace: string, decisionId: string): string {
  return `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(WORKFLOW_ID.act(decisionId))}`;
}
