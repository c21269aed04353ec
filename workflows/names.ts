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
} as const;

export const SCHEDULE_ID = {
  sync: (accountId: string) => `sync:${accountId}`,
  fullPass: (accountId: string) => `full-pass:${accountId}`,
  maintain: 'maintain',
} as const;

/** The one shard that drains all 64 slots by default. */
export const DEFAULT_SHARD = 'all';
