import { createForwardActivities } from '../../activities/forward.ts';
import type { ForwardResult } from '../../activities/contract.ts';
import type { Db } from '../../src/db/connection.ts';
import { destinationOf, openDestination } from '../../src/destination-access.ts';
import type { GuardRules } from '../../src/outbound/guard.ts';
import { sendRequest } from '../../src/outbound-send.ts';
import { ownMark } from '../../src/own-addresses.ts';
import { T0 } from './ingest-facts.ts';
import { SECRET_KEY } from './seed-account.ts';

export const MINUTE_MS = 60_000;
export const LOOPBACK: GuardRules = { ownHosts: [], ownAddresses: [], allowed: ['127.0.0.1/32'] };

export interface Forwarder {
  readonly clock: { nowMs: number };
  /** Moves its clock on. */
  later(minutes: number): void;
  pass(): Promise<ForwardResult>;
}

/** A workspace's forwarder on a clock that the test moves; wall and workspace run together. */
export function testForwarder(
  db: Db,
  workspaceId: string,
  options: { guard?: GuardRules; timeoutMs?: number; secretKey?: Buffer; nowMs?: number } = {},
): Forwarder {
  const { guard = LOOPBACK, timeoutMs = 400, secretKey = SECRET_KEY } = options;
  const clock = { nowMs: options.nowMs ?? T0 + 60 * MINUTE_MS };
  const activities = createForwardActivities({
    db,
    openDestination: (row, withSecrets) => {
      if (withSecrets) return openDestination(secretKey, row);
      const reading = destinationOf(row, {});
      if (!reading.ok) throw new Error(reading.problems.join('; '));
      return reading.destination;
    },
    send: (request) => sendRequest(request, { guard, wallNowMs: () => clock.nowMs, timeoutMs }),
    guard,
    mark: ownMark(secretKey),
    wallNowMs: () => clock.nowMs,
    beat: () => ({ stop: false }),
    log: { error: () => undefined },
  });
  return {
    clock,
    later: (minutes) => void (clock.nowMs += minutes * MINUTE_MS),
    pass: () => activities.forward({ workspaceId, forMs: 10_000 }),
  };
}
