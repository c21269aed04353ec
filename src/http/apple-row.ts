import type { NewApplePostback } from '../db/apple-insert.ts';
import type { AppleFacts, AppleOutcome } from '../sources/apple/outcome.ts';
import { newPostbackId, uuidText } from './ids.ts';
import type { Inbound } from './postback-row.ts';

/** Of a body that nobody vouches for. */
const STRANGER_RAW = 4_096;

const EMPTY = {
  reason: null,
  detail: null,
  claim: null,
  repeats: null,
  digest: null,
  framework: null,
  version: null,
  postback_id: null,
  ad_network_id: null,
  app_id: null,
  campaign_id: null,
  source_identifier: null,
  event_type: null,
  source_app_id: null,
  source_domain: null,
  fidelity_type: null,
  won: null,
  sequence_index: null,
  fine_value: null,
  coarse_value: null,
  interaction: null,
  country_code: null,
  others: '{}',
  warnings: [],
} satisfies Partial<NewApplePostback>;

export interface ApplePlace {
  readonly workspaceId: string | null;
  /** Workspace time, ms; the wall's where no workspace is meant. */
  readonly nowMs: number;
}

/** A request that was not even read as a postback. */
export function refusedAppleRow(
  inbound: Inbound,
  place: ApplePlace,
  why: { readonly reason: string; readonly message: string },
): NewApplePostback {
  return {
    ...EMPTY,
    ...frame(inbound, place, STRANGER_RAW),
    outcome: 'refused',
    signature: 'unchecked',
    reason: why.reason,
    detail: why.message,
  };
}

/** A judged postback. What is verified claims its id, under the key it was signed with: a forgery cannot take it away. */
export function appleRow(inbound: Inbound, place: ApplePlace, outcome: AppleOutcome): NewApplePostback {
  switch (outcome.kind) {
    case 'bad_signature':
    case 'unverifiable':
    case 'not_apple':
      return {
        ...EMPTY,
        ...frame(inbound, place, STRANGER_RAW),
        outcome: outcome.kind,
        signature: outcome.kind === 'bad_signature' ? 'invalid' : 'unchecked',
        reason: outcome.kind === 'unverifiable' ? outcome.reason : outcome.kind,
        detail: outcome.message,
      };
    case 'counts':
      return { ...verified(inbound, place, outcome), outcome: 'counts', event_type: outcome.eventType };
    case 'not_winning':
      return {
        ...verified(inbound, place, outcome),
        outcome: 'not_winning',
        detail: 'Another ad network won this conversion.',
      };
    case 'other_app':
      return {
        ...verified(inbound, place, outcome),
        outcome: 'other_app',
        event_type: eventTypeOf(outcome),
        detail: `App ${outcome.signed.appId} is not among those named here.`,
      };
    case 'dev_signature':
      return {
        ...verified(inbound, place, outcome, 'development '),
        outcome: 'dev_signature',
        detail: `Signed with ${outcome.keyId}, which any phone in developer mode has.`,
      };
  }
}

function verified(
  inbound: Inbound,
  place: ApplePlace,
  { signed, unsigned, warnings }: AppleFacts,
  key = '',
): Omit<NewApplePostback, 'outcome'> {
  return {
    ...EMPTY,
    ...frame(inbound, place, Infinity),
    signature: 'valid',
    claim: `${key}${signed.framework} ${signed.postbackId} ${signed.sequenceIndex}`,
    digest: signed.digest,
    framework: signed.framework,
    version: signed.version,
    postback_id: signed.postbackId,
    ad_network_id: signed.adNetworkId,
    app_id: signed.appId,
    campaign_id: signed.campaignId,
    source_identifier: signed.sourceIdentifier,
    source_app_id: signed.sourceAppId,
    source_domain: signed.sourceDomain,
    fidelity_type: signed.fidelityType,
    won: signed.didWin,
    sequence_index: signed.sequenceIndex,
    fine_value: unsigned.fineValue,
    coarse_value: unsigned.coarseValue,
    interaction: unsigned.interaction,
    country_code: unsigned.countryCode?.slice(0, 10) ?? null,
    others: JSON.stringify({ ...unsigned.others, ...signed.others }),
    warnings: [...warnings],
  };
}

/** Kept with an app nobody named yet, so that naming it makes its postbacks count as what they are. */
function eventTypeOf({ signed }: AppleFacts): NewApplePostback['event_type'] {
  if (signed.conversionType === 're-engagement') return 're-engagement';
  return signed.conversionType === 'redownload' ? 'reinstall' : 'install';
}

function frame(inbound: Inbound, place: ApplePlace, rawLimit: number) {
  const head = Buffer.from(`${inbound.method} ${inbound.url}\n\n`);
  const raw = inbound.body === null ? head : Buffer.concat([head, inbound.body]);
  return {
    id: uuidText(newPostbackId(inbound.wallMs)),
    workspace_id: place.workspaceId,
    received_at: new Date(place.nowMs),
    wall_at: new Date(inbound.wallMs),
    method: inbound.method,
    path: inbound.path,
    raw: raw.length > rawLimit ? Buffer.from(raw.subarray(0, rawLimit)) : raw,
    content_type: inbound.contentType,
    sender_ip: inbound.address,
    user_agent: inbound.userAgent,
  };
}
