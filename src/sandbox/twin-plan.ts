import type { MarketPlan } from './market/plan.ts';

/** Between Meta's ids of two accounts; far more than an account of the sandbox has objects. */
const ID_GAP = 10_000_000_000_000n;

/**
 * The same market as a second ad account sees it: draw for draw the same, under ids of its own. Names get a
 * suffix, so that whoever reads one knows which account is meant.
 */
export function twinPlan(plan: MarketPlan, suffix: string): MarketPlan {
  const id = (one: { readonly id: string }): string => String(BigInt(one.id) + ID_GAP);
  return {
    ...plan,
    campaigns: plan.campaigns.map((one) => ({ ...one, id: id(one), name: `${one.name}${suffix}` })),
    adsets: plan.adsets.map((one) => ({ ...one, id: id(one), name: `${one.name}${suffix}` })),
    creatives: plan.creatives.map((one) => ({ ...one, id: id(one) })),
    ads: plan.ads.map((one) => ({ ...one, id: id(one), name: `${one.name}${suffix}` })),
  };
}
