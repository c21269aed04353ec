import { formatMoney } from '../core/money.ts';
import type { AttemptRow, ForwardCount, ListedForward } from '../db/forwarding/log.ts';

const STATES: Readonly<Record<ListedForward['state'], string>> = {
  due: 'waits',
  sending: 'on its way',
  sent: 'sent',
  failed: 'failed',
  given_up: 'given up',
  not_sent: 'not sent',
};

/** What a forward is called in commands: enough of its key, or its conversion's id where it has no stage. */
export function forwardName(row: Pick<ListedForward, 'key' | 'conversion_id'>): string {
  return row.key.startsWith('none:') ? row.conversion_id : row.key.slice(0, 12);
}

/** "3 sent, 1 failed (refused)"; the most frequent first. */
export function countWords(counts: readonly ForwardCount[]): string {
  if (counts.length === 0) return 'nothing';
  return counts
    .map(
      ({ count, state, reason }) =>
        `${count} ${STATES[state]}${reason === null || state === 'sent' ? '' : ` (${reason})`}`,
    )
    .join(', ');
}

/** One line of a list. */
export function forwardLine(row: ListedForward): string {
  const amount =
    row.amount_micros === null || row.currency === null
      ? ''
      : ` ${formatMoney(row.amount_micros, row.currency)}`;
  const what = `${row.event} ${row.status}${amount}${row.txid === null ? '' : ` (${row.txid})`}`;
  const tries = row.attempts > 1 ? `, ${row.attempts} attempts` : '';
  const next = row.state === 'due' && row.next_at !== null ? `, next ${row.next_at.toISOString()}` : '';
  const why = row.message === null ? '' : `: ${row.message}`;
  return `${forwardName(row)}  ${row.planned_at.toISOString()}  ${row.destination_id}  ${what}  ${STATES[row.state]}${tries}${next}${why}`;
}

/** A forward as data. */
export function forwardView(row: ListedForward, attempts?: readonly AttemptRow[]) {
  return {
    id: forwardName(row),
    destination: row.destination_id,
    conversion: row.conversion_id,
    source: row.source_id,
    txid: row.txid,
    event: row.event,
    status: row.status,
    amountMicros: row.amount_micros,
    currency: row.currency,
    state: row.state,
    reason: row.reason,
    message: row.message,
    attempts: row.attempts,
    plannedAt: row.planned_at.toISOString(),
    nextAt: row.next_at?.toISOString() ?? null,
    settledAt: row.settled_at?.toISOString() ?? null,
    receipt: row.receipt,
    ...(attempts === undefined ? {} : { log: attempts.map(attemptView) }),
  };
}

function attemptView(row: AttemptRow) {
  return {
    attempt: row.attempt,
    at: row.at.toISOString(),
    method: row.method,
    url: row.url,
    body: row.body,
    status: row.status,
    answer: row.answer,
    latencyMs: row.latency_ms,
    verdict: row.verdict,
    why: row.why,
    nextAt: row.next_at?.toISOString() ?? null,
  };
}

/** One attempt for a person to read. */
export function attemptLines(row: AttemptRow): readonly string[] {
  const came =
    row.status === null ? (row.verdict === null ? 'no answer yet' : 'no answer') : `status ${row.status}`;
  const took = row.latency_ms === null ? '' : ` after ${row.latency_ms} ms`;
  return [
    `  ${row.at.toISOString()}  attempt ${row.attempt}: ${came}${took}, ${row.verdict ?? 'under way'}${row.why === null ? '' : `: ${row.why}`}`,
    `    ${row.method} ${row.url}`,
    ...(row.body === null ? [] : [`    ${row.body}`]),
    ...(row.answer === null || row.answer === ''
      ? []
      : [`    ← ${row.answer.replaceAll(/\s+/g, ' ').slice(0, 300)}`]),
    ...(row.next_at === null ? [] : [`    next ${row.next_at.toISOString()}`]),
  ];
}
