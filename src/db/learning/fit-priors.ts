import type { Level, ObjectId } from '../../core/object.ts';
import { betweenCampaigns, campaignPrior } from '../../core/statistics/campaign-prior.ts';
import { fitGammaPrior, type GammaPrior } from '../../core/statistics/prior.ts';
import type { SiblingFacts, Siblings } from './siblings.ts';

/** What more siblings than this would add is nothing; every so-many-th of them is taken. */
const MOST_SIBLINGS = 4_000;

export type LevelPriors = Readonly<Partial<Record<Level, GammaPrior>>>;

export interface Priors {
  readonly account: LevelPriors;
  readonly campaigns: ReadonlyMap<ObjectId, LevelPriors>;
}

type Measure = 'spend' | 'clicks';

/**
 * Priors of one event, by level: the account's over all its objects of the level, and each campaign's, which has the
 * account's shape around its own rate shrunk to the account's. Levels with fewer than five objects teach none.
 */
export function fitPriors(siblings: Siblings, event: string, measure: Measure): Priors {
  const account: Partial<Record<Level, GammaPrior>> = {};
  const campaigns = new Map<ObjectId, Partial<Record<Level, GammaPrior>>>();
  for (const [level, objects] of siblings.levels) {
    const usable = [...objects.values()].filter((one) => exposureOf(one, event, measure) > 0);
    const fitted = fitGammaPrior(
      thinned(usable).map((one) => ({
        conversions: one.byEvent.get(event)?.conversions ?? 0,
        exposure: exposureOf(one, event, measure),
      })),
    );
    if (fitted === null) continue;
    account[level] = { ...shape(fitted), siblings: usable.length, from: 'account' };
    // A campaign among campaigns has the account's prior; a creative belongs to no one campaign.
    if (level === 'campaign' || level === 'creative') continue;
    const groups = Map.groupBy(usable, (one) => one.campaignId);
    const facts = new Map(
      [...groups].map(([id, ofCampaign]) => [
        id,
        {
          conversions: ofCampaign.reduce((sum, one) => sum + (one.byEvent.get(event)?.conversions ?? 0), 0),
          exposures: ofCampaign.map((one) => exposureOf(one, event, measure)),
        },
      ]),
    );
    const tauSquared = betweenCampaigns([...facts.values()], fitted.a);
    for (const [id, ofCampaign] of facts) {
      if (id === null) continue;
      const prior: GammaPrior = {
        ...shape(campaignPrior(fitted, ofCampaign, tauSquared)),
        siblings: ofCampaign.exposures.length,
        from: 'campaign',
      };
      campaigns.set(id, { ...campaigns.get(id), [level]: prior });
    }
  }
  return { account, campaigns };
}

function exposureOf(one: SiblingFacts, event: string, measure: Measure): number {
  return one.byEvent.get(event)?.[measure] ?? 0;
}

/** Eight digits: priors stand in every stored decision. */
function shape({ a, b }: { readonly a: number; readonly b: number }) {
  return { a: Number(a.toPrecision(8)), b: Number(b.toPrecision(8)) };
}

function thinned<T>(items: readonly T[]): readonly T[] {
  const step = Math.ceil(items.length / MOST_SIBLINGS);
  return step <= 1 ? items : items.filter((_, no) => no % step === 0);
}
