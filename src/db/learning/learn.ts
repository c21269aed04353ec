import type { TrialValue } from '../../core/learned.ts';
import { dispersion } from '../../core/statistics/dispersion.ts';
import { digits } from '../../core/learning/rounding.ts';
import { learnTrial } from '../../core/learning/trials.ts';
import { orderValues } from '../../core/statistics/roas-test.ts';
import { isTrial } from '../../core/attribution.ts';
import type { Db } from '../connection.ts';
import { type LearningAccount, loadLearningAccount } from './account.ts';
import { countDelays } from './count-delays.ts';
import { type EventCurves, fitCurves } from './curves.ts';
import { fitPriors } from './fit-priors.ts';
import { loadOrderValues } from './orders.ts';
import { type Days, loadSiblings, type Siblings } from './siblings.ts';
import { type LearnedRow, storeLearned } from './store.ts';
import type { Rate } from './stored.ts';
import { loadTrials } from './trials.ts';

/** Fewer conversions in four weeks make no rate that silence could be told by. */
const LEAST_FOR_RATE = 30;
/** Conversions' worth of the account's rate in a campaign's. */
const RATE_WORTH = 10;
const MOST_DISPERSION = 10;

export interface LearnResult {
  /** Days of campaigns whose delays were counted anew. */
  readonly cohorts: number;
  readonly events: number;
  readonly campaigns: number;
  readonly changed: number;
  readonly sentence: string;
}

/**
 * Learns an account's delays, priors, order sizes, clustering and trial values from its matured facts, and stores them in
 * `learned`. Only days of clicks that have changed are counted anew; the fits are of all of them. Safe to repeat, and at
 * any time: decisions made before carry what they were made with.
 *
 * @param nowMs workspace time.
 */
export async function learn(db: Db, accountId: string, nowMs: number): Promise<LearnResult> {
  const account = await loadLearningAccount(db, accountId, nowMs);
  if (account === null)
    return { cohorts: 0, events: 0, campaigns: 0, changed: 0, sentence: 'nothing to learn from yet' };
  const cohorts = await countDelays(db, account);
  const curves = await fitCurves(db, account);
  const siblings = await loadSiblings(db, account, curves);
  const orders = await loadOrderValues(db, account);
  const rows: LearnedRow[] = [];
  for (const { name } of account.events) {
    const ofEvent = curves.get(name);
    if (ofEvent === undefined) continue;
    const values = orders.get(name);
    rows.push(
      ...rowsOf(name, ofEvent, siblings, {
        orders: values === undefined ? null : orderValues(values),
        dispersion: Number(dispersion(siblings.adDays.get(name) ?? []).toPrecision(6)),
        trial: await trialOf(db, account, name),
      }),
    );
  }
  const changed = await storeLearned(db, { accountId, nowMs, rows });
  const campaigns = new Set(rows.flatMap((row) => (row.campaignId === null ? [] : [row.campaignId]))).size;
  return {
    cohorts,
    events: account.events.length,
    campaigns,
    changed,
    sentence: `${cohorts} days of clicks counted; ${account.events.length} events of the account and ${campaigns} campaigns, ${changed} changed`,
  };
}

/** What is the account's alone: sizes of orders, clustering and trials are not learned by campaign. */
interface OfAccount {
  readonly orders: LearnedRow['facts']['orders'];
  readonly dispersion: number;
  readonly trial: TrialValue | null;
}

function rowsOf(event: string, curves: EventCurves, siblings: Siblings, whole: OfAccount): LearnedRow[] {
  const priors = fitPriors(siblings, event, 'spend');
  const clickPriors = fitPriors(siblings, event, 'clicks');
  const rate = rateOf(siblings.accountDays.get(event), siblings, event);
  const facts = {
    curve: curves.account,
    priors: priors.account,
    clickPriors: clickPriors.account,
    ...whole,
    rate,
  };
  const rows: LearnedRow[] = [{ event, campaignId: null, facts }];
  const campaigns = new Set([...curves.campaigns.keys(), ...priors.campaigns.keys()]);
  for (const campaignId of [...campaigns].toSorted((a, b) => a - b)) {
    const recent = siblings.recent.get(campaignId)?.get(event);
    const worth = rate === null ? 0 : RATE_WORTH / rate.perUnit;
    rows.push({
      event,
      campaignId,
      facts: {
        ...facts,
        curve: curves.campaigns.get(campaignId) ?? curves.account,
        priors: { ...facts.priors, ...priors.campaigns.get(campaignId) },
        clickPriors: { ...facts.clickPriors, ...clickPriors.campaigns.get(campaignId) },
        rate:
          rate === null || recent === undefined
            ? rate
            : {
                ...rate,
                perUnit: digits((RATE_WORTH + recent.conversions) / (worth + recent.spend)),
                conversions: recent.conversions,
              },
      },
    });
  }
  return rows;
}

/** Conversions per matured unit of spend over the last four weeks, and how much days scatter around it. */
function rateOf(days: Days | undefined, siblings: Siblings, event: string): Rate | null {
  if (days === undefined) return null;
  let [conversions, spend] = [0, 0];
  for (const byEvent of siblings.recent.values()) {
    conversions += byEvent.get(event)?.conversions ?? 0;
    spend += byEvent.get(event)?.spend ?? 0;
  }
  if (conversions < LEAST_FOR_RATE || !(spend > 0)) return null;
  let [sum, count] = [0, 0];
  days.expected.forEach((due, day) => {
    if (!(due > 0)) return;
    count += 1;
    sum += ((days.counts[day] ?? 0) - due) ** 2 / due;
  });
  const scatter = count < 2 ? 1 : sum / (count - 1);
  return {
    perUnit: digits(conversions / spend),
    conversions,
    dispersion: digits(Math.min(MOST_DISPERSION, Math.max(1, scatter))),
  };
}

async function trialOf(db: Db, account: LearningAccount, event: string): Promise<TrialValue | null> {
  if (!isTrial(event)) return null;
  const found = await loadTrials(db, account, event);
  return found === null ? null : learnTrial(found);
}
