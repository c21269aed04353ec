import {
  betweenCampaigns,
  campaignRate,
  middleRate,
  shrunkCampaignRate,
} from '../statistics/campaign-prior.ts';
import { fitGammaPrior, fitShape, type GammaPrior, type Sibling } from '../statistics/prior.ts';

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

/** Rates of campaigns need the shape and the shape needs them: after so many rounds neither moves. */
const ROUNDS = 3;

/**
 * What an account's objects teach about the next one: the account's prior over all of them (Robbins 1956; DuMouchel 1999),
 * and each campaign's: its own rate (Bühlmann & Straub 1970), shrunk to the middle of the campaigns by as much as they truly
 * differ (DerSimonian & Laird 1986), with the shape that ads have around the rates of their campaigns. Exposure in matured
 * units of spend, or matured clicks.
 *
 * A campaign of few objects is told by all of them; one of many by its own.
 */
export function learnPriors<Campaign>(objects: readonly SiblingOf<Campaign>[]): LearnedPriors<Campaign> {
  const usable = objects.filter((one) => one.exposure > 0);
  const sample = thinned(usable);
  const fitted = fitGammaPrior(sample);
  if (fitted === null) return { account: null, campaigns: new Map() };
  const account: GammaPrior = { ...shape(fitted), siblings: usable.length, from: 'account' };
  const groups = new Map<Campaign, SiblingOf<Campaign>[]>();
  for (const one of usable) {
    if (one.campaign === null) continue;
    const group = groups.get(one.campaign);
    if (group === undefined) groups.set(one.campaign, [one]);
    else group.push(one);
  }
  if (groups.size === 0) return { account, campaigns: new Map() };

  const overall = fitted.a / fitted.b;
  let { a } = fitted;
  let middle = overall;
  let means = new Map<Campaign, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const around = { a, b: a / middle };
    const rates = [...groups].map(([campaign, ads]) => [campaign, campaignRate(ads, around)] as const);
    const between = betweenCampaigns(rates.map(([, rate]) => rate));
    middle =
      middleRate(
        rates.map(([, rate]) => rate),
        between,
      ) ?? overall;
    means = new Map(rates.map(([campaign, rate]) => [campaign, shrunkCampaignRate(middle, rate, between)]));
    a = fitShape(
      sample.map(({ campaign, conversions, exposure }) => ({
        conversions,
        exposure,
        mean: (campaign === null ? undefined : means.get(campaign)) ?? overall,
      })),
    );
  }
  const campaigns = new Map<Campaign, GammaPrior>();
  for (const [campaign, ads] of groups)
    campaigns.set(campaign, {
      ...shape({ a, b: a / (means.get(campaign) ?? middle) }),
      siblings: ads.length,
      from: 'campaign',
    });
  return { account, campaigns };
}

/** Eight digits: priors stand in every stored decision. */
function shape({ a, b }: { readonly a: number; readonly b: number }) {
  return { a: Number(a.toPrecision(8)), b: Number(b.toPrecision(8)) };
}

function thinned<T>(items: readonly T[]): readonly T[] {
  const step = Math.ceil(items.length / MOST_SIBLINGS);
  return step <= 1 ? items : items.filter((_, no) => no % step === 0);
}
