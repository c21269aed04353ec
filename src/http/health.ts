import type { HealthAnswer } from '../contract/api.ts';
import { loadClickFlags } from '../db/click-flags.ts';
import { loadNow } from '../db/clock.ts';
import type { Db } from '../db/connection.ts';
import { silentSources } from '../db/evidence-health.ts';
import { loadInboxAge } from '../db/inbox-age.ts';
import { listWorkspaces } from '../db/live-table.ts';
import { loadPostbackErrors } from '../db/postback-errors.ts';
import { clickAdvice, errorAdvice } from '../sources/advice.ts';

const DAY_MS = 86_400_000;
/** A worker judges within a second; what waits longer than this waits for a worker. */
const SLOW_MS = 60_000;
/** Watchers ask often, and all of them the same. */
const BRIEF_FOR_MS = 5_000;

/** What the health endpoint says to everybody. */
export interface BriefHealth {
  readonly inbox: { readonly waiting: number; readonly oldestSeconds: number };
  /** How many sources are silent for longer than their rhythm explains. */
  readonly silentSources: number;
}

/** Answers of `/health` and `/api/health`. */
export function createHealth(db: Db, wallNowMs: () => number) {
  let brief: { readonly atMs: number; readonly value: Promise<BriefHealth> } | undefined;

  async function look(): Promise<BriefHealth> {
    const wallMs = wallNowMs();
    const inbox = await loadInboxAge(db, wallMs);
    let silent = 0;
    for (const { id } of await listWorkspaces(db))
      silent += (await silentSources(db, id, await loadNow(db, id, wallMs))).length;
    return {
      inbox: { waiting: inbox.waiting, oldestSeconds: Math.round(inbox.oldestMs / 1000) },
      silentSources: silent,
    };
  }

  return {
    /** For load balancers and watchers: figures alone, at most some seconds old. Empty while they cannot be had. */
    async brief(): Promise<BriefHealth | object> {
      const nowMs = wallNowMs();
      if (brief === undefined || nowMs - brief.atMs >= BRIEF_FOR_MS) brief = { atMs: nowMs, value: look() };
      try {
        return await brief.value;
      } catch {
        brief = undefined;
        return {};
      }
    },

    /** One workspace in full: errors by source and reason over the last day of its time, and who is silent. */
    async of(workspace: string): Promise<HealthAnswer> {
      const wallMs = wallNowMs();
      const toMs = await loadNow(db, workspace, wallMs);
      const inbox = await loadInboxAge(db, wallMs);
      const silent = await silentSources(db, workspace, toMs);
      const errors = await loadPostbackErrors(db, {
        workspaceId: workspace,
        sourceId: null,
        fromMs: toMs - DAY_MS,
        toMs,
      });
      const clicks = await loadClickFlags(db, {
        workspaceId: workspace,
        linkId: null,
        fromMs: toMs - DAY_MS,
        toMs,
      });
      return {
        workspace,
        status: silent.length > 0 || inbox.oldestMs > SLOW_MS ? 'trouble' : 'ok',
        inbox: { waiting: inbox.waiting, oldestSeconds: Math.round(inbox.oldestMs / 1000) },
        silent: silent.map(({ id, lastMs, usualMs, words }) => ({
          source: id,
          lastMs,
          usualQuietMs: usualMs,
          words,
        })),
        oddClicks: clicks.map(({ linkId, flag, count, lastMs }) => ({
          link: linkId,
          code: flag,
          count,
          lastMs,
          ...clickAdvice(flag, linkId),
        })),
        errors: errors.map((error) => ({
          source: error.sourceId,
          kind: error.kind,
          code: error.code,
          count: error.count,
          overTime: [...error.overTime],
          lastMs: error.lastMs,
          detail: error.detail,
          ...errorAdvice(error),
        })),
      };
    },
  };
}
