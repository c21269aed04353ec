import { isCountedStatus } from '../conversion.ts';
import { decimalFromMicros } from '../money.ts';
import type {
  Amount,
  Difference,
  RecordedConversion,
  ReconcileInput,
  Reconciliation,
  RefusedRequest,
  ReportedConversion,
} from './facts.ts';
import { pairUp } from './pairs.ts';

const DAY_MS = 86_400_000;
/** A shorter id is found in any request by chance. */
const LEAST_ID = 6;

/**
 * Compares a sender's own report with what is on record, conversion by conversion. Every row of the report and every counted
 * conversion of its stretch of time either agrees with its counterpart or gets exactly one difference with its reason; where
 * several things differ the gravest is named: not counted, status, event, currency, amount.
 */
export function reconcile(input: ReconcileInput): Reconciliation {
  const { pairs, repeated } = pairUp(input.reported, input.recorded);
  const refusedBy = wordsOf(input.refused);
  const differences: Difference[] = [];
  let agreed = 0;
  for (const reported of input.reported) {
    const recorded = pairs.get(reported) ?? null;
    const first = repeated.get(reported);
    const difference =
      recorded !== null
        ? differ(reported, recorded)
        : first === undefined
          ? absent(reported, refusedBy, input.sourceSinceMs)
          : { reason: 'repeated_in_report' as const, detail: `line ${first.line}` };
    if (difference === null) agreed += 1;
    else differences.push({ ...difference, reported, recorded });
  }
  const matched = new Set(pairs.values());
  const only = input.recorded
    .filter((one) => one.counted && !matched.has(one) && one.atMs >= input.fromMs && one.atMs <= input.toMs)
    .toSorted((a, b) => a.atMs - b.atMs);
  for (const recorded of only) {
    const near = recorded.atMs < input.fromMs + DAY_MS || recorded.atMs > input.toMs - DAY_MS;
    differences.push({
      reason: near ? 'edge_of_report' : 'not_in_report',
      detail: recorded.status,
      reported: null,
      recorded,
    });
  }
  return { agreed, differences };
}

type Found = Pick<Difference, 'reason' | 'detail'>;

function differ(reported: ReportedConversion, recorded: RecordedConversion): Found | null {
  const { status } = reported;
  // Both say that it is worth nothing: then nothing else matters.
  if (status !== null && !isCountedStatus(status) && !isCountedStatus(recorded.status)) return null;
  if (status !== null && status !== recorded.status)
    return { reason: 'status', detail: `${status}, here ${recorded.status}` };
  if (!recorded.counted) return { reason: 'not_counted', detail: recorded.reason ?? recorded.status };
  if (reported.event !== null && reported.event !== recorded.event)
    return { reason: 'event', detail: `${reported.event}, here ${recorded.event}` };
  return amountsDiffer(reported.amount, recorded.amount);
}

function amountsDiffer(theirs: Amount | null, ours: Amount | null): Found | null {
  if (theirs === null) return null;
  const said = (amount: Amount | null): string =>
    amount === null ? 'none' : `${decimalFromMicros(amount.micros)} ${amount.currency}`;
  const detail = `${said(theirs)}, here ${said(ours)}`;
  if (ours !== null && ours.currency !== theirs.currency) return { reason: 'currency', detail };
  return theirs.micros === (ours?.micros ?? 0) ? null : { reason: 'amount', detail };
}

function absent(
  { txid, clickId, atMs }: ReportedConversion,
  refusedBy: ReadonlyMap<string, RefusedRequest>,
  sourceSinceMs: number,
): Found {
  // One click may have many orders: where an order is named, only it tells.
  const id = txid ?? clickId ?? '';
  const refused = id.length < LEAST_ID ? undefined : refusedBy.get(id);
  if (refused !== undefined) return { reason: 'refused', detail: refused.reason };
  if (atMs !== null && atMs < sourceSinceMs)
    return { reason: 'before_source', detail: 'the source did not exist yet' };
  return { reason: 'never_arrived', detail: 'nothing with its ids is on record' };
}

/** Everything in a refused request that may be an id: whatever stands between separators, as sent and decoded. */
function wordsOf(refused: readonly RefusedRequest[]): ReadonlyMap<string, RefusedRequest> {
  const words = new Map<string, RefusedRequest>();
  for (const request of refused)
    for (const word of request.raw.split(SEPARATORS))
      for (const spelling of [word, decoded(word)]) if (!words.has(spelling)) words.set(spelling, request);
  return words;
}

const SEPARATORS = /[\s&=?"',:;{}[\]<>]+/;

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
