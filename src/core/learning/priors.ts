import { betweenCampaigns, campaignPrior } from '../statistics/campaign-prior.ts';
import { fitGammaPrior, type GammaPrior, type Sibling } from '../statistics/prior.ts';

/** What more siblings than this would add is nothing; every so-many-th of them is taken. */
const MOST_SIBLINGS = 4_000;

/** One object with the campaign it is in; null where it belongs to no one campaign, or is one itself. */
export interface SiblingOf<Campaign> extends Sibling {
  readonly campaign: Campaign | null;
}

/** Priors of one event and one level of objects. */
export interface LearnedPriors<Campaign> {
  /** Null while fewer than five objects, or no conversion, have been seen. */
  readonly account: GammaPrior | null;
  readonly campaigns: ReadonlyMap<Campaign, GammaPrior>;
}

/**
 * What an account's objects teach about the next one: the account's prior over all of them (Robbins 1956; DuMouchel 1999),
 * and each campaign's, which has the account's shape around its own rate shrunk to the account's by as much as campaigns
 * truly differ (DerSimonian & Laird 1986). Exposure in matured units of spend, or matured clicks.
 *
 * A campaign of few objects is told by all of them; one of many by its own.
 */
export function learnPriors<Campaign>(objects: readonly SiblingOf<Campaign>[]): LearnedPriors<Campaign> {
  const usable = objects.filter((one) => one.exposure > 0);
  const fitted = fitGammaPrior(thinned(usable));
  if (fitted === null) return { account: null, campaigns: new Map() };
  const groups = new Map<Campaign, { conversions: number; exposures: number[] }>();
  for (const { campaign, conversions, exposure } of usable) {
    if (campaign === null) continue;
    let group = groups.get(campaign);
    if (group === undefined) groups.set(campaign, (group = { conversions: 0, exposures: [] }));
    group.conversions += conversions;
    group.exposures.push(exposure);
  }
  const tauSquared = betweenCampaigns([...groups.values()], fitted.a);
  const campaigns = new Map<Campaign, GammaPrior>();
  for (const [campaign, facts] of groups)
    campaigns.set(campaign, {
      ...shape(campaignPrior(fitted, facts, tauSquared)),
      siblings: facts.exposures.length,
      from: 'campaign',
    });
  return { account: { ...shape(fitted), siblings: usable.length, from: 'account' }, campaigns };
}

/** Eight digits: priors stand in every stored decision. */
function shape({ a, b }: { readonly a: number; readonly b: number }) {
  return { a: Number(a.toPrecision(8)), b: Number(b.toPrecision(8)) };
}

function thinned<T>(items: readonly T[]): readonly T[] {
  const step = Math.ceil(items.length / MOST_SIBLINGS);
  return step <= 1 ? items : items.filter((_, no) => no % step === 0);
}
