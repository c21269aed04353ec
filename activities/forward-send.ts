import { loadForForwarding } from '../src/db/forwarding/conversions.ts';
import { type DestinationRow, findDestination } from '../src/db/forwarding/destinations.ts';
import type { ForwardRow } from '../src/db/forwarding/plans.ts';
import { putBack, restDestination, settleUnsent, takeDue } from '../src/db/forwarding/sending.ts';
import { messageOf } from '../src/errors.ts';
import { outboundConversion } from '../src/outbound/conversion-facts.ts';
import { retryAfterMs } from '../src/outbound/retry.ts';
import { type SendCounts, type SendDeps, sendOne } from './forward-one.ts';
import type { WithToken } from '../src/outbound-token.ts';

/** Taken at once, and on their way at once: what a receiver of postbacks bears, and a shutdown waits for. */
const TAKE = 8;
const LANES = 4;
/** A receiver that misses so many in a row is left alone for a while: the others' conversions must not wait for it. */
const MISSES = 3;
export const REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;

/** Sends some of what is due at one destination. What it takes it settles, or puts back. */
export async function sendSome(
  deps: SendDeps,
  workspaceId: string,
  destinationId: string,
  counts: SendCounts,
): Promise<void> {
  const { db, nowMs } = deps;
  const taken = await takeDue(db, {
    workspaceId,
    destinationId,
    nowMs: nowMs(),
    wallMs: deps.wallNowMs(),
    limit: TAKE,
  });
  const row = taken.length === 0 ? undefined : await findDestination(db, destinationId);
  if (row === undefined) return putBack(db, keysOf(taken), nowMs());
  const ready = await openReady(deps, row);
  if (ready.kind !== 'ready') {
    deps.log.error(
      { destination: destinationId, why: ready.why },
      'a destination is not ready to be sent to',
    );
    if (ready.kind === 'passing') {
      await putBack(db, keysOf(taken), nowMs());
      await restDestination(db, destinationId, nowMs() + REST_MS);
      return;
    }
    for (const { key } of taken)
      await settleUnsent(db, {
        key,
        state: 'failed',
        reason: 'not_ready',
        message: ready.why,
        nowMs: nowMs(),
      });
    counts.failed += taken.length;
    return;
  }
  const { destination } = ready;
  const conversions = await loadForForwarding(
    db,
    taken.map((forward) => forward.conversion_id),
  );
  let misses = 0;
  let restUntilMs: number | null = null;
  const rest = (untilMs: number): void => {
    restUntilMs = Math.max(restUntilMs ?? 0, untilMs);
  };
  const left = [...taken];
  const lane = async (): Promise<void> => {
    for (let forward = left.shift(); forward !== undefined; forward = left.shift()) {
      if (restUntilMs !== null) {
        left.push(forward);
        return;
      }
      const facts = conversions.get(forward.conversion_id);
      const sent = await sendOne(
        deps,
        forward,
        destination,
        facts === undefined ? null : outboundConversion(facts, deps.mark),
        counts,
      );
      if (sent === null) continue;
      const missed = sent.kind === 'no_answer' || (sent.kind === 'answer' && sent.status >= 500);
      misses = missed ? misses + 1 : 0;
      if (misses >= MISSES) rest(nowMs() + REST_MS);
      if (sent.kind === 'answer' && sent.status === 429) {
        const asked = retryAfterMs(sent.headers['retry-after'], nowMs()) ?? 0;
        rest(nowMs() + Math.min(LONGEST_REST_MS, Math.max(REST_MS, asked)));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (restUntilMs === null) return;
  await putBack(db, keysOf(left), nowMs());
  await restDestination(db, destinationId, restUntilMs);
}

function keysOf(forwards: readonly ForwardRow[]): readonly string[] {
  return forwards.map((forward) => forward.key);
}

/** The destination with its secrets and a valid access token. */
export async function openReady(deps: SendDeps, row: DestinationRow): Promise<WithToken> {
  try {
    return await deps.tokenFor(deps.open(row));
  } catch (error) {
    return { kind: 'refused', why: messageOf(error) };
  }
}
