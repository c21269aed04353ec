import type { Change } from '../../src/core/decision.ts';
import { stateAfter } from '../../src/core/compare-live.ts';
import { micros } from '../../src/core/money.ts';
import type { LeverState } from '../../src/core/object.ts';
import {
  type AdNetwork,
  NetworkError,
  type NetworkObject,
  type Target,
} from '../../src/networks/ad-network.ts';

export interface LoggedWrite {
  readonly networkId: string;
  readonly change: Change;
  readonly atMs: number;
}

/** How the next writes go: accepted with the answer withheld, never reaching the network, refused, ... */
export type WriteFault =
  | 'timeout_after_acceptance'
  | 'timeout_before_acceptance'
  | 'refused'
  | 'accepted_unseen'
  | 'rate'
  | 'hang_after_acceptance';

/** An ad network in memory with the real interface: its books are `state` and `writes`. */
export interface FakeNetwork extends AdNetwork {
  readonly state: Map<string, LeverState>;
  /** What a sync finds; its levers are those of `state`. */
  readonly objects: Map<string, Omit<NetworkObject, keyof LeverState>>;
  readonly writes: LoggedWrite[];
  /** Taken one by one by the next writes. */
  readonly faults: WriteFault[];
  reads: number;
  /** Ends the writes that hang. */
  release(): void;
  /** Called at the start of each write, before anything happens. */
  beforeWrite?: (target: Target) => Promise<void>;
}

export function fakeNetwork(id = 'fake'): FakeNetwork {
  const state = new Map<string, LeverState>();
  const objects: FakeNetwork['objects'] = new Map();
  const writes: LoggedWrite[] = [];
  const released = Promise.withResolvers<void>();
  const faults: WriteFault[] = [];
  const network: FakeNetwork = {
    id,
    title: 'Fake network',
    state,
    objects,
    writes,
    release: () => released.resolve(),
    faults,
    reads: 0,
    capabilities: {
      levels: ['campaign', 'adset', 'ad'],
      levers: ({ bidStrategy }) =>
        bidStrategy === 'auto' ? ['status', 'budget'] : ['status', 'bid', 'budget'],
      moneyStepMicros: () => micros(10_000),
      requestsPerSecond: 100,
    },
    linkMacros: {},
    async checkAccount() {
      return {
        name: 'Fake',
        currency: 'USD',
        timeZone: 'UTC',
        canRead: true,
        canWrite: true,
        problems: [],
        ownRules: [],
      };
    },
    async listObjects(access) {
      return [...objects.values()]
        .filter((object) => object.networkId.endsWith(access.networkAccountId.slice('act_'.length)))
        .flatMap((object) => {
          const lever = state.get(object.networkId);
          return lever === undefined ? [] : [{ ...object, ...lever }];
        });
    },
    async reportSpend() {
      return { rows: [], asOfMs: null };
    },
    async readLive(_access, target) {
      network.reads += 1;
      const live = state.get(target.networkId);
      if (live === undefined) throw new NetworkError('GONE', 'no such object');
      return { ...live, exists: true };
    },
    async apply(_access, target, change) {
      await network.beforeWrite?.(target);
      const fault = faults.shift();
      if (fault === 'refused')
        throw new NetworkError('INVALID', 'the bid is below the minimum of $0.50', {
          requestId: 'req-refused',
        });
      if (fault === 'rate') throw new NetworkError('RATE', 'too many calls', { retryAfterMs: 50 });
      if (fault === 'timeout_before_acceptance') throw new NetworkError('UNKNOWN_RESULT', 'no answer');
      const live = state.get(target.networkId);
      if (live === undefined) throw new NetworkError('GONE', 'no such object');
      writes.push({ networkId: target.networkId, change, atMs: Date.now() });
      if (fault !== 'accepted_unseen') state.set(target.networkId, stateAfter(change, live));
      if (fault === 'timeout_after_acceptance') throw new NetworkError('UNKNOWN_RESULT', 'no answer');
      if (fault === 'hang_after_acceptance') await released.promise;
      return { requestId: `req-${writes.length}` };
    },
  };
  return network;
}
