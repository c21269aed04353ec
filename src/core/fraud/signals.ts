/** What speaks against one conversion. */
export type Signal =
  /** The sender itself calls it fraud or invalid. */
  | 'rejected_by_sender'
  /** The click is later than the begin of the download: it was sent to claim an install under way. */
  | 'click_after_install_begin'
  /** Installed sooner after the click than the app can be. Installs only. */
  | 'install_too_fast'
  /** A paid event within a second of its click. */
  | 'paid_too_fast'
  /** Click, install and event in an order that cannot be, or in the future. */
  | 'impossible_order'
  /** One device on several installs. */
  | 'device_repeated'
  /** Many conversions or clicks of one address or network. */
  | 'address_concentration'
  /** One click id on conversions of several people: pasted into a template. */
  | 'hardcoded_id'
  /** More conversions of one click than people make. */
  | 'conversions_per_click'
  /** One site or sub-id sends many times its usual number within an hour. */
  | 'burst'
  /** Transaction ids that count up or repeat themselves. */
  | 'invented_txids'
  /** More than the offer pays at most. */
  | 'payout_above_cap'
  /** Click and conversion from different countries. */
  | 'country_differs'
  /** The click came from a program. */
  | 'robot_click'
  /** The source, judged by all its installs together. */
  | 'source_injection'
  | 'source_flooding'
  | 'source_bots'
  | 'source_rejections';

/** Counted and marked; kept apart until somebody looks; left out of the counts. */
export type Treatment = 'count' | 'quarantine' | 'exclude';

export type FraudPolicy = Readonly<Record<Signal, Treatment>>;

/**
 * Nothing is left out by default but what the sender itself rejects: each other signal has honest causes, and a conversion
 * wrongly dropped pauses good ads. All are marked and counted in the source report.
 */
export const DEFAULT_POLICY: FraudPolicy = {
  rejected_by_sender: 'exclude',
  click_after_install_begin: 'count',
  install_too_fast: 'count',
  paid_too_fast: 'count',
  impossible_order: 'count',
  device_repeated: 'count',
  address_concentration: 'count',
  hardcoded_id: 'count',
  conversions_per_click: 'count',
  burst: 'count',
  invented_txids: 'count',
  payout_above_cap: 'count',
  country_differs: 'count',
  robot_click: 'count',
  source_injection: 'count',
  source_flooding: 'count',
  source_bots: 'count',
  source_rejections: 'count',
};

/**
 * Signals that never act alone, whatever the policy: a carrier puts thousands of phones behind one address, families share
 * devices, people travel, campaigns begin. A second, different signal has to be there.
 */
export const NEEDS_COMPANY: ReadonlySet<Signal> = new Set<Signal>([
  'address_concentration',
  'burst',
  'country_differs',
  'device_repeated',
  'invented_txids',
]);

/** Signals from statistics: they act only where `SourceRow.mayExclude` says that two patterns fail on 30 installs or more. */
export const STATISTICAL: ReadonlySet<Signal> = new Set<Signal>([
  'source_injection',
  'source_flooding',
  'source_bots',
  'source_rejections',
]);

/** One signal found, in a sentence with its numbers. */
export interface FoundSignal {
  readonly signal: Signal;
  readonly text: string;
}

/** The policy with a user's choices over the defaults. */
export function policyOf(own: Partial<FraudPolicy> = {}): FraudPolicy {
  return { ...DEFAULT_POLICY, ...own };
}
