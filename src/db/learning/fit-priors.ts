import { learnPriors } from '../../core/learning/priors.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import type { GammaPrior } from '../../core/statistics/prior.ts';
import type { Siblings } from './siblings.ts';

export type LevelPriors = Readonly<Partial<Record<Level, GammaPrior>>>;

export interface Priors {
  readonly account: LevelPriors;
  readonly campaigns: ReadonlyMap<ObjectId, LevelPriors>;
}

type Measure = 'spend' | 'clicks';

/** Priors of one event, by level ({@link learnPriors}). Levels with fewer than five objects teach none. */
export function fitPriors(siblings: Siblings, event: string, measure: Measure): Priors {
  const account: Partial<Record<Level, GammaPrior>> = {};
  const campaigns = new Map<ObjectId, Partial<Record<Level, GammaPrior>>>();
  for (const [level, objects] of siblings.levels) {
    const learned = learnPriors(
      [...objects.values()].map((one) => ({
        // A campaign among campaigns has the account's prior; a creative belongs to no one campaign.
        campaign: level === 'campaign' || level === 'creative' ? null : one.campaignId,
        conversions: one.byEvent.get(event)?.conversions ?? 0,
        exposure: one.byEvent.get(event)?.[measure] ?? 0,
      })),
    );
    if (learned.account === null) continue;
    account[level] = learned.account;
    for (const [id, prior] of learned.campaigns) campaigns.set(id, { ...campaigns.get(id), [level]: prior });
  }
  return { account, campaigns };
}
