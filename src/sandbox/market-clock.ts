import axios from 'axios';
import { z } from 'zod';
import { type WorkspaceClock, workspaceNow } from '../core/clock.ts';

const clockSchema = z.object({
  originMs: z.number(),
  wallOriginMs: z.number(),
  rate: z.number().positive(),
  stoppedAtMs: z.number().nullable(),
});

/** The market's clock. `nowMs` is null while it is not known or the engine cannot be reached: then the market rests. */
export interface MarketClock {
  nowMs(): number | null;
  close(): void;
}

/** A followed clock can be read anew at once, for whoever has just changed it. */
export interface FollowedClock extends MarketClock {
  refresh(): Promise<void>;
}

/**
 * Follows Bidloop's workspace clock over `GET /api/clock`, so that the market stands still while the engine is down.
 * A server that answers with a failure (its database is away) still redirects visitors: the clock known goes on.
 */
export function followClock(options: {
  readonly bidloopUrl: string;
  readonly wallNowMs: () => number;
  readonly everyMs?: number;
  readonly apiToken?: string | null;
}): FollowedClock {
  let clock: WorkspaceClock | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const everyMs = options.everyMs ?? 2_000;
  const refresh = async (): Promise<void> => {
    try {
      const answer = await axios.get<unknown>(`${options.bidloopUrl}/api/clock`, {
        timeout: 2_000,
        proxy: false,
        validateStatus: () => true,
        ...(options.apiToken ? { headers: { authorization: `Bearer ${options.apiToken}` } } : {}),
      });
      if (answer.status >= 500) return;
      const read = clockSchema.safeParse(answer.data);
      clock = read.success ? read.data : null;
    } catch {
      clock = null;
    }
  };
  const poll = async (): Promise<void> => {
    await refresh();
    // Sooner while there is nothing to go by, so that a restart is not felt for long.
    if (!closed) timer = setTimeout(() => void poll(), clock ? everyMs : Math.min(everyMs, 500));
  };
  void poll();
  return {
    nowMs: () => (clock ? workspaceNow(clock, options.wallNowMs()) : null),
    refresh,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** A clock of the sandbox's own, for running it without Bidloop and for tests that set the time by hand. */
export function ownClock(clock: WorkspaceClock, wallNowMs: () => number): MarketClock {
  return { nowMs: () => workspaceNow(clock, wallNowMs()), close: () => undefined };
}
