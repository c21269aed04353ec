import type { Micros } from '../money.ts';

export type CoarseValue = 'low' | 'medium' | 'high';

/** What an app means by one value. */
export interface ValueMeaning {
  readonly event: string;
  /** Worth of the conversion in the map's currency; null when the value says nothing of money. */
  readonly revenueMicros: Micros | null;
}

/** One window's values: fine ones by "0" to "63" (first window only), coarse ones by word. */
export interface WindowValues {
  readonly fine?: Readonly<Record<string, ValueMeaning>>;
  readonly coarse?: Readonly<Partial<Record<CoarseValue, ValueMeaning>>>;
}

/** An app's conversion values, which it invents itself: without this setting a value means nothing here. */
export interface ConversionValueMap {
  readonly currency: string;
  /** By conversion window; at most three. */
  readonly windows: readonly WindowValues[];
  /**
   * Values stand beside Apple's signature, so whoever passes a postback on can alter them. True only for a source whose
   * postbacks come from devices directly or from an authenticated sender.
   */
  readonly trustValues: boolean;
}

export type ValueReading =
  | {
      readonly kind: 'mapped';
      readonly event: string;
      readonly revenueMicros: Micros | null;
      readonly currency: string;
    }
  /** Apple withheld it (the crowd was small), or the app set none. */
  | { readonly kind: 'no_value' }
  | { readonly kind: 'unmapped'; readonly value: string }
  | { readonly kind: 'untrusted'; readonly value: string };

/**
 * What a postback's conversion value means. Total: each value ends in one of four readings.
 *
 * @param value fine and coarse as read; a fine one wins, since it says more.
 */
export function readConversionValue(
  value: {
    readonly fineValue: number | null;
    readonly coarseValue: CoarseValue | null;
    readonly sequenceIndex: 0 | 1 | 2;
  },
  map: ConversionValueMap,
): ValueReading {
  const word = value.fineValue === null ? value.coarseValue : String(value.fineValue);
  if (word === null) return { kind: 'no_value' };
  if (!map.trustValues) return { kind: 'untrusted', value: word };
  const window = map.windows[value.sequenceIndex];
  const table: Readonly<Record<string, ValueMeaning>> | undefined =
    value.fineValue === null ? window?.coarse : window?.fine;
  const meaning = table !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
  if (meaning === undefined) return { kind: 'unmapped', value: word };
  return {
    kind: 'mapped',
    event: meaning.event,
    revenueMicros: meaning.revenueMicros,
    currency: map.currency,
  };
}
