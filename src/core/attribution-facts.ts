import type { Candidate, Loser, Match } from './attribution-candidates.ts';
import type { CreditWindows } from './attribution-windows.ts';
import type { AnchorTouch, AttributionWarning, KnownObject, Touch } from './attribution.ts';

/** Winning users, and bringing back those one has: counted apart, so that a re-engagement never feeds bids on installs. */
export type Track = 'acquisition' | 'retargeting';

/** An attributed install or trial (acquisition), re-engagement or re-attribution (retargeting) of the same person. */
export interface CreditAnchor extends AnchorTouch {
  readonly atMs: number;
  readonly track: Track;
  readonly viewThrough: boolean;
}

/** What the sender's own ids name, and whether it credits a view. */
export interface SenderClaim extends Touch {
  readonly viewThrough: boolean;
}

/** Everything that speaks for one conversion. */
export interface CreditInput {
  readonly event: string;
  readonly eventType: string;
  /** Event time, or receipt when the sender gave none; ms since the epoch. */
  readonly atMs: number;
  readonly windows: CreditWindows;
  readonly sentClickId: string | null;
  readonly candidates: readonly Candidate[];
  /** By the same device, click or hashed user id. */
  readonly anchors: readonly CreditAnchor[];
  readonly sender: SenderClaim | null;
  /** The sender says that the event belongs to a re-engagement. */
  readonly retargeting: boolean;
  readonly txid: string | null;
  /** Who it was, as people should read it; null for nobody known. */
  readonly user: string | null;
}

/** `text` is one sentence for people; so is each loser's. */
export type Credit =
  | {
      readonly kind: 'attributed';
      readonly by: 'click' | 'view' | 'sender';
      readonly match: Match | 'follows' | 'sender';
      /** No click but a view: counted as its own kind. */
      readonly viewThrough: boolean;
      readonly track: Track;
      readonly accountId: string | null;
      readonly object: KnownObject | null;
      /** The click, or the view, that earned it. */
      readonly touchId: string | null;
      readonly touchedAtMs: number | null;
      readonly placement: string | null;
      readonly followsId: string | null;
      readonly warnings: readonly AttributionWarning[];
      readonly losers: readonly Loser[];
      readonly text: string;
    }
  | {
      readonly kind: 'late';
      readonly candidate: Candidate;
      readonly track: Track;
      readonly losers: readonly Loser[];
      readonly text: string;
    }
  | {
      readonly kind: 'unattributed';
      readonly reason: 'unknown_click' | 'no_click';
      readonly track: Track;
      readonly losers: readonly Loser[];
      readonly text: string;
    };
