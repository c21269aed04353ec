import type { Delivery } from '../../src/core/delivery.ts';
import type { Visit } from '../../src/sandbox/market/ad-step.ts';
import type { Account, AccountAd } from './account.ts';
import { AdRunner, type AdsetLevers } from './ad-runner.ts';
import { DAY_MS, START_MS, STEP_MS, STEPS_A_DAY } from './scenarios.ts';
import { type Buckets, memoryAt, type Purchase, purchasesOf, STEPS_AN_HOUR } from './track.ts';

const HOUR_MS = 3_600_000;

/** Conversions seen so far, by hour and day of some time of theirs, from the run's start on. */
export interface SeenConversions {
  readonly hours: number[];
  readonly days: number[];
  readonly hourValues: number[];
  readonly dayValues: number[];
  /** Values with each order cut off at the cap of the day. */
  readonly hourCapped: number[];
  readonly dayCapped: number[];
}

function noneSeen(hours: number): SeenConversions {
  const zeros = (length: number): number[] => Array.from({ length }, () => 0);
  const days = Math.ceil(hours / 24);
  return {
    hours: zeros(hours),
    days: zeros(days),
    hourValues: zeros(hours),
    dayValues: zeros(days),
    hourCapped: zeros(hours),
    dayCapped: zeros(days),
  };
}

/**
 * One ad during one policy's run. It follows the account's track while nobody touches it; from the first change of a
 * lever on it is stepped by itself. Both give the same, bit for bit: the track was made by the same steps.
 */
export class AdView {
  readonly ad: AccountAd;
  readonly #account: Account;
  levers: AdsetLevers;
  /** Major units and clicks by hour and day of the run; whole hours before now are final. */
  hours: Buckets;
  days: Buckets;
  readonly byClick: SeenConversions;
  readonly byArrival: SeenConversions;
  conversions = 0;
  value = 0;
  /** Infinity while none is learned. */
  cap = Infinity;
  readonly #seen: Purchase[] = [];
  /** What `deliveryOf` made last: it stands until another hour is reported or a conversion is seen. */
  delivery: { readonly hours: number; readonly conversions: number; readonly value: Delivery } | null = null;
  #runner: AdRunner | null = null;
  #step = 0;
  #purchases: Purchase[] | readonly Purchase[];
  #next = 0;
  #spendMicros = 0;
  #clicks = 0;
  #expected = 0;

  constructor(account: Account, ad: AccountAd) {
    this.ad = ad;
    this.#account = account;
    this.levers = ad.levers;
    this.hours = ad.track.hours;
    this.days = ad.track.days;
    const hours = account.steps / STEPS_AN_HOUR;
    this.byClick = noneSeen(hours);
    this.byArrival = noneSeen(hours);
    this.#purchases = ad.track.purchases;
  }

  /** Whether it still follows its track: what it will spend is there already. */
  get untouched(): boolean {
    return this.#runner === null;
  }

  get spendMicros(): number {
    return this.#runner === null ? (this.ad.track.cumSpendMicros[this.#step] ?? 0) : this.#spendMicros;
  }

  get clicks(): number {
    return this.#runner === null ? (this.ad.track.cumClicks[this.#step] ?? 0) : this.#clicks;
  }

  /** Conversions that the clicks so far make on average. Only for the scorer. */
  get expected(): number {
    return this.#runner === null ? (this.ad.track.cumExpected[this.#step] ?? 0) : this.#expected;
  }

  /** Lets the market run to the beginning of step k, and hands out the conversions whose postbacks have come since. */
  advance(k: number, seen: (purchase: Purchase) => void): void {
    if (this.#runner === null) this.#step = k;
    else this.#stepTo(k, this.#runner);
    const nowMs = START_MS + k * STEP_MS;
    for (;;) {
      const purchase = this.#purchases[this.#next];
      if (purchase === undefined || purchase.seenMs > nowMs) return;
      this.#next += 1;
      this.#note(purchase);
      seen(purchase);
    }
  }

  /** Moves its levers from step k on, where `advance` has brought it. */
  change(levers: AdsetLevers): void {
    this.#runner ??= this.#leaveTrack();
    this.levers = levers;
    this.#runner.change(levers);
  }

  /** Counts every order at most `cap` from now on, those already seen too. */
  recap(cap: number): void {
    if (cap === this.cap) return;
    this.cap = cap;
    this.delivery = null;
    this.byClick.hourCapped.fill(0);
    this.byClick.dayCapped.fill(0);
    for (const { clickMs, value } of this.#seen) addCapped(this.byClick, clickMs, Math.min(value, cap));
  }

  #note(purchase: Purchase): void {
    const { clickMs, seenMs, value } = purchase;
    this.conversions += 1;
    this.value += value;
    this.#seen.push(purchase);
    add(this.byClick, clickMs, value);
    addCapped(this.byClick, clickMs, Math.min(value, this.cap));
    add(this.byArrival, seenMs, value);
  }

  #leaveTrack(): AdRunner {
    const { track, index, levers } = this.ad;
    const k = this.#step;
    const nowMs = START_MS + k * STEP_MS;
    this.#spendMicros = track.cumSpendMicros[k] ?? 0;
    this.#clicks = track.cumClicks[k] ?? 0;
    this.#expected = track.cumExpected[k] ?? 0;
    this.hours = cutOff(track.hours, track, k, STEPS_AN_HOUR);
    this.days = cutOff(track.days, track, k, STEPS_A_DAY);
    this.#purchases = this.#purchases.filter((purchase) => purchase.clickMs < nowMs);
    const dayStep = k - (k % STEPS_A_DAY);
    const { spentMicros, tiredMs } = memoryAt(this.#account.world, index, START_MS, track.cumSpendMicros, k);
    return new AdRunner(this.#account.world, index, levers, {
      memory: { spentMicros, tiredMs, learned: this.#purchases.length },
      spentToday: this.#spendMicros - (track.cumSpendMicros[dayStep] ?? 0),
      day: Math.floor((nowMs - 1) / DAY_MS),
    });
  }

  #stepTo(k: number, runner: AdRunner): void {
    const visits: Visit[] = [];
    for (let step = this.#step; step < k; step += 1) {
      const got = runner.run(START_MS + step * STEP_MS, visits);
      if (got.clicks === 0) continue;
      this.#spendMicros += got.spendMicros;
      this.#clicks += got.clicks;
      this.#expected += got.expected;
      addSpend(this.hours, Math.floor(step / STEPS_AN_HOUR), got);
      addSpend(this.days, Math.floor(step / STEPS_A_DAY), got);
    }
    this.#step = k;
    if (visits.length === 0) return;
    const bought = purchasesOf(this.#account.world, visits, this.#account.faults);
    if (bought.length > 0) {
      const waiting = this.#purchases.slice(this.#next);
      this.#purchases = [...waiting, ...bought].toSorted((a, b) => a.seenMs - b.seenMs);
      this.#next = 0;
    }
  }
}

function add(to: SeenConversions, atMs: number, value: number): void {
  const hour = Math.floor((atMs - START_MS) / HOUR_MS);
  const day = Math.floor(hour / 24);
  to.hours[hour] = (to.hours[hour] ?? 0) + 1;
  to.days[day] = (to.days[day] ?? 0) + 1;
  to.hourValues[hour] = (to.hourValues[hour] ?? 0) + value;
  to.dayValues[day] = (to.dayValues[day] ?? 0) + value;
}

function addCapped(to: SeenConversions, atMs: number, value: number): void {
  const hour = Math.floor((atMs - START_MS) / HOUR_MS);
  const day = Math.floor(hour / 24);
  to.hourCapped[hour] = (to.hourCapped[hour] ?? 0) + value;
  to.dayCapped[day] = (to.dayCapped[day] ?? 0) + value;
}

function addSpend(to: Buckets, at: number, got: { spendMicros: number; clicks: number }): void {
  // Through micros, so that the sum is the same as the track's.
  to.spend[at] = (Math.round((to.spend[at] ?? 0) * 1e6) + got.spendMicros) / 1e6;
  to.clicks[at] = (to.clicks[at] ?? 0) + got.clicks;
}

/** Buckets as they are after k steps, later ones empty. */
function cutOff(whole: Buckets, track: AccountAd['track'], k: number, each: number): Buckets {
  const last = Math.floor(k / each);
  const cut: Buckets = { spend: whole.spend.slice(), clicks: whole.clicks.slice() };
  cut.spend.fill(0, last);
  cut.clicks.fill(0, last);
  if (last < cut.spend.length) {
    cut.spend[last] = ((track.cumSpendMicros[k] ?? 0) - (track.cumSpendMicros[last * each] ?? 0)) / 1e6;
    cut.clicks[last] = (track.cumClicks[k] ?? 0) - (track.cumClicks[last * each] ?? 0);
  }
  return cut;
}
