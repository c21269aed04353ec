import { type AskEnd, endAsk, takeToAsk } from '../src/db/forwarding/asking.ts';
import { findDestination } from '../src/db/forwarding/destinations.ts';
import type { ForwardRow } from '../src/db/forwarding/plans.ts';
import { restDestination } from '../src/db/forwarding/sending.ts';
import type { GoogleDestination } from '../src/outbound/destination.ts';
import { type GoogleStatus, googleStatusRequest, readGoogleStatus } from '../src/outbound/google-status.ts';
import { attemptLine, maskSecrets } from '../src/outbound/mask.ts';
import { nextAskMs } from '../src/outbound/retry.ts';
import type { SendCounts, SendDeps } from './forward-one.ts';
import { openReady, REST_MS } from './forward-send.ts';

/** Asked about at once, and at the same time. */
const TAKE = 8;
/** A worker that took some and ended: they are asked about again after this. */
const AGAIN_MS = 5 * 60_000;

const NEVER_SAID =
  'It was taken, and what became of it was not said within a day: look for it in the account.';

/**
 * Asks a destination that takes first and judges later (Google) what became of some of what it took, and keeps the verdict
 * or the time of the next question. What cannot be asked now is asked by the same schedule.
 */
export async function askSome(
  deps: SendDeps,
  workspaceId: string,
  destinationId: string,
  counts: SendCounts,
): Promise<void> {
  const { db, nowMs } = deps;
  const atMs = nowMs();
  const taken = await takeToAsk(db, {
    workspaceId,
    destinationId,
    nowMs: atMs,
    againMs: atMs + AGAIN_MS,
    limit: TAKE,
  });
  const row = taken.length === 0 ? undefined : await findDestination(db, destinationId);
  if (row === undefined) return;
  const ready = await openReady(deps, row);
  const destination =
    ready.kind === 'ready' && ready.destination.kind === 'google' ? ready.destination : null;
  if (destination === null) {
    const why =
      ready.kind === 'ready' ? `a ${ready.destination.kind} destination says nothing later` : ready.why;
    deps.log.error({ destination: destinationId, why }, 'a destination cannot be asked for its verdicts');
    await Promise.all(taken.map((forward) => keep(deps, forward, atMs, notAsked(why), counts)));
    return;
  }
  const asked = await Promise.all(
    taken.map(async (forward) => {
      const one = await ask(deps, destination, forward);
      await keep(deps, forward, atMs, one, counts);
      return one;
    }),
  );
  // Nothing but silence and "busy": the thousands behind these can wait a while too.
  if (asked.every(missed)) await restDestination(db, destinationId, nowMs() + REST_MS);
}

function missed({ status }: Asked): boolean {
  return status === null || status === 429 || status >= 500;
}

/** What came of one question. */
type Asked = Pick<AskEnd, 'method' | 'url' | 'status' | 'answer' | 'latencyMs'> & {
  readonly said: GoogleStatus;
};

function notAsked(why: string): Asked {
  return { method: '', url: '', status: null, answer: '', latencyMs: null, said: { kind: 'unknown', why } };
}

async function ask(deps: SendDeps, destination: GoogleDestination, forward: ForwardRow): Promise<Asked> {
  const request = googleStatusRequest(destination, forward.receipt ?? '');
  const sent = await deps.send(request);
  const answer = sent.kind === 'refused_address' ? ({ kind: 'no_answer', why: sent.why } as const) : sent;
  if (answer.kind === 'answer' && answer.status === 401) deps.forgetToken(destination.id);
  const said: GoogleStatus =
    answer.kind === 'answer'
      ? readGoogleStatus(answer.status, answer.body)
      : { kind: 'unknown', why: `no answer (${answer.why})` };
  const { method, url, status, body } = attemptLine(request, answer, destination.secrets);
  const hidden = 'why' in said ? { ...said, why: maskSecrets(said.why, destination.secrets) } : said;
  return { method, url, status, answer: body, latencyMs: sent.latencyMs, said: hidden };
}

async function keep(
  deps: SendDeps,
  forward: ForwardRow,
  atMs: number,
  { said, ...asked }: Asked,
  counts: SendCounts,
): Promise<void> {
  const nowMs = deps.nowMs();
  const outcome = outcomeOf(said, forward, nowMs);
  const why = said.kind === 'processing' ? 'it is still at it' : 'why' in said ? said.why : null;
  await endAsk(deps.db, {
    ...asked,
    key: forward.key,
    ask: forward.asks,
    atMs,
    nowMs,
    wallMs: deps.wallNowMs(),
    why: said.kind === 'confirmed' && said.repeat ? 'it had this conversion already' : why,
    outcome,
  });
  if (outcome.kind === 'confirmed') counts.confirmed += 1;
  if (outcome.kind === 'refused') counts.failed += 1;
}

function outcomeOf(said: GoogleStatus, forward: ForwardRow, nowMs: number): AskEnd['outcome'] {
  if (said.kind === 'confirmed') return { kind: 'confirmed' };
  if (said.kind === 'refused') return { kind: 'refused', message: `${said.why}. ${said.next}` };
  const acceptedAtMs = forward.settled_at?.getTime() ?? nowMs;
  const nextMs = nextAskMs({ asks: forward.asks, acceptedAtMs, nowMs });
  return nextMs === null ? { kind: 'unknown', message: NEVER_SAID } : { kind: 'awaited', nextMs };
}
