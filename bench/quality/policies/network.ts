import { nextShares, thompsonShares } from '../../../src/core/statistics/allocation.ts';
import type { AdView } from '../ad-view.ts';
import type { Look } from '../look.ts';
import { DAILY, type Policy } from '../policy.ts';
import { TARGET } from '../scenarios.ts';

/** Budgets move once a day toward what has sold; every ad keeps a tenth of an equal share. */
const FLOOR_OF_EQUAL = 0.1;

/**
 * What networks do by themselves with a campaign's budget: they move it toward the ads that bring conversions per dollar
 * by the report of the day (conversions by their own time, spend as spent), and never spend less.
 */
const AUTO_ALLOCATION: Policy = {
  id: 'auto',
  title: "the network's own allocation of each campaign's budget",
  every: (scenario) => (scenario.bidding === true ? null : DAILY),
  revives: false,
  learns: null,
  start: (known) => {
    const budgets = new Map<AdView, number>();
    const dayOf = new Map<number, number>();
    return (view, look) => {
      const { campaign } = view.ad;
      if (dayOf.get(campaign) !== look.k) {
        dayOf.set(campaign, look.k);
        const begun = known.campaign(campaign).filter((one) => one.ad.beginsStep < look.k);
        allocate(begun, look, budgets);
      }
      const budget = budgets.get(view);
      return budget === undefined || budget === view.levers.dailyBudgetMicros
        ? null
        : { dailyBudgetMicros: budget };
    };
  },
};

function allocate(views: readonly AdView[], look: Look, budgets: Map<AdView, number>): void {
  const total = views.reduce((sum, view) => sum + (view.ad.levers.dailyBudgetMicros ?? 0), 0);
  const days = Math.floor(look.hours / 24);
  const arms = views.map((view) => {
    let spend = 0;
    for (let day = 0; day < days; day += 1) spend += view.days.spend[day] ?? 0;
    return { a: 2 + view.conversions, b: 2 + spend / TARGET };
  });
  const present = views.map((view) => (view.levers.dailyBudgetMicros ?? 0) / total);
  const shares = nextShares(present, thompsonShares(arms), { floor: FLOOR_OF_EQUAL / views.length });
  for (const [place, view] of views.entries())
    budgets.set(view, Math.max(10_000, Math.floor(((shares[place] ?? 0) * total) / 10_000) * 10_000));
}

export const NETWORK: readonly Policy[] = [AUTO_ALLOCATION];
