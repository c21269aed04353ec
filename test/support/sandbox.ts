import type { AccountAccess } from '../../src/networks/ad-network.ts';
import type { MarketPlan } from '../../src/sandbox/market/plan.ts';
import { samplePlan } from '../../src/sandbox/market/sample-plan.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { noStore, type Store } from '../../src/sandbox/store.ts';

/** Tuesday 10 November 2026, 00:00 in New York. */
export const SANDBOX_START_MS = Date.UTC(2026, 10, 10, 5);

export interface TestSandbox extends Sandbox {
  readonly access: AccountAccess;
  /** Sets the market's clock; the market runs up to it at once. */
  runTo(marketMs: number): void;
}

/** A sandbox whose clock stands until the test moves it; nobody visits. Close it in afterAll or afterEach. */
export async function testSandbox(
  options: { plan?: MarketPlan; store?: Store; scopes?: readonly string[]; quotaPoints?: number } = {},
): Promise<TestSandbox> {
  const plan = options.plan ?? samplePlan(1);
  let nowMs = SANDBOX_START_MS;
  const sandbox = await startSandbox({
    plan,
    seed: 1,
    startMs: SANDBOX_START_MS,
    clock: { nowMs: () => nowMs, close: () => undefined },
    store: options.store ?? noStore,
    account: {
      id: '1202100000000001',
      name: 'Test account',
      token: 'right-token',
      urlTags: 'ad_id={{ad.id}}',
      scopes: options.scopes ?? ['ads_read', 'ads_management'],
    },
    tracking: null,
    port: 0,
    wallNowMs: () => Date.now(),
    stepMs: 600_000,
    ...(options.quotaPoints === undefined ? {} : { quotaPoints: options.quotaPoints }),
  });
  return {
    ...sandbox,
    access: {
      networkAccountId: 'act_1202100000000001',
      currency: plan.currency,
      timeZone: plan.timeZone,
      baseUrl: `${sandbox.url}/v26.0`,
      token: 'right-token',
      extra: {},
    },
    runTo(marketMs) {
      nowMs = marketMs;
      while (sandbox.world.market.nowMs + sandbox.world.market.stepMs <= marketMs) sandbox.tick();
    },
  };
}

/** One call to the sandbox's control routes. */
export async function control(sandbox: Sandbox, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return answer.json();
}
