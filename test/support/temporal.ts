import { inject } from 'vitest';

export interface TestTemporal {
  /** host:port of the run's Temporal server. */
  readonly address: string;
  /** Shared by all files: take task queues and workflow ids of your own. */
  readonly namespace: string;
  /** For `Worker.create({ workflowBundle: { codePath } })`. */
  readonly workflowBundlePath: string;
}

/** The real Temporal server of this run. Only in the projects "workflows" and "e2e". */
export function testTemporal(): TestTemporal {
  const workflowBundlePath = inject('workflowBundlePath');
  if (workflowBundlePath === null) throw new Error('there is no workflows/index.ts yet');
  return { address: inject('temporalAddress'), namespace: 'default', workflowBundlePath };
}
