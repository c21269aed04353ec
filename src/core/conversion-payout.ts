import type { LifeAmount } from './conversion-life.ts';
import type { Micros } from './money.ts';

/** One line of the payout table: what an event pays, from a day on. Null means "any". */
export interface Payout {
  readonly event: string | null;
  readonly linkId: string | null;
  readonly campaignId: string | null;
  /** Two letters, any case. */
  readonly country: string | null;
  readonly validFromMs: number;
  readonly micros: Micros;
  readonly currency: string;
}

/** What is known of a conversion that carries no amount. */
export interface PayoutQuestion {
  readonly event: string;
  readonly linkId: string | null;
  readonly campaignId: string | null;
  readonly country: string | null;
  readonly atMs: number;
}

/**
 * The configured payout of a conversion whose messages name no amount (an amount of 0 is an amount; that the table is asked
 * only without one is `lifeOf`'s rule). Of the lines that fit and are in force at the event, the one that says most: event before
 * link, link before campaign, campaign before country; then the newest.
 *
 * @returns null when no line fits.
 */
export function payoutOf(table: readonly Payout[], question: PayoutQuestion): LifeAmount | null {
  let best: Payout | null = null;
  for (const line of table) {
    if (!fits(line, question)) continue;
    const gain = best === null ? 1 : detail(line) - detail(best) || line.validFromMs - best.validFromMs;
    if (gain > 0) best = line;
  }
  return best && { micros: best.micros, currency: best.currency };
}

function fits(line: Payout, question: PayoutQuestion): boolean {
  return (
    line.validFromMs <= question.atMs &&
    (line.event === null || line.event === question.event) &&
    (line.linkId === null || line.linkId === question.linkId) &&
    (line.campaignId === null || line.campaignId === question.campaignId) &&
    (line.country === null || line.country.toUpperCase() === question.country?.toUpperCase())
  );
}

/** How much a line says; what stands further left in the doc comment outweighs all to its right. */
const detail = (line: Payout): number =>
  (line.event === null ? 0 : 8) +
  (line.linkId === null ? 0 : 4) +
  (line.campaignId === null ? 0 : 2) +
  (line.country === null ? 0 : 1);
