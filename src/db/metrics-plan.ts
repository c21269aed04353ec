import type { WindowBounds } from '../core/windows.ts';
import { addDays, dayOf } from '../core/zone.ts';

/** One use of a fetched sum: added to, or taken from, the window of that spelling. */
export interface Term {
  readonly spelling: string;
  readonly sign: 1 | -1;
}

/** Which sums to fetch so that every window can be put together. */
export interface WindowPlan {
  /** Account-local dates whose running totals (up to the end of the day) are needed. */
  readonly edges: readonly string[];
  readonly edgeTerms: readonly (readonly Term[])[];
  /** True when every window begins at an edge too, so that totals which are the same at all edges add nothing. */
  readonly differencesOnly: boolean;
  /** Stretches whose hours are needed. */
  readonly spans: readonly WindowBounds[];
  readonly spanTerms: readonly (readonly Term[])[];
}

/**
 * Splits windows into running totals and hours. A window that begins at a day edge (or with the first fact) and ends at
 * a day edge or at `asOf` is: totals of its last day, less the hours after `asOf`, less the totals of the day before it.
 * Every other window is its hours.
 */
export function planWindows(
  windows: readonly { readonly spelling: string; readonly bounds: WindowBounds }[],
  asOfMs: number,
  zone: string,
): WindowPlan {
  const edges = new Parts<string>((day) => day);
  const spans = new Parts<WindowBounds>((span) => `${span.fromMs}-${span.toMs}`);
  let differencesOnly = true;
  for (const { spelling, bounds } of windows) {
    const fromMs = bounds.fromMs;
    const toMs = Math.min(bounds.toMs, asOfMs);
    if (fromMs >= toMs) continue;
    const lastDay = dayOf(toMs - 1, zone);
    const beginsWithDay = fromMs === 0 || dayOf(fromMs, zone).startMs === fromMs;
    if (!beginsWithDay || (toMs !== asOfMs && toMs !== lastDay.endMs)) {
      spans.add({ fromMs, toMs }, { spelling, sign: 1 });
      continue;
    }
    edges.add(lastDay.date, { spelling, sign: 1 });
    if (toMs < lastDay.endMs) spans.add({ fromMs: toMs, toMs: lastDay.endMs }, { spelling, sign: -1 });
    if (fromMs > 0) edges.add(addDays(dayOf(fromMs, zone).date, -1), { spelling, sign: -1 });
    else differencesOnly = false;
  }
  return {
    edges: edges.keys,
    edgeTerms: edges.terms,
    differencesOnly,
    spans: spans.keys,
    spanTerms: spans.terms,
  };
}

/** Distinct parts in order of first use, each with its uses. */
class Parts<Key> {
  readonly keys: Key[] = [];
  readonly terms: Term[][] = [];
  readonly #numbers = new Map<string, number>();
  readonly #spell: (key: Key) => string;

  constructor(spell: (key: Key) => string) {
    this.#spell = spell;
  }

  add(key: Key, term: Term): void {
    const text = this.#spell(key);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.keys.push(key) - 1;
      this.terms.push([]);
      this.#numbers.set(text, number);
    }
    this.terms[number]?.push(term);
  }
}
