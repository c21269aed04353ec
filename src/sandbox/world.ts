import type { BidStrategy, Level } from '../core/object.ts';
import { type Books, emptyBooks, record } from './books.ts';
import { createMarket, type MarketState, step, type Visit } from './market/market.ts';
import { type Levers, type MarketPlan, startingLevers } from './market/plan.ts';

export type SettingStatus = 'ACTIVE' | 'PAUSED' | 'ARCHIVED' | 'DELETED';

/** One object's settings as they stand at the simulated network. Money in micros. */
export interface Setting {
  readonly level: Exclude<Level, 'creative'>;
  /** Place in the plan's list of its level. */
  readonly index: number;
  readonly id: string;
  name: string;
  status: SettingStatus;
  bidStrategy: BidStrategy | null;
  bidMicros: number | null;
  dailyBudgetMicros: number | null;
  updatedMs: number;
}

/** One accepted write, by the API or by a person at the network's own screen. */
export interface WriteRecord {
  readonly seq: number;
  readonly wallMs: number;
  readonly marketMs: number;
  readonly by: 'api' | 'human';
  readonly level: Setting['level'];
  readonly id: string;
  readonly name: string;
  readonly changes: Readonly<
    Record<string, { readonly from: string | number | null; readonly to: string | number | null }>
  >;
  readonly requestId: string | null;
}

export interface Profit {
  readonly spendMicros: number;
  /** Value of the purchases that the clicks so far have earned, those still to arrive included. */
  readonly valueMicros: number;
}

/** Everything the simulated network knows. Plain data: a snapshot is its JSON. */
export interface World {
  readonly seed: number;
  readonly plan: MarketPlan;
  readonly startMs: number;
  market: MarketState;
  /** The same market with nobody touching it. */
  twin: MarketState;
  readonly books: Books;
  profit: Profit;
  twinProfit: Profit;
  readonly settings: Setting[];
  /** Newest write applied; the write log beside the snapshot may hold newer ones. */
  writeSeq: number;
  readonly writes: WriteRecord[];
}

export interface WorldOptions {
  readonly seed: number;
  readonly plan: MarketPlan;
  readonly startMs: number;
  readonly stepMs?: number;
}

export function createWorld(options: WorldOptions): World {
  const { seed, plan, startMs } = options;
  const market = createMarket(seed, options);
  const common = { status: 'ACTIVE', updatedMs: startMs } as const;
  return {
    seed,
    plan,
    startMs,
    market,
    twin: market,
    books: emptyBooks(seed, plan.timeZone),
    profit: { spendMicros: 0, valueMicros: 0 },
    twinProfit: { spendMicros: 0, valueMicros: 0 },
    settings: [
      ...plan.campaigns.map((campaign, index) => ({
        ...common,
        level: 'campaign' as const,
        index,
        id: campaign.id,
        name: campaign.name,
        bidStrategy: campaign.dailyBudgetMicros === null ? null : ('auto' as const),
        bidMicros: null,
        dailyBudgetMicros: campaign.dailyBudgetMicros,
      })),
      ...plan.adsets.map((adset, index) => ({
        ...common,
        level: 'adset' as const,
        index,
        id: adset.id,
        name: adset.name,
        bidStrategy: adset.bidStrategy,
        bidMicros: adset.bidMicros,
        dailyBudgetMicros: adset.dailyBudgetMicros,
      })),
      ...plan.ads.map((ad, index) => ({
        ...common,
        level: 'ad' as const,
        index,
        id: ad.id,
        name: ad.name,
        bidStrategy: null,
        bidMicros: null,
        dailyBudgetMicros: null,
      })),
    ],
    writeSeq: 0,
    writes: [],
  };
}

/** The levers as the settings have them now. */
export function currentLevers(world: World): Levers {
  const of = (level: Level): Setting[] => world.settings.filter((setting) => setting.level === level);
  return {
    campaigns: of('campaign').map((s) => ({
      on: s.status === 'ACTIVE',
      dailyBudgetMicros: s.dailyBudgetMicros,
    })),
    adsets: of('adset').map((s) => ({
      on: s.status === 'ACTIVE',
      bidStrategy: s.bidStrategy ?? 'auto',
      bidMicros: s.bidMicros,
      dailyBudgetMicros: s.dailyBudgetMicros,
    })),
    ads: of('ad').map((s) => ({ on: s.status === 'ACTIVE' })),
  };
}

/**
 * Lets both markets run to `toMs`, keeps the books, and hands out the real one's visitors.
 *
 * Called before every write too, so that a change takes effect from its own instant on.
 */
export function advance(world: World, toMs: number): readonly Visit[] {
  if (world.market.nowMs + world.market.stepMs > toMs) return [];
  const real = step(world.market, toMs, currentLevers(world));
  const twin = step(world.twin, toMs, startingLevers(world.plan));
  world.market = real.state;
  world.twin = twin.state;
  record(world.books, real.events.deliveries);
  world.profit = grown(world.profit, real.events);
  world.twinProfit = grown(world.twinProfit, twin.events);
  return real.events.visits;
}

function grown(profit: Profit, events: ReturnType<typeof step>['events']): Profit {
  let { spendMicros, valueMicros } = profit;
  for (const delivery of events.deliveries) spendMicros += delivery.spendMicros;
  for (const visit of events.visits) valueMicros += visit.purchase?.valueMicros ?? 0;
  return { spendMicros, valueMicros };
}

export type Change = Partial<
  Pick<Setting, 'name' | 'status' | 'bidStrategy' | 'bidMicros' | 'dailyBudgetMicros'>
>;

/** Applies one change and makes its record; the caller stores the record before it answers. */
export function applyChange(
  world: World,
  setting: Setting,
  change: Change,
  facts: {
    readonly by: 'api' | 'human';
    readonly wallMs: number;
    readonly marketMs: number;
    readonly requestId: string | null;
  },
): WriteRecord {
  const changes: Record<string, { from: string | number | null; to: string | number | null }> = {};
  for (const key of Object.keys(change) as (keyof Change)[]) {
    const to = change[key];
    if (to !== undefined) changes[key] = { from: setting[key], to };
  }
  Object.assign(setting, change, { updatedMs: facts.marketMs });
  world.writeSeq += 1;
  const written = {
    seq: world.writeSeq,
    ...facts,
    level: setting.level,
    id: setting.id,
    name: setting.name,
    changes,
  };
  world.writes.push(written);
  return written;
}

/** Applies a record from the write log that is newer than the snapshot. */
export function replayWrite(world: World, written: WriteRecord): void {
  if (written.seq <= world.writeSeq) return;
  const setting = world.settings.find((candidate) => candidate.id === written.id);
  if (!setting) return;
  const change = Object.fromEntries(Object.entries(written.changes).map(([key, value]) => [key, value.to]));
  Object.assign(setting, change, { updatedMs: written.marketMs });
  world.writeSeq = written.seq;
  world.writes.push(written);
}

/** Profit of the touched market and of its untouched twin, micros, over the same market time. */
export function score(world: World): {
  readonly withBidloopMicros: number;
  readonly leftAloneMicros: number;
  readonly sinceMs: number;
  readonly toMs: number;
} {
  return {
    withBidloopMicros: world.profit.valueMicros - world.profit.spendMicros,
    leftAloneMicros: world.twinProfit.valueMicros - world.twinProfit.spendMicros,
    sinceMs: world.startMs,
    toMs: world.market.nowMs,
  };
}
