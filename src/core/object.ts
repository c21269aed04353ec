import type { Micros } from './money.ts';

/** Row ids of the `object` table. */
export type ObjectId = number & { readonly __id: 'object' };

export type Level = 'campaign' | 'adset' | 'ad' | 'creative';
export const LEVELS: readonly Level[] = ['campaign', 'adset', 'ad', 'creative'];

export type ObjectStatus = 'active' | 'paused' | 'archived' | 'deleted';

/** How an object bids. `auto` has no bid to raise. */
export type BidStrategy = 'auto' | 'bid_cap' | 'cost_cap' | 'min_roas' | 'manual_cpc';

/** What can be moved on an object. */
export type LeverKind = 'status' | 'bid' | 'budget';

/** The values that a change of one object can touch, as last known or as read live. */
export interface LeverState {
  readonly status: ObjectStatus;
  readonly bidStrategy: BidStrategy | null;
  readonly bidMicros: Micros | null;
  readonly dailyBudgetMicros: Micros | null;
  readonly lifetimeBudgetMicros: Micros | null;
}

/** One object with what rules may ask about it. Instants are ms since the epoch. */
export interface ObjectFacts extends LeverState {
  readonly id: ObjectId;
  readonly level: Level;
  readonly networkId: string;
  readonly name: string;
  /** True once parents and reviews are counted in: active, campaign_paused, adset_paused, in_review, disapproved, ... */
  readonly delivery: string;
  readonly learning: string | null;
  readonly labels: readonly string[];
  readonly campaignId: ObjectId | null;
  readonly adsetId: ObjectId | null;
  readonly createdAtMs: number;
}
