import type { ConversionValueMap } from './conversion-values.ts';
import { type ShortForm, type SourceGroup, campaignOf, groupBySource } from './source-identifiers.ts';
import { type AlikePostbacks, type AppleTally, sumTallies, tallyOf } from './tally.ts';

/** Postbacks that count, and are alike: one line of what the database counts. */
export interface AppleCount extends AlikePostbacks {
  readonly appId: string;
  readonly adNetworkId: string;
  /** SKAdNetwork up to 3.0 has campaign ids, 0 to 100; later versions source identifiers of two to four digits. */
  readonly identifiedBy: 'campaign' | 'source';
  readonly identifier: string;
}

/** What somebody wrote down about an app. */
export interface AppleMeaning {
  readonly values: ConversionValueMap | null;
  /** Identifier → campaign's name. */
  readonly campaigns: Readonly<Record<string, string>>;
  readonly short: ShortForm;
}

export const NO_MEANING: AppleMeaning = { values: null, campaigns: {}, short: 'last' };

/** One identifier of a network, with its finer ones inside. */
export interface AppleLine extends Omit<SourceGroup, 'finer'> {
  readonly identifiedBy: AppleCount['identifiedBy'];
  /** The campaign it was said to be; null where nobody said. */
  readonly campaign: string | null;
  readonly finer: readonly AppleLine[];
}

export interface AppleNetworkReport {
  readonly adNetworkId: string;
  readonly total: AppleTally;
  readonly lines: readonly AppleLine[];
}

export interface AppleAppReport {
  readonly appId: string;
  readonly total: AppleTally;
  readonly networks: readonly AppleNetworkReport[];
}

/**
 * Sums by app, ad network and identifier, in this order. Networks are kept apart: each gives its identifiers a meaning of its
 * own. An app's totals are those of its networks, a network's those of its lines.
 */
export function appleReport(
  counts: readonly AppleCount[],
  meaningOf: (appId: string) => AppleMeaning,
): readonly AppleAppReport[] {
  return byKey(counts, (count) => count.appId).map(([appId, ofApp]) => {
    const meaning = meaningOf(appId);
    const networks = byKey(ofApp, (count) => count.adNetworkId).map(
      ([adNetworkId, ofNetwork]): AppleNetworkReport => {
        const lines = linesOf(ofNetwork, meaning);
        return { adNetworkId, lines, total: sumTallies(lines.map((line) => line.total)) };
      },
    );
    return { appId, networks, total: sumTallies(networks.map((network) => network.total)) };
  });
}

function linesOf(counts: readonly AppleCount[], meaning: AppleMeaning): readonly AppleLine[] {
  const rows = counts.map((count) => ({ ...count, tally: tallyOf(count, meaning.values) }));
  const named =
    (identifiedBy: AppleCount['identifiedBy']) =>
    (group: SourceGroup): AppleLine => ({
      ...group,
      identifiedBy,
      campaign: campaignOf(group.identifier, meaning.campaigns, meaning.short),
      finer: group.finer.map(named(identifiedBy)),
    });
  const campaigns = byKey(
    rows.filter((row) => row.identifiedBy === 'campaign'),
    (row) => row.identifier,
  ).map(([identifier, members]): AppleLine => {
    const total = sumTallies(members.map((member) => member.tally));
    // A campaign id has no shorter form: only its own entry names it.
    const campaign = Object.hasOwn(meaning.campaigns, identifier)
      ? (meaning.campaigns[identifier] ?? null)
      : null;
    return { identifier, identifiedBy: 'campaign', own: total, total, finer: [], campaign };
  });
  const sources = groupBySource(
    rows.filter((row) => row.identifiedBy === 'source'),
    meaning.short,
  ).map(named('source'));
  return [...sources, ...campaigns];
}

function byKey<T>(rows: readonly T[], key: (row: T) => string): readonly (readonly [string, readonly T[]])[] {
  return [...Map.groupBy(rows, key)].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
