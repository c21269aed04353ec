// Table of contents: every workflow a worker serves.
export { changeBid, changeBudget, pauseObject, resumeObject } from './act.ts';
export { watchAlerts } from './alerts.ts';
export { forwardConversions } from './forward.ts';
export { ingest } from './ingest.ts';
export { learn } from './learn.ts';
export { maintain } from './maintain.ts';
export { fullPass, optimizeAccount } from './optimize.ts';
export { sync } from './sync.ts';
