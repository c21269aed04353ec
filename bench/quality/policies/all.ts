import type { Policy } from '../policy.ts';
import { BIDS } from './bids.ts';
import { NETWORK } from './network.ts';
import { OBSERVER } from './observer.ts';
import { PILOTS } from './pilot.ts';
import { RULES } from './rules.ts';
import { SIMPLE } from './simple.ts';
import { STATISTICAL } from './statistical.ts';

/** Every policy of the bench by its id, in the order of the tables. */
export const POLICIES: readonly Policy[] = [
  ...SIMPLE,
  ...RULES,
  ...NETWORK,
  ...STATISTICAL,
  ...PILOTS,
  ...BIDS,
  OBSERVER,
];
