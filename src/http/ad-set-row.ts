import type { AdSetRow, Badge, Tone } from '../contract/live.ts';
import { formatMoney, type Micros, micros, MICROS_PER_UNIT } from '../core/money.ts';
import type { PilotEntry } from '../core/evaluation.ts';
import { isJustUnder, oddsText } from '../core/rules/odds.ts';
import type { AdSetFact, LastVerdict } from '../db/live-table.ts';
import { networkTitle, plainWords } from './sentences.ts';

/**
 * One ad set as a row of the page's table.
 *
 * @param several whether the workspace has several ad accounts, so that the row must say which is its own.
 */
export function adSetRow(fact: AdSetFact, several: boolean): AdSetRow {
  return {
    id: fact.id,
    name: fact.name,
    campaign: fact.campaign,
    network: networkTitle(fact.network),
    account: several ? fact.account : null,
    status: statusBadge(fact),
    stage: stageBadge(fact.last?.pilot ?? null),
    bid: bidWords(fact),
    budget: budgetWords(fact),
    spend: major(fact.spend, fact.currency),
    conversions: fact.conversions,
    cpa: fact.cpa === null ? null : major(fact.cpa, fact.currency),
    roas: fact.roas === null ? null : fact.roas.toFixed(2),
    verdict: fact.last === null ? null : verdictWords(fact.last, fact.name),
  };
}

function statusBadge(fact: AdSetFact): Badge {
  if (fact.status !== 'active') return { label: fact.status, tone: 'warn' };
  if (fact.delivery === 'active') return { label: 'active', tone: 'good' };
  return { label: plainWords(fact.delivery), tone: 'warn' };
}

function stageBadge(pilot: PilotEntry | null): Badge | null {
  if (pilot === null) return null;
  if (pilot.heldUntilMs !== undefined) return { label: 'pause held back', tone: 'plain' };
  return pilot.stage === 'probation' ? { label: 'probation', tone: 'warn' } : null;
}

/** How far the evidence has come towards a pause, on the scale on which evidence adds up: logarithms. */
function evidenceOf(pilot: PilotEntry | null): NonNullable<AdSetRow['verdict']>['evidence'] {
  if (pilot === null || !(pilot.needed > 1) || pilot.stage === 'paused') return null;
  const [come, needed] = [Math.log(pilot.evidence), Math.log(pilot.needed)];
  return {
    words: `evidence ${isJustUnder(come, needed) ? 'just under ' : ''}${oddsText(come)}, pausing needs ${oddsText(needed)}`,
    share: Math.min(1, Math.max(0, come / needed)),
  };
}

function bidWords(fact: AdSetFact): string {
  const amount = fact.bidMicros === null ? null : formatMoney(fact.bidMicros, fact.currency);
  switch (fact.bidStrategy) {
    case null:
    case 'auto':
      return 'automatic';
    case 'bid_cap':
      return `${amount ?? 'no'} bid cap`;
    case 'cost_cap':
      return `${amount ?? 'no'} cost cap`;
    case 'manual_cpc':
      return `${amount ?? 'no'} CPC`;
    case 'min_roas':
      return fact.roasFloor === null ? 'ROAS floor' : `ROAS floor ${fact.roasFloor}`;
  }
}

function budgetWords(fact: AdSetFact): string | null {
  if (fact.dailyBudgetMicros !== null) return `${formatMoney(fact.dailyBudgetMicros, fact.currency)} a day`;
  if (fact.lifetimeBudgetMicros !== null)
    return `${formatMoney(fact.lifetimeBudgetMicros, fact.currency)} in all`;
  return 'campaign’s budget';
}

/** Sums come as doubles; half a micro is the most that rounding can move them. */
function major(amount: number, currency: string): string {
  const rounded: Micros = micros(Math.round(amount * MICROS_PER_UNIT));
  return formatMoney(rounded, currency);
}

const VERDICTS: Readonly<Record<string, readonly [string, Tone]>> = {
  keep: ['keep', 'quiet'],
  pause: ['pause', 'warn'],
  resume: ['resume', 'good'],
  set_bid: ['bid', 'good'],
  set_budget: ['budget', 'good'],
  notify: ['notice', 'plain'],
};

function verdictWords(last: LastVerdict, name: string): NonNullable<AdSetRow['verdict']> {
  const [label, tone] = VERDICTS[last.verdict] ?? [plainWords(last.verdict), 'plain'];
  return {
    label,
    tone,
    reason: last.sentence === '' ? plainWords(last.reason) : withoutEcho(last, name),
    // An autopilot's sentence tells its evidence already; the bar shows it.
    nearest: last.pilot === null ? last.nearest : null,
    evidence: evidenceOf(last.pilot),
    atMs: last.atMs,
  };
}

/** Eight characters name a decision in every list and command. */
const DECISION_ID = /\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** A sentence tells all by itself; in a row that has the name, the verdict and the nearest number already, they go. */
function withoutEcho(last: LastVerdict, name: string): string {
  const start = `keep ${name}: `;
  const full = last.sentence.startsWith(start) ? last.sentence.slice(start.length) : last.sentence;
  const rest = full.replaceAll(DECISION_ID, '$1');
  return last.nearest === null ? rest : rest.replace(`; nearest: ${last.nearest}`, '');
}
