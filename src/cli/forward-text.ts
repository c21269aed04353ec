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

const VERDICTS: Readonly<Record<NonNullable<ListedForward['verdict']>, string>> = {
  awaited: 'sent, verdict awaited',
  confirmed: 'sent and confirmed',
  refused: 'refused later',
  unknown: 'sent, verdict never said',
};

/** What became of it, as far as that is known. */
function stateWords({ state, verdict }: Pick<ListedForward, 'state' | 'verdict'>): string {
  return state === 'sent' && verdict !== null ? VERDICTS[verdict] : STATES[state];
}

/** What a forward is called in commands: enough of its key, or its conversion's id where it has no stage. */
export function forwardName(row: Pick<ListedForward, 'key' | 'conversion_id'>): string {
  return row.key.startsWith('none:') ? row.conversion_id : row.key.slice(0, 12);
}

/** "3 sent, 1 failed (refused)"; the most frequent first. */
export function countWords(counts: readonly ForwardCount[]): string {
  if (counts.length === 0) return 'nothing';
  return counts
    .map(
      ({ count, reason, ...one }) =>
        `${count} ${stateWords(one)}${reason === null || one.state === 'sent' ? '' : ` (${reason})`}`,
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
  const nextAt = row.state === 'due' ? row.next_at : row.ask_at;
  const asked = row.state === 'due' ? 'next' : 'asked next';
  const next = nextAt === null ? '' : `, ${asked} ${nextAt.toISOString()}`;
  const why = row.message === null ? '' : `: ${row.message}`;
  return `${forwardName(row)}  ${row.planned_at.toISOString()}  ${row.destination_id}  ${what}  ${stateWords(row)}${tries}${next}${why}`;
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
    verdict: row.verdict,
    asks: row.asks,
    nextAskAt: row.ask_at?.toISOString() ?? null,
    ...(attempts === undefined ? {} : { log: attempts.map(attemptView) }),
  };
}

function attemptView(row: AttemptRow) {
  return {
    kind: row.kind,
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
  const what = row.kind === 'ask' ? 'asked what became of it, time' : 'attempt';
  const took = row.latency_ms === null ? '' : ` after ${row.latency_ms} ms`;
  return [
    `  ${row.at.toISOString()}  ${what} ${row.attempt}: ${came}${took}, ${row.verdict ?? 'under way'}${row.why === null ? '' : `: ${row.why}`}`,
    ...(row.url === '' ? [] : [`    ${row.method} ${row.url}`]),
    ...(row.body === null ? [] : [`    ${row.body}`]),
    ...(row.answer === null || row.answer === ''
      ? []
      : [`    ← ${row.answer.replaceAll(/\s+/g, ' ').slice(0, 300)}`]),
    ...(row.next_at === null
      ? []
      : [`    ${row.kind === 'ask' ? 'asked next' : 'next'} ${row.next_at.toISOString()}`]),
  ];
}
