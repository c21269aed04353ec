import { decimalFromMicros, micros, type Micros } from '../money.ts';
import type { Difference, DifferenceReason, Reconciliation, ReportedConversion } from './facts.ts';

/** In the order in which they are told. */
const WORDS: Readonly<Record<DifferenceReason, { readonly says: string; readonly next: string }>> = {
  never_arrived: {
    says: 'never arrived here',
    next: 'ask the sender for its postback log of these ids; in ours there is nothing under them',
  },
  before_source: { says: 'older than the source here', next: 'nothing; the sender can send them again' },
  refused: {
    says: 'arrived and were refused',
    next: 'mend what `./bidloop postback errors` names, then have them sent again',
  },
  not_counted: { says: 'are here and do not count', next: 'the reason stands behind each' },
  repeated_in_report: { says: 'stand in the report twice', next: 'nothing; they count once' },
  status: {
    says: 'have another status',
    next: 'have the sender call for every change of status; a report is newer than its last postback',
  },
  event: { says: 'are another event', next: 'map the names with `./bidloop source set`' },
  currency: {
    says: 'are in another currency',
    next: "send the currency with the amount, or set the source's",
  },
  amount: {
    says: 'have another amount',
    next: 'compare which amount the postback carries (payout, revenue, with or without tax)',
  },
  not_in_report: {
    says: 'count here and are not in the report',
    next: "check the report's filters: offer, status, and by which date it is cut",
  },
  edge_of_report: {
    says: 'count here within a day of the report’s edge',
    next: "most likely days of another time zone: set the report's with --zone",
  },
};

/** Differences of one reason, with what they are worth by currency. */
export interface ReasonSum {
  readonly reason: DifferenceReason;
  readonly count: number;
  /** Report less record, micros by currency; a difference of amounts alone counts with what differs. */
  readonly amounts: Readonly<Record<string, Micros>>;
  readonly next: string;
  readonly text: string;
}

/** One line for each reason that occurs, gravest first, its details counted. */
export function sumByReason({ differences }: Reconciliation): readonly ReasonSum[] {
  return (Object.keys(WORDS) as DifferenceReason[]).flatMap((reason) => {
    const own = differences.filter((one) => one.reason === reason);
    if (own.length === 0) return [];
    const { says, next } = WORDS[reason];
    const amounts = amountsOf(own);
    const money = Object.entries(amounts).map(([currency, sum]) => `${decimalFromMicros(sum)} ${currency}`);
    const worth = money.length === 0 ? '' : ` (${money.join(', ')})`;
    return [
      { reason, count: own.length, amounts, next, text: `${own.length} ${says}${worth}${details(own)}` },
    ];
  });
}

function amountsOf(differences: readonly Difference[]): Readonly<Record<string, Micros>> {
  const sums: Record<string, Micros> = {};
  const add = (amount: ReportedConversion['amount'] | undefined, sign: 1 | -1): void => {
    if (amount === null || amount === undefined || amount.micros === 0) return;
    sums[amount.currency] = micros((sums[amount.currency] ?? 0) + sign * amount.micros);
  };
  for (const { reported, recorded } of differences) {
    add(reported?.amount, 1);
    if (recorded?.counted === true && reported?.amount !== null) add(recorded.amount, -1);
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}

/** Details that several share, most frequent first; of amounts, where nearly each is its own, none. */
function details(differences: readonly Difference[]): string {
  const counts = new Map<string, number>();
  for (const { detail } of differences) counts.set(detail, (counts.get(detail) ?? 0) + 1);
  const shared = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 4);
  if (counts.size === 1) return `: ${shared[0]?.[0] ?? ''}`;
  if (counts.size > 10 && (shared[0]?.[1] ?? 0) === 1) return '';
  return `: ${shared.map(([detail, count]) => `${count} × ${detail}`).join('; ')}`;
}
