import { decide } from '../core/decide.ts';
import type { Decision, Evidence } from '../core/decision.ts';
import type { Micros } from '../core/money.ts';
import type { Level } from '../core/object.ts';
import type { Db } from '../db/connection.ts';
import { loadEvidence, type StrategyInForce } from '../db/evidence.ts';

/** What a strategy would do this instant, over all accounts of its workspace. Nothing is stored and nothing is started. */
export interface Preview {
  /** "would pause 2 of 40 ad sets now (Zen C, Yoga Broad), 38 stay; nearest: Zen A, spend today $26.00, $4.00 short of $30.00" */
  readonly sentence: string;
  readonly judged: number;
  readonly decisions: readonly { readonly evidence: Evidence; readonly decision: Decision }[];
}

/**
 * Decides for every object in a strategy's scope, as the optimizer would.
 *
 * @param input.moneyStepMicros smallest step of a bid or budget on a network in a currency.
 * @param input.nowMs workspace time.
 */
export async function previewStrategy(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly strategy: StrategyInForce;
    readonly nowMs: number;
    readonly moneyStepMicros: (network: string, currency: string) => Micros;
  },
): Promise<Preview> {
  const { strategy, nowMs } = input;
  const accounts = await db
    .selectFrom('ad_account')
    .select(['id', 'network', 'currency', 'spend_as_of'])
    .where('workspace_id', '=', input.workspaceId)
    .orderBy('id')
    .execute();
  const decisions: { evidence: Evidence; decision: Decision }[] = [];
  for (const account of accounts) {
    const found = await loadEvidence(db, {
      accountId: account.id,
      campaignIds: 'all',
      strategies: [strategy],
      nowMs,
      moneyStepMicros: input.moneyStepMicros(account.network, account.currency),
      // A preview shows what the rules say of the data as it is; the optimizer itself waits for a full inbox.
      inboxPatienceMs: Number.POSITIVE_INFINITY,
    });
    for (const { evidence } of found)
      for (const one of evidence) decisions.push({ evidence: one, decision: decide(strategy.compiled, one) });
  }
  const reported = accounts.some((account) => account.spend_as_of !== null);
  const sentence =
    reported || accounts.length === 0
      ? previewSentence(strategy.compiled.level, decisions)
      : 'no costs have been reported yet, so nothing is judged';
  return { sentence, judged: decisions.length, decisions };
}

const LEVEL_WORDS: Readonly<Record<Level, readonly [string, string]>> = {
  campaign: ['campaign', 'campaigns'],
  adset: ['ad set', 'ad sets'],
  ad: ['ad', 'ads'],
  creative: ['creative', 'creatives'],
};
const MOST_NAMES = 3;

/** The preview as one sentence; names come first by how the decisions are ordered. */
export function previewSentence(
  level: Level,
  decisions: readonly { readonly evidence: Evidence; readonly decision: Decision }[],
): string {
  const [one, many] = LEVEL_WORDS[level];
  if (decisions.length === 0) return `no ${one} is in its scope`;
  const groups = new Map<string, string[]>();
  for (const { evidence, decision } of decisions) {
    const verb = verbOf(decision, evidence);
    if (verb !== null) groups.set(verb, [...(groups.get(verb) ?? []), evidence.object.name]);
  }
  const total = `${decisions.length} ${decisions.length === 1 ? one : many}`;
  const acting = [...groups.values()].reduce((sum, names) => sum + names.length, 0);
  const parts = [...groups].map(
    ([verb, names], index) =>
      `${verb} ${names.length}${index === 0 ? ` of ${total} now` : ''} (${shortList(names)})`,
  );
  const stay = decisions.length - acting;
  const head =
    acting === 0
      ? `would change none of ${total} now`
      : `would ${parts.join(', ')}, ${stay} stay${stay === 1 ? 's' : ''}`;
  const still = commonStill(decisions);
  const near = nearestOf(decisions);
  return `${head}${still === null ? '' : ` (${still})`}${near === null ? '' : `; nearest: ${near}`}`;
}

function verbOf(decision: Decision, evidence: Evidence): string | null {
  const { verdict } = decision;
  switch (verdict.kind) {
    case 'keep':
      return null;
    case 'pause':
      return 'pause';
    case 'resume':
      return 'resume';
    case 'notify':
      return 'give notice of';
    case 'set_bid':
      return verdict.toMicros > (evidence.object.bidMicros ?? 0) ? 'raise the bid of' : 'lower the bid of';
    case 'set_budget':
      return verdict.toMicros >
        ((verdict.budget === 'daily'
          ? evidence.object.dailyBudgetMicros
          : evidence.object.lifetimeBudgetMicros) ?? 0)
        ? 'raise the budget of'
        : 'lower the budget of';
  }
}

function shortList(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** When all keep for one reason that is not the rules', that reason is the news. */
function commonStill(decisions: readonly { readonly decision: Decision }[]): string | null {
  const [first] = decisions;
  if (first === undefined) return null;
  const { code, detail } = first.decision.reason;
  if (code === 'no_rule_held' || code === 'rule_held' || detail === undefined) return null;
  // What an autopilot says of one object is about that object.
  if (first.decision.judgement !== undefined && code !== 'tracking_outage') return null;
  return decisions.every(({ decision }) => decision.reason.code === code) ? detail : null;
}

function nearestOf(
  decisions: readonly { readonly evidence: Evidence; readonly decision: Decision }[],
): string | null {
  let best: { readonly distance: number; readonly text: string } | null = null;
  for (const { evidence, decision } of decisions) {
    const { nearest } = decision;
    if (nearest !== undefined && (best === null || nearest.distance < best.distance))
      best = { distance: nearest.distance, text: `${evidence.object.name}, ${nearest.text}` };
  }
  return best?.text ?? null;
}
