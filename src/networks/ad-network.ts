import type { Change } from '../core/decision.ts';
import type { Micros } from '../core/money.ts';
import type { BidStrategy, Level, LeverKind, LeverState } from '../core/object.ts';

/** What an adapter needs to speak for one ad account. The token is opened from its seal just before use and never logged. */
export interface AccountAccess {
  readonly networkAccountId: string;
  readonly currency: string;
  readonly timeZone: string;
  /** Overrides the network's own address: the sandbox, a proxy. */
  readonly baseUrl: string | null;
  readonly token: string;
  /** Network-specific extras by name (app secret, developer token, ...). */
  readonly extra: Readonly<Record<string, string>>;
}

/** One object as the network tells it, in our words and units. */
export interface NetworkObject extends LeverState {
  readonly level: Level;
  readonly networkId: string;
  readonly name: string;
  readonly delivery: string;
  readonly campaignNetworkId: string | null;
  readonly adsetNetworkId: string | null;
  readonly creativeNetworkId: string | null;
  readonly roasFloor: number | null;
  readonly learning: string | null;
  readonly labels: readonly string[];
  readonly createdAtMs: number | null;
}

/** Spend of one ad in one hour of the account's zone. Money in the account's currency. */
export interface SpendRow {
  readonly adNetworkId: string;
  /** Start of the hour, ms since the epoch. */
  readonly hourMs: number;
  readonly spendMicros: Micros;
  readonly impressions: number;
  readonly clicks: number;
}

export interface SpendReport {
  readonly rows: readonly SpendRow[];
  /** End of the newest hour this report covers completely, ms since the epoch; null when none is complete yet. */
  readonly asOfMs: number | null;
}

export interface AccountCheck {
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /** What is missing and how to get it, a sentence each. */
  readonly problems: readonly string[];
  /** The network's own automated rules that are still on: they would fight ours. */
  readonly ownRules: readonly { readonly id: string; readonly name: string; readonly description: string }[];
}

/** The object a call is about. */
export interface Target {
  readonly level: Level;
  readonly networkId: string;
}

export interface WriteReceipt {
  /** The network's request id, for its support and for ours. */
  readonly requestId: string | null;
}

export interface Capabilities {
  readonly levels: readonly Level[];
  /** Levers by level and bid strategy; an empty list means "nothing to move here". */
  levers(object: {
    readonly level: Level;
    readonly bidStrategy: BidStrategy | null;
    readonly dailyBudgetMicros: Micros | null;
    readonly lifetimeBudgetMicros: Micros | null;
  }): readonly LeverKind[];
  /** Smallest step of a bid or budget in this currency, in micros. */
  moneyStepMicros(currency: string): Micros;
  /** Requests per second that one account bears: the rate of its task queue. */
  readonly requestsPerSecond: number;
}

/** Engine reaction by class: networks.md section 13. */
export type NetworkErrorClass =
  | 'AUTH_DEAD'
  | 'PERMISSION'
  | 'RATE'
  | 'EDIT_QUOTA'
  | 'INVALID'
  | 'CONFLICT'
  | 'TRANSIENT'
  | 'UNKNOWN_RESULT'
  | 'GONE';

/** Every failure of a call, classified once, at the border. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly errorClass: NetworkErrorClass;
  /** The network's own code, e.g. "613/1487632". */
  readonly networkCode: string | null;
  readonly requestId: string | null;
  /** Milliseconds to wait before the next call, where the network says so. */
  readonly retryAfterMs: number | null;

  constructor(
    errorClass: NetworkErrorClass,
    message: string,
    facts: {
      networkCode?: string | null;
      requestId?: string | null;
      retryAfterMs?: number | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: facts.cause });
    this.errorClass = errorClass;
    this.networkCode = facts.networkCode ?? null;
    this.requestId = facts.requestId ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/**
 * One ad network. Adapters translate words, units and errors at the border and keep no state; retries belong to
 * Temporal alone. Every method throws {@link NetworkError} and nothing else.
 */
export interface AdNetwork {
  readonly id: string;
  readonly title: string;
  readonly capabilities: Capabilities;
  /** Our parameter name → the network's macro, for tracking links: `{ ad_id: '{{ad.id}}' }`. */
  readonly linkMacros: Readonly<Record<string, string>>;
  checkAccount(access: AccountAccess): Promise<AccountCheck>;
  /** Every campaign, ad set, ad and creative that is not deleted, parents before children. */
  listObjects(access: AccountAccess): Promise<readonly NetworkObject[]>;
  /** Spend by ad and hour for whole account-local days, both ends included ("2026-11-05"). `nowMs` is the workspace's time. */
  reportSpend(
    access: AccountAccess,
    days: { readonly since: string; readonly until: string },
    nowMs: number,
  ): Promise<SpendReport>;
  readLive(access: AccountAccess, target: Target): Promise<LeverState & { readonly exists: boolean }>;
  /** One absolute change in one request; never repeated by the adapter. */
  apply(access: AccountAccess, target: Target, change: Change): Promise<WriteReceipt>;
}
