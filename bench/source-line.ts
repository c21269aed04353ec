import { parse } from 'lossless-json';
import { z } from 'zod';
import { emptyParams, type Params, readBody, readPairs } from '../src/sources/params.ts';
import type { Field } from '../src/sources/profile.ts';
import { type Explanation, readAnything } from '../src/sources/explain/read-anything.ts';
import { splitAddress } from '../src/sources/explain/split-address.ts';
import { readTime } from '../src/sources/times.ts';
import { readAmount } from '../src/sources/values.ts';

/** What a line may call a field in `expect`, beside the field's own name in snake_case. */
const CALLED: Readonly<Record<Field, readonly string[]>> = {
  clickId: ['click_id', 'clickid', 'click'],
  txid: ['txid', 'transaction_id', 'tx_id', 'order_id', 'conversion_id'],
  event: ['event', 'event_name', 'goal', 'event_type'],
  status: ['status'],
  amount: ['amount', 'revenue', 'payout', 'value', 'sum', 'price', 'commission'],
  currency: ['currency', 'cur'],
  eventTime: ['event_time', 'time', 'timestamp', 'event_at', 'conversion_time', 'created_at'],
  clickTime: ['click_time', 'clicked_at'],
  installTime: ['install_time', 'installed_at'],
  installBegin: ['install_begin'],
  site: ['site', 'site_id', 'publisher', 'publisher_id', 'zone', 'source_id'],
  deviceId: [
    'device_id',
    'device',
    'idfa',
    'gaid',
    'gps_adid',
    'advertising_id',
    'aifa',
    'idfv',
    'android_id',
  ],
  rejected: ['rejected', 'is_rejected'],
  rejectReason: ['reject_reason', 'rejected_reason', 'rejection_reason'],
  viewThrough: ['view_through', 'is_view_through', 'is_viewthrough'],
  reEngagement: ['re_engagement', 'is_re_engagement', 'is_retargeting', 'is_reengagement'],
  test: ['test', 'is_test'],
  userId: ['user_id', 'user', 'customer_user_id'],
  country: ['country', 'country_code', 'geo'],
  visitorIp: ['visitor_ip', 'ip', 'ip_address'],
  adUserData: ['ad_user_data'],
  adPersonalization: ['ad_personalization'],
  campaign: ['campaign', 'campaign_id'],
  adset: ['adset', 'adset_id', 'adgroup_id'],
  ad: ['ad', 'ad_id', 'creative_id'],
  network: ['network', 'media_source'],
};

// The record's keys are its type.
const FIELDS = new Map(
  (Object.keys(CALLED) as Field[]).flatMap((field) => CALLED[field].map((key) => [key, field])),
);

const text = z.union([z.string(), z.number().transform(String), z.boolean().transform(String), z.null()]);
const lineSchema = z.object({
  source: z.string().nullish(),
  kind: z.enum(['click', 'inbound_postback', 'outbound_template']).optional(),
  url: z.string().nullish(),
  body: z.unknown().optional(),
  expect: z.record(z.string(), text),
});

/**
 * What is read from a line otherwise than the line expects, a sentence each; empty when all is right. A key that is no
 * field of ours (`sub1`) is compared with the parameter of that name.
 *
 * @param raw one JSON object: `{"source","kind","url" and/or "body","expect":{…}}`.
 * @param nowMs the time to read it at.
 */
export function lineProblems(raw: string, nowMs: number): readonly string[] {
  let parsed: unknown;
  try {
    // Ids beyond 2^53 keep their digits.
    parsed = parse(raw, undefined, { parseNumber: String });
  } catch {
    return ['not JSON'];
  }
  const line = lineSchema.safeParse(parsed);
  if (!line.success) return [z.prettifyError(line.error)];
  const { source, kind, url, body, expect } = line.data;
  const given = typeof body === 'string' || body === undefined || body === null ? body : JSON.stringify(body);
  const explanation = readAnything({
    ...(typeof url === 'string' ? { address: url } : {}),
    ...(typeof given === 'string' ? { body: given } : {}),
    ...(typeof source === 'string' ? { source } : {}),
    ...(kind === undefined ? {} : { kind }),
    nowMs,
  });
  const params = parametersOf(url ?? '', given ?? '');
  return Object.entries(expect).flatMap(([key, wanted]) => {
    const field = FIELDS.get(key.toLowerCase());
    const read =
      field === undefined ? (params.values.get(key.toLowerCase()) ?? null) : saidOf(explanation, field);
    const right = field === undefined ? read === wanted : agrees(explanation, field, wanted);
    // A device has several ids: the one that a line names may stand beside the one we look up by.
    if (right || (field === 'deviceId' && wanted !== null && params.values.get(key) === wanted)) return [];
    // Offerwalls tell people apart as others do devices.
    if (field === 'userId' && wanted !== null && saidOf(explanation, 'deviceId') === wanted) return [];
    return [`${key}: expected ${wanted}, read ${read}`];
  });
}

function parametersOf(url: string, body: string): Params {
  const params = emptyParams();
  readPairs(splitAddress(url, 'template').query, params);
  readBody(Buffer.from(body), '', params);
  return params;
}

function saidOf(explanation: Explanation, field: Field): string | null {
  return explanation.said[field]?.value ?? null;
}

const TIMES: ReadonlySet<Field> = new Set(['clickTime', 'installTime', 'installBegin']);
const YES_OR_NO: ReadonlySet<Field> = new Set([
  'rejected',
  'viewThrough',
  'reEngagement',
  'test',
  'adUserData',
  'adPersonalization',
]);
const YES = new Set(['1', 'true', 'yes', 'granted', 'impression', 'view', 're-engagement', 'retargeting']);
const NO = new Set(['0', 'false', 'no', 'denied', 'click']);

/** Whether a field holds what is wanted: as text, or as the amount, the instant or the yes or no that the text stands for. */
function agrees(explanation: Explanation, field: Field, wanted: string | null): boolean {
  const said = saidOf(explanation, field);
  // A click cookie has its own time, and says it in no parameter.
  if (wanted !== null && field === 'eventTime' && explanation.eventAtMs === instantOf(wanted)) return true;
  // So may a currency that is written into the amount.
  if (wanted !== null && field === 'currency' && explanation.currency === wanted.toUpperCase()) return true;
  if (wanted === null || said === null) return said === wanted;
  if (said === wanted) return true;
  const reading = explanation.postback?.ok === true ? explanation.postback.reading : null;
  if (field === 'amount') {
    const worth = Math.round(Number(wanted) * 1e6);
    return explanation.amountMicros === worth || readAmount(said)?.micros === worth;
  }
  if (TIMES.has(field)) return readTime(said) !== undefined && readTime(said) === instantOf(wanted);
  if (YES_OR_NO.has(field)) return meansYes(said) !== null && meansYes(said) === meansYes(wanted);
  if (field === 'event') return reading?.event === wanted || reading?.eventType === wanted;
  if (field === 'status') return reading?.status === wanted;
  return false;
}

function instantOf(wanted: string): number | undefined {
  return readTime(wanted) ?? Date.parse(wanted);
}

function meansYes(value: string): boolean | null {
  const lower = value.toLowerCase();
  return YES.has(lower) ? true : NO.has(lower) ? false : null;
}
