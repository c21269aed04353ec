import type { ObjectId } from '../src/core/object.ts';
import type { ObjectVisits } from '../src/db/ingest/visits.ts';
import type { CampaignRef } from '../src/db/ingest/write-changes.ts';

/** Says which campaigns newly counted visits are news for. */
export interface VisitWakes {
  wakenBy(visited: readonly ObjectVisits[]): Promise<readonly CampaignRef[]>;
}

const HOUR_MS = 3_600_000;
/** A strategy that is put in force is heard within this much wall time. */
const REFRESH_MS = 5_000;
/**
 * An object is looked at again once its visits have grown by one in so many of its visits in this hour. At most 5 % of an
 * hour's spend goes by unseen, while an ad with a visit a second wakes its account a hundred times an hour, not 3,600.
 */
const STEP = 20;

interface Counting {
  hour: number;
  inHour: number;
  sinceWake: number;
}

/**
 * Visits move the estimated spend, so strategies that ask `est.*` look when they come; no other strategy does. A wake lost
 * with the process is made up by the next visit or the next full pass: nothing durable is written for it.
 *
 * @param deps.listening accounts of a workspace with such a strategy.
 */
export function createVisitWakes(deps: {
  readonly listening: (workspaceId: string) => Promise<ReadonlySet<string>>;
  readonly nowMs: () => number;
}): VisitWakes {
  const listeners = new Map<string, { readonly accounts: ReadonlySet<string>; readonly untilMs: number }>();
  const counts = new Map<ObjectId, Counting>();

  async function listens(workspaceId: string, accountId: string): Promise<boolean> {
    let known = listeners.get(workspaceId);
    if (known === undefined || known.untilMs <= deps.nowMs()) {
      known = { accounts: await deps.listening(workspaceId), untilMs: deps.nowMs() + REFRESH_MS };
      listeners.set(workspaceId, known);
    }
    return known.accounts.has(accountId);
  }

  return {
    async wakenBy(visited) {
      const woken = new Map<ObjectId, CampaignRef>();
      for (const { workspaceId, accountId, objectId, campaignId, visits, newestMs } of visited) {
        if (campaignId === null || !(await listens(workspaceId, accountId))) continue;
        const hour = Math.floor(newestMs / HOUR_MS);
        let count = counts.get(objectId);
        if (count === undefined) counts.set(objectId, (count = { hour, inHour: 0, sinceWake: 0 }));
        if (count.hour !== hour) Object.assign(count, { hour, inHour: 0 });
        count.inHour += visits;
        count.sinceWake += visits;
        if (count.sinceWake < count.inHour / STEP) continue;
        count.sinceWake = 0;
        woken.set(campaignId, { accountId, campaignId });
      }
      return [...woken.values()];
    },
  };
}
