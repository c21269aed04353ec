import { type NewPostback, SAYS_NO_MORE } from '../db/postback-insert.ts';
import type { CallerHeaders } from '../sources/client-side-call.ts';
import { slotOf } from '../sources/keys.ts';
import { emptyParams, readPairs } from '../sources/params.ts';
import type { Reading } from '../sources/read-postback.ts';
import { joinVia } from '../sources/via.ts';
import { newPostbackId, uuidText } from './ids.ts';

/** A request to a postback address, before anything is made of it. */
export interface Inbound {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly path: string;
  readonly query: string;
  /** First part of the path after /p/. */
  readonly sourceId: string;
  /** Second part: the key, where the sender can put it nowhere else. */
  readonly pathKey: string | null;
  readonly body: Buffer | null;
  /** Bytes of the body in all, also where only its beginning was kept. */
  readonly bodySize: number;
  /** The connection ended before the body did. */
  readonly cutOff: boolean;
  readonly contentType: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly preview: boolean;
  /** A visitor's browser sent it, not a server. */
  readonly clientSide: boolean;
  readonly headerKey: string | null;
  /** All of them, for what is signed over them or in them; nothing is stored of it. */
  readonly headers: CallerHeaders;
  /** Installations of Bidloop that passed it on, as the header says it; left out where none did. */
  readonly via?: string;
  readonly wallMs: number;
}

export interface RowBase {
  readonly inbound: Inbound;
  readonly workspaceId: string | null;
  readonly sourceId: string;
  /** Workspace time, ms. */
  readonly nowMs: number;
  /** The key that was shown, and what stands in its place in everything we keep. */
  readonly secret: {
    readonly text: string;
    /** Every way in which this request wrote it. */
    readonly spellings: readonly string[];
    readonly mark: string;
  } | null;
}

const EXPIRES_MS = 72 * 3_600_000;
const STRANGER_RAW = 4_096;

/** A postback that was understood. */
export function acceptedRow(base: RowBase, reading: Reading): NewPostback {
  const id = newPostbackId(base.inbound.wallMs);
  return {
    ...frame(base, id, Infinity),
    kind: 'new',
    reason: reading.unmappedStatus === null ? null : 'status_unmapped',
    detail: reading.unmappedStatus,
    clickId: reading.clickId,
    event: reading.event,
    eventType: reading.eventType,
    status: reading.status,
    txid: reading.txid,
    amountMicros: reading.amountMicros,
    currency: reading.currency,
    eventAtMs: reading.eventAtMs,
    deviceId: reading.deviceId,
    senderIds: reading.senderIds === null ? null : JSON.stringify(reading.senderIds),
    conversionKey: reading.conversionKey,
    warnings: joinWarnings(reading.warnings),
    test: reading.test,
    clickAtMs: reading.clickAtMs,
    installAtMs: reading.installAtMs,
    installBeginAtMs: reading.installBeginAtMs,
    site: reading.site,
    viewThrough: reading.viewThrough,
    reEngagement: reading.reEngagement,
    rejectReason: reading.rejectReason,
    userHash: reading.userHash,
    country: reading.country,
    visitorIp: reading.visitorIp,
    consentUserData: reading.consent.adUserData,
    consentPersonalization: reading.consent.adPersonalization,
    via: joinVia(reading.via, base.inbound.via ?? null),
    messageKey: reading.messageKey,
    keyExpiresAtMs: reading.messageKeyExpires ? base.nowMs + EXPIRES_MS : null,
    slot: slotOf(
      reading.clickId,
      reading.deviceId,
      reading.clickId === null && reading.deviceId === null ? uuidText(id) : '',
    ),
  };
}

/** A request that is kept with the reason why it is no conversion. `stranger`: nobody vouches for it, so keep little. */
export function refusedRow(
  base: RowBase,
  facts: { reason: string; detail: string; warnings?: readonly string[]; stranger?: boolean },
): NewPostback {
  const id = newPostbackId(base.inbound.wallMs);
  return {
    ...frame(base, id, facts.stranger === true ? STRANGER_RAW : Infinity),
    kind: 'refused',
    reason: facts.reason,
    detail: facts.detail,
    clickId: null,
    event: null,
    eventType: null,
    status: null,
    txid: null,
    amountMicros: null,
    currency: null,
    eventAtMs: null,
    deviceId: null,
    senderIds: null,
    conversionKey: null,
    warnings: joinWarnings(facts.warnings ?? []),
    test: false,
    ...SAYS_NO_MORE,
    messageKey: null,
    keyExpiresAtMs: null,
    slot: 0,
  };
}

function frame(base: RowBase, id: Buffer, rawLimit: number) {
  const { inbound, secret } = base;
  const raw = rawBytes(inbound, secret);
  return {
    id,
    workspaceId: base.workspaceId,
    sourceId: base.sourceId,
    receivedAtMs: base.nowMs,
    wallAtMs: inbound.wallMs,
    method: inbound.method,
    path: masked(inbound.path, secret),
    // A copy: a part of it would hold all of a stranger's megabyte in memory while it waits.
    raw: raw.length > rawLimit ? Buffer.from(raw.subarray(0, rawLimit)) : raw,
    contentType: inbound.contentType,
    senderIp: inbound.address,
    userAgent: inbound.userAgent,
  };
}

/** `METHOD path?query`, an empty line, the body; byte for byte but for the key. */
function rawBytes(inbound: Inbound, secret: RowBase['secret']): Buffer {
  const head = `${inbound.method} ${masked(inbound.url, secret)}\n\n`;
  if (inbound.body === null || inbound.body.length === 0) return Buffer.from(head);
  const body =
    secret !== null && inbound.body.includes(secret.text)
      ? Buffer.from(inbound.body.toString('latin1').replaceAll(secret.text, secret.mark), 'latin1')
      : inbound.body;
  return Buffer.concat([Buffer.from(head), body]);
}

function masked(text: string, secret: RowBase['secret']): string {
  return (secret?.spellings ?? []).reduce(
    (left, spelling) => left.replaceAll(spelling, secret?.mark ?? ''),
    text,
  );
}

/**
 * The secret of a request as it is kept: `mark` in its place, however the request wrote it.
 *
 * @param named a parameter of the source's own that may hold it, beside `key`.
 */
export function hideSecret(
  inbound: Inbound,
  text: string,
  mark: string,
  named?: string,
): NonNullable<RowBase['secret']> {
  const encoded = encodeURIComponent(text);
  const spellings = encoded === text ? [text] : [text, encoded];
  // Percent signs where none were needed, or a plus for a space: it stands there as some sender's library wrote it.
  const odd = inbound.query.includes(text)
    ? []
    : ['key', ...(named === undefined ? [] : [named])].flatMap((name) => rawValuesOf(name, inbound.query));
  return { text, spellings: [...spellings, ...odd.filter((value) => value !== '')], mark };
}

/** A parameter's values in a query string, still encoded. */
function rawValuesOf(name: string, query: string): readonly string[] {
  return query.split('&').flatMap((pair) => {
    const params = emptyParams();
    readPairs(pair, params);
    const equals = pair.indexOf('=');
    return params.values.has(name) && equals !== -1 ? [pair.slice(equals + 1)] : [];
  });
}

function joinWarnings(warnings: readonly string[]): string | null {
  return warnings.length === 0 ? null : [...new Set(warnings)].join('\n').replaceAll('\0', '');
}
