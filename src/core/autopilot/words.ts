import { counted, moneyText, valueText } from '../rules/phrases.ts';
import { oddsOf, oddsText } from '../rules/odds.ts';
import type { CompiledAutopilot } from './compiled.ts';
import type { Judgement } from './judgement.ts';

const DAY_MS = 24 * 3_600_000;
/** A verdict within this many days is what most people wait for; too little volume is told beside it. */
const SOON_DAYS = 14;

/** What sentences need beside the numbers. */
export interface Telling {
  readonly pilot: CompiledAutopilot;
  readonly judgement: Judgement;
  readonly currency: string;
  readonly plannedDailySpend: number;
}

/** "CPA is above $30.00", "ROAS is below 1.5". */
export function missedTarget({ pilot, currency }: Telling): string {
  return pilot.target.kind === 'cpa'
    ? `CPA is above ${moneyText(pilot.target.cpa, currency)}`
    : `ROAS is below ${valueText(pilot.target.roas, 'ratio', currency)}`;
}

/** "2 purchases where 9.3 were due at target", "$120.00 earned where $279.00 were due at target". */
export function seenAndDue(
  { pilot, judgement, currency }: Telling,
  facts: { readonly conversions: number; readonly revenue: number; readonly matured: number },
): string {
  if (pilot.target.kind === 'roas' && judgement.counts === 'cappedValue')
    return `${moneyText(facts.revenue, currency)} earned where ${moneyText(facts.matured * pilot.target.roas, currency)} were due at target`;
  // A network may take more cost back than it charged.
  const due = Math.max(0, facts.matured / judgement.perConversion);
  const worth =
    pilot.target.kind === 'roas'
      ? ` (one is worth ${moneyText(judgement.perConversion * pilot.target.roas, currency)})`
      : '';
  return `${counted(facts.conversions, pilot.event)} where ${Number(due.toFixed(1))} ${due.toFixed(1) === '1.0' ? 'was' : 'were'} due at target${worth}`;
}

/** "evidence 3 : 1 of 20 : 1". */
export function evidenceShort({ judgement }: Telling): string {
  return `evidence ${oddsOf(judgement.lnEvidence, judgement.lnThreshold)}`;
}

/** "2 purchases where 9.3 were due at target; evidence 27 : 1 that CPA is above $30.00, pausing needs 20 : 1". */
export function pauseWords(telling: Telling): string {
  const { judgement } = telling;
  return `${seenAndDue(telling, judgement.test)}; evidence ${oddsText(judgement.lnEvidence)} that ${missedTarget(telling)}, pausing needs ${oddsText(judgement.lnThreshold)}`;
}

/** The reason of an action or a keep as a clause, for the sentence after the colon. */
export function whyWords(telling: Telling): string {
  const { pilot, judgement, currency } = telling;
  const chance = `the chance that ${missedTarget(telling)} is ${chanceText(judgement.probabilityWorse)}`;
  switch (judgement.reason) {
    case 'proven_above':
      return pauseWords(telling);
    case 'costs_more_than_it_earns':
      return `${seenAndDue(telling, judgement)}; ${chance}, so it keeps ${percent(judgement.level)} until it has shown more`;
    case 'worth_full_budget':
      // Before the boundary it may well be worse than target: what speaks for it is that finding out costs less than missing it.
      return judgement.level < 1
        ? `${seenAndDue(telling, judgement)}; ${chance}, so it gets ${percent(judgement.level)} of its budget back`
        : `${seenAndDue(telling, judgement)}; ${chance}; finding out still pays, so it gets all of it back`;
    case 'evidence_gone':
      return `${seenAndDue(telling, judgement.test)}; evidence that ${missedTarget(telling)} is down to ${oddsText(judgement.lnEvidence)}`;
    case 'value_of_bid':
      return `${seenAndDue(telling, judgement)}; ${bidWords(telling)}`;
    case 'proven_below':
      return `${seenAndDue(telling, judgement)}; evidence ${oddsText(judgement.lnEvidenceGood ?? 0)} that it is better than target, and it spends all it has`;
    case 'on_course':
      return judgement.lnEvidence < 0
        ? `${seenAndDue(telling, judgement.test)}; no evidence that ${missedTarget(telling)} (${oddsText(judgement.lnEvidence)}, pausing needs ${oddsText(judgement.lnThreshold)})`
        : `${seenAndDue(telling, judgement.test)}; ${evidenceShort(telling)} that ${missedTarget(telling)}`;
    case 'on_probation':
      return `on probation with ${percent(judgement.level)} of its ${judgement.probationLever ?? 'budget'}: ${seenAndDue(telling, judgement)}; ${evidenceShort(telling)}`;
    case 'stays_paused':
      return `it stays paused: ${seenAndDue(telling, judgement.test)}; evidence ${oddsText(judgement.lnEvidence)} that ${missedTarget(telling)}`;
    case 'too_little_volume':
      return `too little volume to judge: ${volumeWords(telling)}`;
    case 'tracking_outage':
      return 'the whole account converts far less than it should, so its tracking is suspected and nothing is changed';
    case 'tracking_suspected':
      return `a pause is due, and waits: in the last hours so few conversions of the whole account came in that its tracking may be failing; ${pauseWords(telling)}`;
    case 'holdout':
      return `a pause is due and held back until ${isoDay(judgement.holdout?.untilMs ?? 0)}, as ${percent(judgement.holdout?.propensity ?? pilot.holdoutShare)} of them are, to measure how often pausing is wrong; ${pauseWords(telling)}`;
    case 'cooldown':
      return `its last change is too fresh for another: ${seenAndDue(telling, judgement)}`;
    case 'no_facts_since_change':
      return 'it was changed after the newest hour whose cost is known';
    case 'no_lever':
      return `it should run on less, but neither a daily budget nor a bid is set on it; ${seenAndDue(telling, judgement)}; ${evidenceShort(telling)}`;
    case 'not_ours':
      return 'it is paused, and not by this autopilot';
  }
  // A reason that a later version stored.
  return `${seenAndDue(telling, judgement)}, in ${currency}`;
}

/** "at $8.00 a day a verdict at 2 × target takes about 12 weeks; $48.00 a day would take 2". */
function volumeWords({ pilot, judgement, currency, plannedDailySpend }: Telling): string {
  const days = judgement.verdictDays ?? 0;
  const soon = (plannedDailySpend * days) / SOON_DAYS;
  const what = pilot.target.kind === 'cpa' ? 'at 2 × target' : 'at half the target';
  return `at ${moneyText(plannedDailySpend, currency)} a day a verdict ${what} takes about ${weeks(days)}; ${moneyText(soon, currency)} a day would take ${SOON_DAYS / 7}`;
}

function weeks(days: number): string {
  const count = Math.max(1, Math.round(days / 7));
  return count > 520 ? 'more than ten years' : `${count} ${count === 1 ? 'week' : 'weeks'}`;
}

function bidWords({ pilot, judgement, currency }: Telling): string {
  const target =
    pilot.target.kind === 'cpa'
      ? moneyText(pilot.target.cpa, currency)
      : `ROAS ${valueText(pilot.target.roas, 'ratio', currency)}`;
  const cost = moneyText(judgement.perConversion / judgement.efficiency, currency);
  return pilot.targetIs === 'average'
    ? `a conversion likely costs ${cost}, and ${target} is the average to hold`
    : `a conversion likely costs ${cost}, and ${target} is the limit of what it is worth`;
}

/** "84 %"; what is nearly certain is not told as certain. */
export function chanceText(chance: number): string {
  if (chance > 0.999) return 'over 99.9 %';
  if (chance < 0.001) return 'under 0.1 %';
  return chance > 0.99 ? `${Number((chance * 100).toFixed(1))} %` : percent(chance);
}

function percent(share: number): string {
  const whole = share * 100;
  return `${whole >= 10 || whole === 0 ? Math.round(whole) : Number(whole.toFixed(1))} %`;
}

function isoDay(ms: number): string {
  return Number.isFinite(ms) ? new Date(Math.floor(ms / DAY_MS) * DAY_MS).toISOString().slice(0, 10) : '?';
}
