import { type Micros, formatMoney } from '../money.ts';
import type { FoundSignal } from './signals.ts';

/** What is known about one conversion. Instants in ms since the epoch; null is "not known", which is no signal. */
export interface ConversionFacts {
  readonly event: string;
  readonly eventType: string;
  readonly eventAtMs: number;
  readonly nowMs: number;
  readonly clickedAtMs: number | null;
  /** When the store began the download, as Play's install referrer tells it. */
  readonly installBeginAtMs: number | null;
  readonly installedAtMs: number | null;
  /** The sender's reason, or an empty text when it gives none; null when it does not reject. */
  readonly rejectedBySender: string | null;
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  readonly conversionsOfClick: number | null;
  /** Installs of this device, this one included, within the re-attribution window. */
  readonly installsOfDevice: number | null;
  /** Conversions from this address's /24 (or /48) within the hour. */
  readonly conversionsOfNetwork: number | null;
  /** Clicks of this address within the hour. */
  readonly clicksOfAddress: number | null;
  /** Conversions of the same site or sub-id within the hour, and how many it has in such an hour otherwise. */
  readonly siteHour: { readonly conversions: number; readonly usual: number } | null;
  /** Addresses this device was seen at within 24 h. */
  readonly addressesOfDevice: number | null;
  /** Two letters, as the network's macro or a proxy told it of the click. */
  readonly clickCountry: string | null;
  /** Two letters, as the sender tells it. */
  readonly country: string | null;
  readonly robotClick: boolean;
}

/** Where ordinary ends. No measurement partner publishes figures: these are common ones, and every app differs. */
export interface SignalLimits {
  /** Seconds from click to event below which it cannot be, by event name, else event type. A two-gigabyte game needs more. */
  readonly fastestS: Readonly<Record<string, number>>;
  readonly paidFastestS: number;
  /** Clocks of senders and ours differ by so much. */
  readonly skewMs: number;
  readonly futureMs: number;
  readonly conversionsOfClick: number;
  readonly installsOfDevice: number;
  readonly conversionsOfNetwork: number;
  readonly clicksOfAddress: number;
  readonly addressesOfDevice: number;
  readonly payoutCapMicros: Micros | null;
}

export const DEFAULT_LIMITS: SignalLimits = {
  // Web leads and purchases have no floor of their own: an offer page can convert in three seconds.
  fastestS: { install: 2 },
  paidFastestS: 1,
  skewMs: 60_000,
  futureMs: 600_000,
  conversionsOfClick: 20,
  installsOfDevice: 2,
  conversionsOfNetwork: 10,
  clicksOfAddress: 100,
  addressesOfDevice: 5,
  payoutCapMicros: null,
};

const BURST_FROM = 20;
const BURST_TIMES = 10;

/** Play's stamps are whole seconds, cut off. */
const STAMP_MS = 1000;

/** Every signal in these facts, each with the numbers it rests on. Never throws; what is not a number is no signal. */
export function conversionSignals(
  facts: ConversionFacts,
  limits: SignalLimits = DEFAULT_LIMITS,
): readonly FoundSignal[] {
  return [
    ...rejection(facts),
    ...order(facts, limits),
    ...speed(facts, limits),
    ...crowds(facts, limits),
    ...burst(facts),
    ...origin(facts, limits),
  ];
}

function rejection({ rejectedBySender }: ConversionFacts): FoundSignal[] {
  if (rejectedBySender === null) return [];
  const reason = rejectedBySender === '' ? 'without a reason' : `for "${rejectedBySender}"`;
  return [{ signal: 'rejected_by_sender', text: `the sender rejects it ${reason}` }];
}

function order(facts: ConversionFacts, { skewMs, futureMs }: SignalLimits): FoundSignal[] {
  const { clickedAtMs, installBeginAtMs, installedAtMs, eventAtMs, nowMs } = facts;
  const found: FoundSignal[] = [];
  const impossible = (text: string): void => void found.push({ signal: 'impossible_order', text });
  if (installBeginAtMs !== null && clickedAtMs !== null && clickedAtMs - installBeginAtMs > STAMP_MS) {
    const text = `the click came ${seconds(clickedAtMs - installBeginAtMs)} after the download had begun`;
    found.push({ signal: 'click_after_install_begin', text });
  }
  if (clickedAtMs !== null && clickedAtMs - eventAtMs > skewMs) {
    impossible(`${facts.event} is dated ${seconds(clickedAtMs - eventAtMs)} before its click`);
  }
  if (installBeginAtMs !== null && installedAtMs !== null && installBeginAtMs - installedAtMs > skewMs) {
    impossible(`the install is dated ${seconds(installBeginAtMs - installedAtMs)} before its download began`);
  }
  if (installedAtMs !== null && facts.eventType === 'event' && installedAtMs - eventAtMs > skewMs) {
    impossible(`${facts.event} is dated ${seconds(installedAtMs - eventAtMs)} before the install`);
  }
  if (eventAtMs - nowMs > futureMs) {
    impossible(`${facts.event} is dated ${seconds(eventAtMs - nowMs)} in the future`);
  }
  return found;
}

function speed(facts: ConversionFacts, limits: SignalLimits): FoundSignal[] {
  const { clickedAtMs, eventAtMs, event, eventType, amountMicros } = facts;
  if (clickedAtMs === null) return [];
  const afterMs = eventAtMs - clickedAtMs;
  if (!(afterMs >= 0)) return [];
  const floorS = ownNumber(limits.fastestS, event) ?? ownNumber(limits.fastestS, eventType);
  const found: FoundSignal[] = [];
  if (floorS !== undefined && afterMs < floorS * 1000) {
    const text = `${event} ${seconds(afterMs)} after the click, sooner than the ${floorS} s it takes at least`;
    found.push({ signal: 'install_too_fast', text });
  }
  const paid = amountMicros !== null && amountMicros > 0;
  if (paid && eventType === 'event' && afterMs <= limits.paidFastestS * 1000) {
    found.push({ signal: 'paid_too_fast', text: `a paid ${event} ${seconds(afterMs)} after the click` });
  }
  return found;
}

function crowds(facts: ConversionFacts, limits: SignalLimits): FoundSignal[] {
  const found: FoundSignal[] = [];
  const over = (count: number | null, limit: number): count is number => count !== null && count > limit;
  if (over(facts.conversionsOfClick, limits.conversionsOfClick)) {
    const text = `${facts.conversionsOfClick} conversions of one click, more than ${limits.conversionsOfClick}`;
    found.push({ signal: 'conversions_per_click', text });
  }
  if (facts.installsOfDevice !== null && facts.installsOfDevice >= limits.installsOfDevice) {
    found.push({ signal: 'device_repeated', text: `${facts.installsOfDevice} installs of one device` });
  }
  const parts: string[] = [];
  if (over(facts.conversionsOfNetwork, limits.conversionsOfNetwork)) {
    parts.push(`${facts.conversionsOfNetwork} conversions from one address block within an hour`);
  }
  if (over(facts.clicksOfAddress, limits.clicksOfAddress)) {
    parts.push(`${facts.clicksOfAddress} clicks from one address within an hour`);
  }
  if (over(facts.addressesOfDevice, limits.addressesOfDevice)) {
    parts.push(`one device at ${facts.addressesOfDevice} addresses within a day`);
  }
  if (parts.length > 0) found.push({ signal: 'address_concentration', text: parts.join(', ') });
  return found;
}

/** Twenty and more where two were usual come by chance in one of 10^12 hours (Poisson); what is left is a cause. */
function burst({ siteHour }: ConversionFacts): FoundSignal[] {
  if (siteHour === null) return [];
  const { conversions, usual } = siteHour;
  if (!Number.isFinite(conversions) || !(usual >= 0)) return [];
  if (conversions < BURST_FROM || conversions < BURST_TIMES * usual) return [];
  const text = `${conversions} conversions of one site within an hour, ${Number(usual.toPrecision(2))} usually`;
  return [{ signal: 'burst', text }];
}

function origin(facts: ConversionFacts, { payoutCapMicros }: SignalLimits): FoundSignal[] {
  const found: FoundSignal[] = [];
  const { amountMicros, clickCountry, country } = facts;
  if (payoutCapMicros !== null && amountMicros !== null && amountMicros > payoutCapMicros) {
    const text = `${money(amountMicros, facts.currency)} is more than the offer pays at most (${money(payoutCapMicros, facts.currency)})`;
    found.push({ signal: 'payout_above_cap', text });
  }
  if (clickCountry !== null && country !== null && clickCountry.toUpperCase() !== country.toUpperCase()) {
    const text = `the click came from ${clickCountry}, the conversion from ${country}`;
    found.push({ signal: 'country_differs', text });
  }
  if (facts.robotClick)
    found.push({ signal: 'robot_click', text: 'the click came from a program, not a browser' });
  return found;
}

const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

/** A limit under its own name: event names come from outside, and "constructor" is one that every object has. */
function ownNumber(limits: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(limits, name) ? limits[name] : undefined;
}

/** Currencies come from outside too: one that Intl does not know is written behind the figure. */
function money(amount: Micros, currency: string | null): string {
  return currency !== null && /^[A-Za-z]{3}$/.test(currency)
    ? formatMoney(amount, currency)
    : `${amount / 1_000_000} ${currency ?? ''}`.trim();
}
