import type { ConversionStatus } from '../core/conversion.ts';
import type { Micros } from '../core/money.ts';
import type { HashedPhone } from './person-hash.ts';

/** What a person agreed to, as the click or the postback said; null when nobody said anything. */
export interface Consent {
  /** Data about the person may go to an ad network. */
  readonly adUserData: boolean | null;
  /** It may be used to choose ads for the person. */
  readonly adPersonalization: boolean | null;
}

/** What may go out about the person: hashes as src/outbound/person-hash.ts makes them, never the plain values. */
export interface Person {
  readonly emailSha256: string | null;
  readonly phone: HashedPhone | null;
  readonly externalIdSha256: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** One conversion as it stands, with what its click brought. Everything unknown is null or left out. */
export interface OutboundConversion {
  /** Ours; stable for the conversion's whole life. */
  readonly id: string;
  readonly sourceId: string;
  readonly event: string;
  readonly status: ConversionStatus;
  /** The sender's id of it. */
  readonly txid: string | null;
  /** null when no amount is known, which is not zero. */
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  readonly atMs: number;
  readonly clickedAtMs: number | null;
  /** Our click id. */
  readonly clickId: string | null;
  /** Ids that ad networks gave the click, by the parameter they came in (gclid, fbclid, ttclid, tblci…), byte for byte. */
  readonly networkIds: ReadonlyMap<string, string>;
  /** Other parameters of the click (sub1, site, placement…) and the ids of the objects it led from (campaign_id…). */
  readonly clickParams: ReadonlyMap<string, string>;
  /** The page that the person converted on. */
  readonly pageUrl: string | null;
  readonly person: Person;
  readonly consent: Consent;
  /** Why it counts nowhere here (a test, fraud), or null. */
  readonly excluded: string | null;
  /** Marks of the installations that the news of it came through. */
  readonly via: readonly string[];
  /** We told of it ourselves, and it came back. */
  readonly cameFromUs: boolean;
}
