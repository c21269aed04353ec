/**
 * Sums over a hierarchical source identifier. Apple shortens the four digits of an ad to three or two when the crowd is
 * small, so "39" and "5239" can be one campaign: two digits hold what three and four of the same ending hold, plus what
 * only came with two.
 */
import { type AppleTally, addTallies, sumTallies } from './tally.ts';

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

/** The part of an identifier that a smaller crowd would have been told. */
function shortened(identifier: string, digits: number, short: ShortForm): string {
  return short === 'last' ? identifier.slice(-digits) : identifier.slice(0, digits);
}

function groups(
  rows: readonly { readonly identifier: string; readonly tally: AppleTally }[],
  short: ShortForm,
  digits: number,
): readonly SourceGroup[] {
  const byShort = Map.groupBy(rows, ({ identifier }) => shortened(identifier, digits, short));
  return [...byShort]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([identifier, members]) => {
      const own = sumTallies(
        members.filter((row) => row.identifier.length <= digits).map((row) => row.tally),
      );
      const finer = groups(
        members.filter((row) => row.identifier.length > digits),
        short,
        digits + 1,
      );
      return { identifier, own, finer, total: finer.reduce((all, one) => addTallies(all, one.total), own) };
    });
}

/**
 * The campaign of an identifier, of any length: its own entry, else the longest entry that it begins or ends with, else, for
 * a short one, the campaign of all entries that it may be short for.
 *
 * @param campaigns identifier → campaign, as the user wrote them.
 * @returns null where nothing fits, or several campaigns could be meant.
 */
export function campaignOf<T>(
  identifier: string,
  campaigns: Readonly<Record<string, T>>,
  short: ShortForm = 'last',
): T | null {
  for (let digits = identifier.length; digits >= Math.min(2, identifier.length); digits -= 1) {
    const key = shortened(identifier, digits, short);
    if (Object.hasOwn(campaigns, key)) return campaigns[key] ?? null;
  }
  const longer = new Set(
    Object.entries(campaigns).flatMap(([key, campaign]) =>
      shortened(key, identifier.length, short) === identifier ? [campaign] : [],
    ),
  );
  const [only] = longer;
  return longer.size === 1 ? (only ?? null) : null;
}
