import { workspaceNow } from '../src/core/clock.ts';
import type { ObjectId } from '../src/core/object.ts';
import { forgetNews, readNews } from '../src/db/campaign-news.ts';
import { loadClock } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { loadSettled } from '../src/db/decision-busy.ts';
import { storeDecisions } from '../src/db/decision-store.ts';
import { batchesOf } from '../src/db/evidence-batches.ts';
import { loadEvidenceWindows } from '../src/db/evidence-windows.ts';
import { loadEvidence } from '../src/db/evidence.ts';
import { watchPulse } from '../src/db/learning/watch.ts';
import { loadCurrentStrategies } from '../src/db/strategy.ts';
import type { AdNetwork } from '../src/networks/ad-network.ts';
import type { OptimizeActivities, OptimizeInput, OptimizeResult } from './contract.ts';
import { judge } from './judge.ts';

export interface OptimizeDeps {
  readonly db: Db;
  readonly networkOf: (network: string) => AdNetwork;
  readonly wallNowMs: () => number;
  /** Starts every decision of the account that waits to be started. */
  readonly startDue: (accountId: string) => Promise<number>;
  /** Tells a workflow that waits for approval that a later decision took its place. */
  readonly supersede: (decisionId: string, by: string) => Promise<void>;
  /** Ends what workflows that are closed have left: leases, open decisions, pauses that should have ended. */
  readonly sweep: (accountId: string) => Promise<void>;
  /** Told after each batch: the activity's heartbeat. */
  readonly progress?: (done: {
    readonly batch: number;
    readonly of: number;
    readonly evaluated: number;
  }) => void;
  /** Objects whose evidence is in memory at once, where not the usual number (see BATCH_OBJECTS). */
  readonly batchObjects?: number;
  /** Something that an operator should hear of: conversions fail to arrive, or arrive again. */
  readonly tell: (accountId: string, news: string) => void;
}

/** Postbacks are counted within seconds; behind this much wall time, conversions are not known. */
const INBOX_PATIENCE_WALL_MS = 120_000;
const MOST_SENTENCES = 3;

/** Deciding, set-based: one activity looks at every object of the campaigns it is given, batch by batch. */
export function createOptimizeActivities(deps: OptimizeDeps): OptimizeActivities {
  const { db } = deps;
  return {
    async optimize(input) {
      // Read before any evidence, forgotten once what it led to is stored: news that comes in between stays.
      const news = await readNews(db, input.accountId);
      const result = await pass({
        accountId: input.accountId,
        campaignIds:
          input.campaignIds === 'all'
            ? 'all'
            : [...new Set([...input.campaignIds, ...news.map((one) => one.campaignId)])],
      });
      await forgetNews(db, news);
      return result;
    },
  };

  async function pass(input: OptimizeInput): Promise<OptimizeResult> {
    const startedBefore = await deps.startDue(input.accountId);
    if (input.campaignIds === 'all') await deps.sweep(input.accountId);
    const account = await db
      .selectFrom('ad_account')
      .select(['id', 'workspace_id', 'network', 'currency', 'time_zone', 'spend_as_of'])
      .where('id', '=', input.accountId)
      .executeTakeFirst();
    if (account === undefined) return nothing('the ad account was removed', startedBefore);
    if (account.spend_as_of === null) return nothing('waiting for the first cost report', startedBefore);
    const wallMs = deps.wallNowMs();
    const clock = await loadClock(db, account.workspace_id);
    const nowMs = workspaceNow(clock, wallMs);

    const strategies = await loadCurrentStrategies(db, account.workspace_id);
    if (strategies.length === 0) return nothing('no strategy is in force', startedBefore);
    const { news } = await watchPulse(db, {
      accountId: account.id,
      asOfMs: account.spend_as_of.getTime(),
      nowMs,
    });
    if (news !== null) deps.tell(account.id, news);
    // Ids come from our own rows, as plain numbers through Temporal.
    const campaignIds = input.campaignIds === 'all' ? 'all' : (input.campaignIds as readonly ObjectId[]);
    const batches = await batchesOf(db, account.id, campaignIds, strategies, deps.batchObjects);
    const windows =
      batches.length === 1
        ? undefined
        : await loadEvidenceWindows(db, {
            accountId: account.id,
            zone: account.time_zone,
            asOfMs: account.spend_as_of.getTime(),
            scoped: strategies.map(({ compiled }) => ({ compiled, objectIds: 'all' })),
          });
    const looked = { asOfMs: null as number | null, evaluated: 0, kept: 0, acted: 0, started: startedBefore };
    const reasons: Record<string, number> = {};
    const sentences: string[] = [];
    /** Objects that a decision of this pass already moves. */
    const taken = new Map<ObjectId, string>();
    for (const [no, batch] of batches.entries()) {
      const settledBefore = await loadSettled(db, { accountId: account.id, nowMs });
      const found = await loadEvidence(db, {
        accountId: account.id,
        ...batch,
        nowMs,
        moneyStepMicros: deps.networkOf(account.network).capabilities.moneyStepMicros(account.currency),
        inboxPatienceMs: INBOX_PATIENCE_WALL_MS * clock.rate,
        ...(windows === undefined ? {} : { windows }),
      });
      const judged = await judge(db, found, { accountId: account.id, nowMs });
      const [first] = judged;
      if (first !== undefined) {
        const { asOfMs } = first.evidence;
        const stored = await storeDecisions(db, {
          workspaceId: account.workspace_id,
          accountId: account.id,
          asOfMs,
          nowMs,
          wallMs,
          judged,
          settledBefore,
          taken,
        });
        for (const { decisionId, by } of stored.superseded) await deps.supersede(decisionId, by);
        looked.asOfMs = asOfMs;
        looked.evaluated += stored.evaluated;
        looked.kept += stored.kept;
        looked.acted += stored.acted;
        for (const [code, count] of Object.entries(stored.reasons))
          reasons[code] = (reasons[code] ?? 0) + count;
        sentences.push(...stored.sentences.slice(0, MOST_SENTENCES - sentences.length));
        // What is decided does not wait for the rest of a large account.
        looked.started += await deps.startDue(input.accountId);
      }
      deps.progress?.({ batch: no + 1, of: batches.length, evaluated: looked.evaluated });
    }
    const { asOfMs, evaluated, kept, acted, started } = looked;
    if (asOfMs === null) return nothing('no object is in the scope of a strategy', startedBefore);
    return {
      asOfMs,
      evaluated,
      kept,
      acted,
      reasons,
      startedWorkflows: started,
      sentence: [...(news === null ? [] : [news]), sentence(evaluated, acted, sentences)].join('; '),
    };
  }
}

function nothing(sentenceText: string, startedWorkflows: number): OptimizeResult {
  return {
    asOfMs: null,
    evaluated: 0,
    kept: 0,
    acted: 0,
    reasons: {},
    startedWorkflows,
    sentence: sentenceText,
  };
}

function sentence(evaluated: number, acted: number, acting: readonly string[]): string {
  if (acted === 0) return `${evaluated} looked at, all stay`;
  const more = acted > acting.length ? ` and ${acted - acting.length} more` : '';
  return `${evaluated} looked at, ${acted} to change: ${acting.join('; ')}${more}`;
}
