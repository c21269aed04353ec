/** Names that clients, workers and workflows share. Pure constants: this file enters the workflow bundle. */
export const TASK_QUEUE = 'bidloop';

/** One queue per ad account for its API calls; the queue's server-side rate is the account's rate limit. */
export function networkQueue(accountId: string): string {
  return `network:${accountId}`;
}

export const WORKFLOW_ID = {
  ingest: (shard: string) => `ingest:${shard}`,
  optimize: (accountId: string) => `optimize:${accountId}`,
  act: (decisionId: string) => `act:${decisionId}`,
  forward: (workspaceId: string) => `forward:${workspaceId}`,
  alerts: 'alerts',
} as const;

export const SCHEDULE_ID = {
  sync: (accountId: string) => `sync:${accountId}`,
  deepSync: (accountId: string) => `deep-sync:${accountId}`,
  fullPass: (accountId: string) => `full-pass:${accountId}`,
  learn: (accountId: string) => `learn:${accountId}`,
  maintain: 'maintain',
} as const;

/** The one shard that drains all 64 slots by default. */
export const DEFAULT_SHARD = 'all';

/** Workflow types: what Temporal UI shows in its first column. */
export const WORKFLOW = {
  ingest: 'ingest',
  sync: 'sync',
  learn: 'learn',
  maintain: 'maintain',
  optimizeAccount: 'optimizeAccount',
  fullPass: 'fullPass',
  forward: 'forwardConversions',
  alerts: 'watchAlerts',
  pause: 'pauseObject',
  resume: 'resumeObject',
  set_bid: 'changeBid',
  set_budget: 'changeBudget',
} as const;

/** Signal of `optimizeAccount`: campaign ids with news; an empty list only starts decisions that wait to be started. */
export const NEWS_SIGNAL = 'news';

/** Signal of `forwardConversions`: conversions changed, or something was made due. */
export const FORWARD_SIGNAL = 'wake';

/** Update of an act workflow that waits for a person: {@link ApprovalAnswer} of activities/contract.ts. */
export const DECIDE_UPDATE = 'decide';

/** Signal of an act workflow: a later decision (its id) takes the place of one that still waits for approval. */
export const SUPERSEDE_SIGNAL = 'supersede';
