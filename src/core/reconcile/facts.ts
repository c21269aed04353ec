import type { ConversionStatus } from '../conversion.ts';
import type { Micros } from '../money.ts';

export interface Amount {
  readonly micros: Micros;
  readonly currency: string;
}

/** One conversion by the sender's own report. What the report does not say is null. */
export interface ReportedConversion {
  /** Of the file, the first is 1. */
  readonly line: number;
  /** Conversion key by the source's own rules; null where the row names neither click nor device. */
  readonly key: string | null;
  readonly clickId: string | null;
  readonly txid: string | null;
  readonly event: string | null;
  readonly status: ConversionStatus | null;
  readonly amount: Amount | null;
  readonly atMs: number | null;
}

/** One conversion on record here, counted or not. */
export interface RecordedConversion {
  readonly id: string;
  readonly keys: readonly string[];
  /** As sent, and the click's own where one was found. */
  readonly clickIds: readonly string[];
  readonly txid: string | null;
  readonly event: string;
  readonly status: ConversionStatus;
  readonly amount: Amount | null;
  readonly atMs: number;
  readonly counted: boolean;
  /** Why it is not counted, as its first postback says: `unknown_click`, `outside_window`, `test_postback`, … */
  readonly reason: string | null;
}

/** A request of this source that was kept and made no conversion. */
export interface RefusedRequest {
  readonly id: string;
  readonly reason: string;
  readonly detail: string;
  /** As received. */
  readonly raw: string;
}

/** What a reconciliation is about. */
export interface ReconcileInput {
  readonly reported: readonly ReportedConversion[];
  readonly recorded: readonly RecordedConversion[];
  readonly refused: readonly RefusedRequest[];
  /** The report's stretch of time: what is on record outside of it is not missing in the report. */
  readonly fromMs: number;
  readonly toMs: number;
  /** When the source was made here: nothing could arrive before. */
  readonly sourceSinceMs: number;
}

/** Why the report and the record differ. */
export type DifferenceReason =
  /** Nothing with its ids has ever arrived. */
  | 'never_arrived'
  | 'before_source'
  /** A request with its id arrived and was refused. */
  | 'refused'
  /** It is here and does not count. */
  | 'not_counted'
  | 'repeated_in_report'
  | 'status'
  | 'event'
  | 'currency'
  | 'amount'
  /** It counts here and the report does not have it. */
  | 'not_in_report'
  /** As above, within a day of the report's first or last instant: days of another time zone. */
  | 'edge_of_report';

export interface Difference {
  readonly reason: DifferenceReason;
  /** Of our own: the refusal's or the outcome's code, or both sides of what differs. */
  readonly detail: string;
  readonly reported: ReportedConversion | null;
  readonly recorded: RecordedConversion | null;
}

export interface Reconciliation {
  /** Pairs that agree in everything that both say. */
  readonly agreed: number;
  /** In the order of the report, then what only the record has, by time. */
  readonly differences: readonly Difference[];
}
