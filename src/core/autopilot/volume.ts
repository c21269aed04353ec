import { lnEvidenceAbove, type Weight } from '../statistics/e-process.ts';
import { mixRestarts } from '../statistics/restarts.ts';

/** A verdict is planned for an object at half its target's efficiency: the loser that everybody wants to be rid of. */
const LOSER = 0.5;

const known = new Map<string, number>();
let latest = { alpha: NaN, a: NaN, b: NaN, spend: NaN };

/**
 * Matured spend, in targets, after which the evidence against an object at twice its target CPA reaches 1/α if its
 * conversions come as expected: with no prior 9, 18 and 29 at α = .50, .20 and .05. The answer to "how much would be needed".
 */
export function verdictSpend(alpha: number, weight: Weight): number {
  // Objects of one campaign are asked about one after the other, with one weight.
  if (latest.alpha === alpha && latest.a === weight.a && latest.b === weight.b) return latest.spend;
  const key = `${alpha}/${weight.a.toPrecision(2)}/${weight.b.toPrecision(2)}`;
  let found = known.get(key);
  if (found === undefined) {
    const needed = -Math.log(alpha);
    let [low, high] = [0, 1];
    const lnAfter = (spend: number) => mixRestarts([lnEvidenceAbove(LOSER * spend, spend, weight)]);
    while (lnAfter(high) < needed && high < 1e4) high *= 2;
    for (let i = 0; i < 40; i += 1) {
      const middle = (low + high) / 2;
      if (lnAfter(middle) < needed) low = middle;
      else high = middle;
    }
    found = high;
    // Weights are few (one per campaign and day); a long-lived process must not keep all it ever saw.
    if (known.size > 1_000) known.clear();
    known.set(key, found);
  }
  latest = { alpha, a: weight.a, b: weight.b, spend: found };
  return found;
}

/**
 * Days until such a verdict at a planned daily spend; null when no spend, or none to speak of, is planned.
 *
 * @param perSpend effective conversions due per major unit of spend.
 */
export function verdictDays(
  alpha: number,
  weight: Weight,
  perSpend: number,
  plannedDailySpend: number,
): number | null {
  const days = verdictSpend(alpha, weight) / (plannedDailySpend * perSpend);
  return days > 0 && Number.isFinite(days) ? days : null;
}
