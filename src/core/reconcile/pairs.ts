import type { RecordedConversion, ReportedConversion } from './facts.ts';

export interface Pairs {
  readonly pairs: ReadonlyMap<ReportedConversion, RecordedConversion>;
  /** A row that says again what an earlier row, here its value, has said. */
  readonly repeated: ReadonlyMap<ReportedConversion, ReportedConversion>;
}

type Name = (row: ReportedConversion) => string | null;

interface Way {
  readonly ofReport: Name;
  readonly ofRecord: (row: RecordedConversion) => readonly string[];
}

const joined = (...parts: readonly (string | null)[]): string | null =>
  parts.includes(null) ? null : JSON.stringify(parts);

/** By which names a row finds its conversion, the surest first. */
const WAYS: readonly Way[] = [
  { ofReport: ({ key }) => key, ofRecord: ({ keys }) => keys },
  {
    ofReport: ({ txid, event }) => joined(txid, event),
    ofRecord: ({ txid, event }) => named(joined(txid, event)),
  },
  { ofReport: ({ txid }) => txid, ofRecord: ({ txid }) => named(txid) },
  {
    ofReport: ({ clickId, event }) => joined(clickId, event),
    ofRecord: ({ clickIds, event }) => clickIds.flatMap((id) => named(joined(id, event))),
  },
  { ofReport: ({ clickId }) => clickId, ofRecord: ({ clickIds }) => clickIds },
];

/** Ways by which two rows of a report are the same conversion: a click alone may well have several. */
const SAME: readonly Name[] = [({ key }) => key, ({ txid, event }) => joined(txid, event)];

const named = (name: string | null): readonly string[] => (name === null ? [] : [name]);

/**
 * Pairs rows of a report with conversions on record, each at most once. Sure ways come first for all rows, so that a row
 * that fits loosely never takes what another fits exactly; of several that fit, the one nearest in time.
 */
export function pairUp(
  reported: readonly ReportedConversion[],
  recorded: readonly RecordedConversion[],
): Pairs {
  const repeated = repeatedRows(reported);
  const pairs = new Map<ReportedConversion, RecordedConversion>();
  const taken = new Set<RecordedConversion>();
  for (const { ofReport, ofRecord } of WAYS) {
    const byName = new Map<string, RecordedConversion[]>();
    for (const one of recorded) {
      if (taken.has(one)) continue;
      for (const name of ofRecord(one)) {
        const others = byName.get(name);
        if (others === undefined) byName.set(name, [one]);
        else others.push(one);
      }
    }
    for (const row of reported) {
      const name = ofReport(row);
      if (name === null || pairs.has(row) || repeated.has(row)) continue;
      const nearest = (byName.get(name) ?? [])
        .filter((one) => !taken.has(one) && !otherOrder(row, one))
        .toSorted((a, b) => distance(row, a) - distance(row, b) || (a.id < b.id ? -1 : 1))[0];
      if (nearest === undefined) continue;
      pairs.set(row, nearest);
      taken.add(nearest);
    }
  }
  return { pairs, repeated };
}

/** One click may have many orders: a row that names another one than the conversion is not about it. */
function otherOrder(row: ReportedConversion, one: RecordedConversion): boolean {
  return row.txid !== null && one.txid !== null && row.txid !== one.txid;
}

function distance({ atMs }: ReportedConversion, one: RecordedConversion): number {
  return atMs === null ? 0 : Math.abs(one.atMs - atMs);
}

function repeatedRows(
  reported: readonly ReportedConversion[],
): ReadonlyMap<ReportedConversion, ReportedConversion> {
  const repeated = new Map<ReportedConversion, ReportedConversion>();
  for (const nameOf of SAME) {
    const first = new Map<string, ReportedConversion>();
    for (const row of reported) {
      const name = nameOf(row);
      if (name === null || repeated.has(row)) continue;
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, row);
      else repeated.set(row, earlier);
    }
  }
  return repeated;
}
