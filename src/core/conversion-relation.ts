import { isTrial } from './attribution.ts';
import { readableSpan } from './attribution-words.ts';

/** A conversion of the same click or person, under a key of its own. */
export interface RelatedConversion {
  readonly id: string;
  readonly event: string;
  readonly amountMicros: number | null;
  readonly atMs: number;
  /** Who reported it. */
  readonly sourceId: string;
}

/** What a new conversion is to the ones before it on the same click. */
export type Relation = 'first' | 'payment_after_trial' | 'rebill' | 'upsell';

/** As people read it: "a rebill". */
export const RELATION_WORDS: Readonly<Record<Exclude<Relation, 'first'>, string>> = {
  payment_after_trial: 'the payment after a trial',
  rebill: 'a rebill',
  upsell: 'an upsell',
};

/** `ofId`: the conversion it follows. */
export interface ConversionRelation {
  readonly relation: Relation;
  readonly ofId: string | null;
  readonly text: string;
}

/**
 * Names what a new conversion is. Payments on one click are conversions of their own, never changes of one another: the trial
 * stays a conversion of 0, the payment 29 days later is a second one, each renewal one more.
 *
 * - after a trial (its name says so, or the same event came at 0) and no payment yet: the payment after the trial
 * - after a payment of the same event: a rebill
 * - after a payment of another event: an upsell
 *
 * A payment that another sender reports may be this very one, told twice: rebills and upsells follow payments of one sender.
 */
export function relationOf(now: RelatedConversion, others: readonly RelatedConversion[]): ConversionRelation {
  const first: ConversionRelation = {
    relation: 'first',
    ofId: null,
    text: `the first ${now.event} of its click`,
  };
  if (!isPaid(now) || isTrial(now.event)) return first;
  const earlier = others
    .filter((other) => other.atMs < now.atMs || (other.atMs === now.atMs && other.id < now.id))
    .toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? -1 : 1));
  const after = (of: RelatedConversion): string =>
    `${readableSpan(now.atMs - of.atMs)} after the ${of.event}`;
  const paid = earlier.filter(
    (other) => other.sourceId === now.sourceId && isPaid(other) && !isTrial(other.event),
  );
  const same = paid.find((other) => other.event === now.event);
  if (same) return { relation: 'rebill', ofId: same.id, text: `a rebill, ${after(same)}` };
  const [payment] = paid;
  if (payment) return { relation: 'upsell', ofId: payment.id, text: `an upsell, ${after(payment)}` };
  const trial = earlier.find(
    (other) => isTrial(other.event) || (other.event === now.event && other.amountMicros === 0),
  );
  if (trial) return { relation: 'payment_after_trial', ofId: trial.id, text: `the payment ${after(trial)}` };
  return first;
}

const isPaid = ({ amountMicros }: { readonly amountMicros: number | null }): boolean =>
  (amountMicros ?? 0) > 0;
