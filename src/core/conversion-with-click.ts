import type { ConversionStatus } from './conversion.ts';
import type { Micros } from './money.ts';

/** A stored conversion as it stands now, with what its click and its first message brought: what others may be told of. */
export interface ConversionWithClick {
  readonly id: string;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly event: string;
  readonly status: ConversionStatus;
  /** The sender's id of it. */
  readonly txid: string | null;
  /** As it came, in `currency`; null when no amount is known, which is not zero. */
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  /** Instants in ms since the epoch, workspace time. */
  readonly eventAtMs: number;
  readonly clickedAtMs: number | null;
  readonly clickId: string | null;
  readonly placement: string | null;
  /** Why it counts nowhere here, or null. */
  readonly excluded: string | null;
  /** The network's ids of the objects it belongs to. */
  readonly campaignNetworkId: string | null;
  readonly adsetNetworkId: string | null;
  readonly adNetworkId: string | null;
  /** What the messages about it said, kept for good; null where none said anything. */
  readonly consent: {
    readonly adUserData: boolean | null;
    readonly adPersonalization: boolean | null;
  } | null;
  /** From its first message: the person's address, and the person as a hash. */
  readonly visitorIp: string | null;
  readonly userHash: Uint8Array | null;
  /** Marks of the installations that its first message came through, in order; src/sources/via.ts. */
  readonly via: string | null;
  readonly click: ClickOfConversion | null;
}

export interface ClickOfConversion {
  readonly networkClickId: string | null;
  /** The parameter that it came in, such as `gclid`. */
  readonly networkClickParam: string | null;
  readonly creative: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly params: Readonly<Record<string, string>>;
  /** The landing page of its link. */
  readonly targetUrl: string | null;
}
