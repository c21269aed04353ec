/**
 * What one object was given and what came of it, by the time of the click: the facts that the statistics look at.
 * Columns of equal length, oldest bucket first. Hours of the account's zone near now, its days farther back, so that
 * matured spend is exact to the hour where delay curves are steep and to the day where they are flat.
 */
export interface Delivery {
  /** Start of each bucket, ms since the epoch; a bucket reaches to the start of the next one, the last to `toMs`. */
  readonly fromMs: readonly number[];
  /**
   * Whole weeks of the object's test that lie before the first bucket and are no longer looked at; left out: none. Its weekly
   * restarts go on counting from there.
   */
  readonly weeksBefore?: number;
  /** End of the newest hour whose spend the network has reported: the evidence's `asOfMs`. */
  readonly toMs: number;
  /** Major units of the account's currency. */
  readonly spend: readonly number[];
  /** The network's clicks. */
  readonly clicks: readonly number[];
  /** By event name; an event without a conversion may be left out. */
  readonly events: Readonly<Record<string, EventDelivery>>;
}

/** Counted conversions of one event, in the bucket their click is in. They may come with any delay up to now. */
export interface EventDelivery {
  readonly conversions: readonly number[];
  /** Revenue in major units. */
  readonly value: readonly number[];
  /** Revenue with each order cut off at the account's cap (`OrderValues.cap`); left out while no cap is learned. */
  readonly cappedValue?: readonly number[];
  /** How many of these conversions wait for an exchange rate; left out when none does. Their value is not in the sums. */
  readonly unconverted?: number;
}
