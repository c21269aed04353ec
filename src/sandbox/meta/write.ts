import {
  applyChange,
  type Change,
  type Setting,
  type SettingStatus,
  type World,
  type WriteRecord,
} from '../world.ts';
import { editQuota, GraphError, invalid } from './errors.ts';
import { minorMicros } from './money.ts';
import { listParam, minorParam, type Params, textParam } from './params.ts';
import { parents } from './entities.ts';

const HOUR_MS = 3_600_000;
const MAX_BUDGET_CHANGES_PER_HOUR = 4;
const STATUSES: readonly SettingStatus[] = ['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED'];
const STRATEGIES: Readonly<Record<string, Setting['bidStrategy']>> = {
  LOWEST_COST_WITHOUT_CAP: 'auto',
  LOWEST_COST_WITH_BID_CAP: 'bid_cap',
  COST_CAP: 'cost_cap',
};

/**
 * Checks and carries out one POST on an object.
 *
 * @returns the record, or null when nothing was to change (validate_only, or no field we know).
 * @throws GraphError as the network would answer.
 */
export function writeObject(
  world: World,
  setting: Setting,
  call: {
    readonly params: Params;
    readonly wallMs: number;
    readonly marketMs: number;
    readonly traceId: string;
  },
): WriteRecord | null {
  const change = readChange(world, setting, call.params);
  if (change.dailyBudgetMicros !== undefined) checkBudgetQuota(world, setting, call.marketMs);
  if ((listParam(call.params, 'execution_options') ?? []).includes('validate_only')) return null;
  if (Object.keys(change).length === 0) return null;
  return applyChange(world, setting, change, {
    by: 'api',
    wallMs: call.wallMs,
    marketMs: call.marketMs,
    requestId: call.traceId,
  });
}

function readChange(world: World, setting: Setting, params: Params): Change {
  const minor = minorMicros(world.plan.currency);
  const change: Change = {};
  const name = textParam(params, 'name');
  const status = textParam(params, 'status');
  const strategy = textParam(params, 'bid_strategy');
  const bid = minorParam(params, 'bid_amount');
  const daily = minorParam(params, 'daily_budget');
  const frozen = setting.status === 'ARCHIVED' || setting.status === 'DELETED';
  if (
    frozen &&
    (bid !== undefined || daily !== undefined || (status !== undefined && status !== 'DELETED'))
  ) {
    throw invalid(
      `This ${setting.level} is ${setting.status.toLowerCase()} and only its name can be changed`,
      1487056,
    );
  }
  if (minorParam(params, 'lifetime_budget'))
    throw invalid('A lifetime budget needs an end_time', 1885028, 'lifetime_budget');
  if (name !== undefined) change.name = name;
  if (status !== undefined) {
    const known = STATUSES.find((candidate) => candidate === status);
    if (!known) throw invalid(`Param status must be one of {${STATUSES.join(', ')}}`, undefined, 'status');
    change.status = known;
  }
  if (strategy !== undefined) {
    const known = STRATEGIES[strategy];
    if (!known) throw invalid('Param bid_strategy is not valid', undefined, 'bid_strategy');
    change.bidStrategy = known;
    if (known === 'auto') change.bidMicros = null;
    else if (bid === undefined && setting.bidMicros === null) {
      throw invalid('Bid amount required for the chosen bid strategy', 1815857, 'bid_amount');
    }
  }
  if (bid !== undefined) {
    if (setting.level !== 'adset')
      throw invalid('Param bid_amount can be set on ad sets only', undefined, 'bid_amount');
    if ((change.bidStrategy ?? setting.bidStrategy) === 'auto') {
      throw invalid('You cannot set a bid amount with the bid strategy lowest cost', 1885204, 'bid_amount');
    }
    if (bid < 1) throw invalid('Bid amount is too low', 1885272, 'bid_amount');
    change.bidMicros = bid * minor;
  }
  if (daily !== undefined) {
    checkBudgetPlace(world, setting);
    if (daily * minor < 1_000_000)
      throw invalid('The daily budget is below the minimum', 1885272, 'daily_budget');
    change.dailyBudgetMicros = daily * minor;
  }
  return change;
}

function checkBudgetPlace(world: World, setting: Setting): void {
  if (setting.level === 'ad') throw invalid('Ads have no budget', undefined, 'daily_budget');
  const { campaign } = parents(world, setting);
  if (setting.level === 'adset' && campaign && campaign.dailyBudgetMicros !== null) {
    throw invalid('You can only set an ad set budget or a campaign budget', 1885621, 'daily_budget');
  }
  if (setting.level === 'campaign' && setting.dailyBudgetMicros === null) {
    throw invalid('You can only set an ad set budget or a campaign budget', 1885621, 'daily_budget');
  }
}

function checkBudgetQuota(world: World, setting: Setting, marketMs: number): void {
  if (setting.level !== 'adset') return;
  const recent = world.writes.filter(
    (written) =>
      written.id === setting.id &&
      written.changes['dailyBudgetMicros'] !== undefined &&
      written.marketMs > marketMs - HOUR_MS,
  );
  if (recent.length >= MAX_BUDGET_CHANGES_PER_HOUR) throw editQuota();
}

/** For callers outside the wire: an edit by a person at the network's own screen, in our words. */
export function humanEdit(
  world: World,
  setting: Setting,
  change: Change,
  at: { wallMs: number; marketMs: number },
): WriteRecord {
  if (Object.keys(change).length === 0) throw new GraphError(100, 'a human edit changes at least one field');
  return applyChange(world, setting, change, { by: 'human', ...at, requestId: null });
}
