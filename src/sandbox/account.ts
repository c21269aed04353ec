import type { MarketPlan } from './market/plan.ts';
import type { MarketClock } from './market-clock.ts';
import type { AccountFacts } from './meta/graph.ts';
import type { Store } from './store.ts';
import { type TrackingTarget, Visitors, type VisitorsState } from './visitors.ts';
import { advance, createWorld, replayWrite, score, type World, type WriteRecord } from './world.ts';

/** One ad account on a simulated market. */
export interface AccountOptions {
  readonly plan: MarketPlan;
  readonly store: Store;
  readonly account: AccountFacts;
  /** Where visitors and postbacks go; null for a market without people. */
  readonly tracking: TrackingTarget | null;
  /** Who looks after it, for the score: "rules". */
  readonly label?: string;
}

/** What the accounts of one sandbox share. */
export interface MarketOptions {
  readonly seed: number;
  /** Market instant at which the market begins when nothing is stored. */
  readonly startMs: number;
  readonly clock: MarketClock;
  /** Names what the stored state belongs to; another installation's state is not taken up. */
  readonly installation?: string;
  readonly wallNowMs: () => number;
  /** Market milliseconds of one step; tests with a clock by hand take larger ones. */
  readonly stepMs?: number;
}

/** Profit of one account beside that of its market left alone, micros. */
export interface AccountScore extends ReturnType<typeof score> {
  readonly id: string;
  readonly label: string;
}

export interface SandboxAccount {
  readonly facts: AccountFacts;
  readonly world: World;
  readonly marketNowMs: () => number;
  /** Lets its market run up to an instant; a long way takes several calls. */
  readonly run: (toMs: number) => void;
  /** Sends the visitors and postbacks that are due. */
  readonly pump: () => void;
  readonly keepWrite: (written: WriteRecord) => void;
  readonly save: () => void;
  readonly score: () => AccountScore;
  readonly visitors: () => unknown;
  readonly close: () => Promise<void>;
}

/** A clock that jumped ahead is caught up in slices, so that calls are answered in between. */
const MAX_SLICE_MS = 3_600_000;

interface Snapshot {
  readonly version: 1;
  readonly installation: string | null;
  readonly world: World;
  readonly visitors: VisitorsState | null;
}

/**
 * Takes up an account's stored state, or begins anew.
 *
 * @param index its place among the accounts of the market: transaction and click ids of two accounts differ by it, though
 * the people are the same.
 */
export function openAccount(options: AccountOptions & MarketOptions, index: number): SandboxAccount {
  const { world, visitorsState } = restore(options);
  const visitors = options.tracking
    ? new Visitors({
        target: options.tracking,
        plan: world.plan,
        seed: world.seed,
        tag: index === 0 ? '' : `${index}x`,
        ...(visitorsState ? { state: visitorsState } : {}),
      })
    : null;
  const marketNowMs = (): number => options.clock.nowMs() ?? world.market.nowMs;
  const save = (): void => options.store.saveSnapshot(snapshotOf(options, world, visitors?.state ?? null));
  return {
    facts: options.account,
    world,
    marketNowMs,
    run(toMs) {
      const visits = advance(world, Math.min(toMs, world.market.nowMs + MAX_SLICE_MS));
      visitors?.admit(visits);
    },
    pump: () => visitors?.pump(marketNowMs(), options.wallNowMs()),
    keepWrite: (written) => options.store.appendWrite(written),
    save,
    score: () => ({ id: options.account.id, label: options.label ?? options.account.name, ...score(world) }),
    visitors: () =>
      visitors && {
        ...visitors.count,
        waiting: visitors.state.visits.length,
        pendingPostbacks: visitors.state.postbacks.length,
      },
    async close() {
      await visitors?.close();
    },
  };
}

function restore(options: AccountOptions & MarketOptions): {
  readonly world: World;
  readonly visitorsState: VisitorsState | null;
} {
  const { snapshot, writes } = options.store.load();
  const kept = snapshot as Snapshot | null;
  const usable =
    kept?.version === 1 &&
    kept.world.seed === options.seed &&
    kept.installation === (options.installation ?? null);
  const world = usable ? kept.world : createWorld(options);
  if (usable) for (const written of writes) replayWrite(world, written);
  else {
    options.store.reset();
    // At once: writes are replayed onto a snapshot, and the first may come before the timer's.
    options.store.saveSnapshot(snapshotOf(options, world, null));
  }
  return { world, visitorsState: usable ? kept.visitors : null };
}

function snapshotOf(options: MarketOptions, world: World, visitors: VisitorsState | null): Snapshot {
  return { version: 1, installation: options.installation ?? null, world, visitors };
}
