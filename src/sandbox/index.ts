/** What other rooms may use of the sandbox; the market behind it stays its own affair. */
export { drawnPlan } from './market/drawn-plan.ts';
export { samplePlan } from './market/sample-plan.ts';
export { twinPlan } from './twin-plan.ts';
export { followClock, ownClock } from './market-clock.ts';
export type { AccountOptions } from './account.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';
export { folderStore, noStore } from './store.ts';
