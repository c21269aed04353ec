import type { DestinationKind } from '../../src/outbound/destination-settings.ts';
import { removeDestination } from '../../src/db/forwarding/destinations.ts';
import { forwardsOf, seedDestination } from './forward-facts.ts';
import type { OutboundFixture } from './outbound-fixture.ts';
import type { GivenAnswer, ReceivedRequest } from './receiver.ts';

/** One destination at a time, told of one purchase each: what a network's own interface gets, and what its answers come to. */
export function networkBench(ours: () => OutboundFixture) {
  let made: string | null = null;
  let count = 0;
  return {
    /** Before each test: whatever an earlier destination wanted to be told is nobody's business any more. */
    reset: async (): Promise<void> => {
      const { db, workspace, forwarder, settle } = ours();
      if (made !== null) await removeDestination(db, made, workspace.nowMs);
      made = null;
      await settle();
      forwarder.clock.nowMs = Date.now();
    },
    destination: async (
      kind: DestinationKind,
      settings: Readonly<Record<string, unknown>>,
      secrets: Readonly<Record<string, string>>,
    ): Promise<string> => {
      made = await seedDestination(ours().db, { ...ours().workspace, kind, settings, secrets });
      return made;
    },
    /** A visit with a network's click id and its purchase of 42.50 EUR by Ann, with these answers in order. */
    told: async (clickParams: string, ...answers: readonly GivenAnswer[]) => {
      const { receiver, visit, postback, settle, workspace } = ours();
      const from = receiver.requests.length;
      receiver.answerNext(...answers);
      count += 1;
      const clickId = await visit(clickParams);
      const order = `order-${count}`;
      const second = Math.floor(workspace.nowMs / 1_000) + 2;
      await postback(
        `click_id=${clickId}&event=purchase&txid=${order}&amount=42.50&currency=EUR&user_id=Ann%40Example.com&timestamp=${second}`,
      );
      await settle();
      return {
        order,
        requests: (): readonly ReceivedRequest[] => receiver.requests.slice(from),
        conversion: await ours()
          .db.selectFrom('conversion')
          .selectAll()
          .where('txid', '=', order)
          .executeTakeFirstOrThrow(),
      };
    },
    /** The one forward of a destination, with its log. */
    only: async (id: string) => {
      const [first, ...rest] = await forwardsOf(ours().db, id);
      if (first === undefined || rest.length > 0) throw new Error(`${rest.length + 1} forwards, not one`);
      return first;
    },
  };
}

export function bodyOf(request: ReceivedRequest | undefined): unknown {
  return JSON.parse(request?.body ?? 'null');
}

/** Secrets of a destination that signs in by a refresh token. */
export const OAUTH = {
  refresh_token: 'one-refresh',
  client_id: 'two-client',
  client_secret: 'three-secret',
} as const;

/** An access token for an hour. */
export function granted(token: string): GivenAnswer {
  return { body: JSON.stringify({ access_token: token, expires_in: 3_600, token_type: 'Bearer' }) };
}
