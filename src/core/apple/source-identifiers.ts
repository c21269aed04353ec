/**
 * Sums over a hierarchical source identifier. Apple shortens the four digits of an ad to three or two when the crowd is
 * small, so "39" and "5239" can be one campaign: two digits hold what three and four of the same ending hold, plus what
 * only came with two.
 */

/** What is counted per identifier. Money in micros of one currency. */
export interface AppleTally {
  readonly installs: number;
  readonly reinstalls: number;
  readonly reEngagements: number;
  /** First reports whose value was known and mapped, and what they were worth together. */
  readonly valued: number;
  readonly revenueMicros: number;
}

/** One identifier's sum over itself and everything finer, with the finer ones inside. */
export interface SourceGroup {
  readonly identifier: string;
  readonly total: AppleTally;
  /** The part that came with exactly these digits. */
  readonly own: AppleTally;
  readonly finer: readonly SourceGroup[];
}

/**
 * Which two digits of four a short identifier is. Apple's text says only that it is a part; its sample pair 39 and 5239
 * agrees with the last ones, so that is the default and this is a setting.
 */
export type ShortForm = 'last' | 'first';

export const NO_TALLY: AppleTally = {
  installs: 0,
  reinstalls: 0,
  reEngagements: 0,
  valued: 0,
  revenueMicros: 0,
};

export function addTallies(a: AppleTally, b: AppleTally): AppleTally {
  return {
    installs: a.installs + b.installs,
    reinstalls: a.reinstalls + b.reinstalls,
    reEngagements: a.reEngagements + b.reEngagements,
    valued: a.valued + b.valued,
    revenueMicros: a.revenueMicros + b.revenueMicros,
  };
}

/**
 * Groups tallies by two, then three, then four digits. Nothing is lost or counted twice: the totals of the coarsest
 * groups add up to the input.
 *
 * @param rows one per identifier as received; the same one may come repeatedly. An identifier of one digit stands alone.
 * @returns groups in the order of their identifiers.
 */
export function groupBySource(
  rows: readonly { readonly identifier: string; readonly tally: AppleTally }[],
  short: ShortForm = 'last',
): readonly SourceGroup[] {
  return groups(rows, short, 2);
}

function groups(
  rows: readonly { readonly identifier: string; readonly tally: AppleTally }[],
  short: ShortForm,
  digits: number,
): readonly SourceGroup[] {
  const byShort = Map.groupBy(rows, ({ identifier }) =>
    short === 'last' ? identifier.slice(-digits) : identifier.slice(0, digits),
  );
  return [...byShort]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([identifier, members]) => {
      const own = sum(members.filter((row) => row.identifier.length <= digits));
      const finer = groups(
        members.filter((row) => row.identifier.length > digits),
        short,
        digits + 1,
      );
      return { identifier, own, finer, total: finer.reduce((all, one) => addTallies(all, one.total), own) };
    });
}

function sum(rows: readonly { readonly tally: AppleTally }[]): AppleTally {
  return rows.reduce((all, { tally }) => addTallies(all, tally), NO_TALLY);
}
