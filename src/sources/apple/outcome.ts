import type { AppleEventType } from '../../core/apple/outcome-kinds.ts';

/** What Apple's signature covers: nobody between the device and here can have changed it. */
export interface SignedFields {
  readonly framework: 'skadnetwork' | 'adattributionkit';
  /** SKAdNetwork's version; null for AdAttributionKit. */
  readonly version: string | null;
  /** One per postback: what tells a retry, or the developer's copy, from a second conversion. */
  readonly postbackId: string;
  readonly adNetworkId: string;
  readonly appId: string;
  /** SKAdNetwork up to 3.0. */
  readonly campaignId: string | null;
  /** From 4.0: two to four digits, the fewer the smaller the crowd. */
  readonly sourceIdentifier: string | null;
  /** null where the version does not sign it (SKAdNetwork 1.0), which is not false. */
  readonly conversionType: 'download' | 'redownload' | 're-engagement' | null;
  /** "0" is a value: a source app that is not from the store. */
  readonly sourceAppId: string | null;
  readonly sourceDomain: string | null;
  /** 0 view-through, 1 a store view or web; null where the version does not say. */
  readonly fidelityType: number | null;
  /** null before 3.0, whose only postback is the winner's. */
  readonly didWin: boolean | null;
  /** Which conversion window; 0 where a version has only one. */
  readonly sequenceIndex: 0 | 1 | 2;
  /** Further members of a JWS, such as the marketplace or what a later version adds, as they came. */
  readonly others: Readonly<Record<string, string>>;
  /** SHA-256 of the signed text, hex: the same postback id with another digest is a conflict, not a repeat. */
  readonly digest: string;
}

/** What stands beside the signature: whoever forwarded the postback could have written it. */
export interface UnsignedFields {
  /** 0–63. */
  readonly fineValue: number | null;
  readonly coarseValue: 'low' | 'medium' | 'high' | null;
  readonly interaction: 'click' | 'view' | null;
  readonly countryCode: string | null;
  /** Everything else that came along, as it came. */
  readonly others: Readonly<Record<string, string>>;
}

export type AppleWarning = 'value_out_of_range' | 'two_values' | 'source_app_zero';

export interface AppleFacts {
  readonly signed: SignedFields;
  readonly unsigned: UnsignedFields;
  readonly warnings: readonly AppleWarning[];
}

export type UnverifiableReason =
  | 'unknown_version'
  | 'unknown_key'
  | 'no_signature'
  | 'missing_field'
  | 'malformed_field';

/** What becomes of one postback of Apple's. Only `counts` may reach a metric. */
export type AppleOutcome =
  | (AppleFacts & {
      readonly kind: 'counts';
      readonly eventType: AppleEventType;
      readonly event: 'install' | 're-engagement';
      /** False for the second and third window: more about a conversion that the first one reported. */
      readonly firstReport: boolean;
    })
  /** Signed, and says that another network won. */
  | (AppleFacts & { readonly kind: 'not_winning' })
  /** Signed by a phone in developer mode. */
  | (AppleFacts & { readonly kind: 'dev_signature'; readonly keyId: string })
  /** Signed, about an app that this source does not name as its own. */
  | (AppleFacts & { readonly kind: 'other_app' })
  /** Checked, and not what Apple signed. */
  | { readonly kind: 'bad_signature'; readonly message: string; readonly next: string }
  /** Cannot be checked. */
  | {
      readonly kind: 'unverifiable';
      readonly reason: UnverifiableReason;
      readonly message: string;
      readonly next: string;
    }
  | { readonly kind: 'not_apple'; readonly message: string; readonly next: string };

/** A check's result before settings are looked at. */
export type SignatureCheck =
  | {
      readonly kind: 'valid';
      readonly signed: SignedFields;
      readonly keyId: string;
      readonly keyCounts: boolean;
    }
  | Extract<AppleOutcome, { readonly kind: 'bad_signature' | 'unverifiable' }>;

const FORWARDER =
  'Take the postback from the device or from a sender that passes every field on unchanged, and compare it with the one kept here.';

export function badSignature(message: string): SignatureCheck {
  return { kind: 'bad_signature', message, next: FORWARDER };
}

export function unverifiable(reason: UnverifiableReason, message: string): SignatureCheck {
  const next =
    reason === 'unknown_version' || reason === 'unknown_key'
      ? 'Nothing at the sender: Apple may have published something newer. Update Bidloop; the postback is kept and can be read again.'
      : FORWARDER;
  return { kind: 'unverifiable', reason, message, next };
}
