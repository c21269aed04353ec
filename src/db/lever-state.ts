import type { LeverState } from '../core/object.ts';
import type { ObjectTable } from './tables.ts';

/** The columns of an object that a change can touch. */
export type LeverColumns = Pick<
  ObjectTable,
  'status' | 'bid_strategy' | 'bid_micros' | 'daily_budget_micros' | 'lifetime_budget_micros'
>;

/** A row's levers in the words of core. */
export function leverStateOf(row: LeverColumns): LeverState {
  return {
    status: row.status,
    bidStrategy: row.bid_strategy,
    bidMicros: row.bid_micros,
    dailyBudgetMicros: row.daily_budget_micros,
    lifetimeBudgetMicros: row.lifetime_budget_micros,
  };
}
