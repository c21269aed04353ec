import type { Db } from '../src/db/connection.ts';
import type { DestinationRow } from '../src/db/forwarding/destinations.ts';
import type { ForwardRow } from '../src/db/forwarding/plans.ts';
import { type AttemptEnd, beginAttempt, endAttempt, settleUnsent } from '../src/db/forwarding/sending.ts';
import { buildRequest } from '../src/outbound/build-request.ts';
import type { OutboundConversion } from '../src/outbound/conversion.ts';
import type { Destination, OutboundRequest, SkipReason } from '../src/outbound/destination.ts';
import { planForward } from '../src/outbound/forward.ts';
import type { GuardRules } from '../src/outbound/guard.ts';
import type { HttpParts } from '../src/outbound/http-parts.ts';
import { judgeAnswer, type Verdict } from '../src/outbound/judge-answer.ts';
import { attemptLine, maskSecrets } from '../src/outbound/mask.ts';
import type { Sent } from '../src/outbound-send.ts';
import type { Tokens } from '../src/outbound-token.ts';

/** Characters of a request's body that are kept. */
const MAX_BODY = 4_096;

/** Not the conversion's fault: somebody can mend the destination, and replay. */
const MENDABLE: ReadonlySet<SkipReason> = new Set(['missing_secret', 'bad_template', 'refused_address']);

export interface SendDeps {
  readonly db: Db;
  /** Opens secrets. @throws where key or settings do not fit. */
  readonly open: (row: DestinationRow) => Destination;
  readonly tokenFor: Tokens['tokenFor'];
  readonly forgetToken: Tokens['forgetToken'];
  readonly send: (request: HttpParts) => Promise<Sent>;
  readonly guard: GuardRules;
  /** This installation's, on every request. */
  readonly mark: string;
  readonly wallNowMs: () => number;
  /** Workspace time. */
  readonly nowMs: () => number;
  readonly log: { error(facts: object, message: string): void };
}

export interface SendCounts {
  sent: number;
  /** Of those sent before: their receiver has said that they count. */
  confirmed: number;
  retried: number;
  failed: number;
  notSent: number;
}

/**
 * Sends one forward that was taken, and settles it or makes it due again.
 *
 * @param conversion as it stands now; null when it is no longer stored.
 * @returns what came of the request; null where none was made.
 */
export async function sendOne(
  deps: SendDeps,
  forward: ForwardRow,
  destination: Destination,
  conversion: OutboundConversion | null,
  counts: SendCounts,
): Promise<Sent | null> {
  const { db, nowMs } = deps;
  const { key } = forward;
  const request = conversion === null ? GONE : requestFor(deps, forward, destination, conversion);
  if (request.kind === 'unsent') {
    await settleUnsent(db, { key, ...request, nowMs: nowMs() });
    if (request.state === 'failed') counts.failed += 1;
    else counts.notSent += 1;
    return null;
  }
  const attempt = await beginAttempt(db, {
    key,
    takenWallAt: forward.taken_wall_at,
    method: request.method,
    url: maskSecrets(request.url, destination.secrets),
    body:
      request.body === null
        ? null
        : maskSecrets(request.body, destination.secrets)
            .replaceAll('\0', '')
            .toWellFormed()
            .slice(0, MAX_BODY),
    nowMs: nowMs(),
    wallMs: deps.wallNowMs(),
  });
  if (attempt === null) return null;
  const sent = await deps.send(request);
  const endMs = nowMs();
  const verdict: Verdict =
    sent.kind === 'refused_address'
      ? { kind: 'failed', why: sent.why, next: '' }
      : judgeAnswer(destination, sent, {
          attempts: attempt.attempt,
          firstAtMs: attempt.firstAtMs,
          nowMs: endMs,
        });
  const answer = sent.kind === 'refused_address' ? ({ kind: 'no_answer', why: sent.why } as const) : sent;
  const line = attemptLine(request, answer, destination.secrets);
  const hide = (text: string) => maskSecrets(text, destination.secrets);
  const common = {
    key,
    attempt,
    status: line.status,
    answer: line.body,
    latencyMs: sent.latencyMs,
    nowMs: endMs,
  };
  await endAttempt(db, {
    ...common,
    ...endOf(verdict, hide, sent.kind === 'refused_address' ? 'refused_address' : null),
  });
  if (verdict.kind === 'retry' && verdict.freshToken) deps.forgetToken(destination.id);
  if (verdict.kind === 'delivered') counts.sent += 1;
  else if (verdict.kind === 'retry') counts.retried += 1;
  else counts.failed += 1;
  return sent;
}

type Unsent = {
  readonly kind: 'unsent';
  readonly state: 'not_sent' | 'failed';
  readonly reason: string;
  readonly message: string;
};

const GONE: Unsent = {
  kind: 'unsent',
  state: 'not_sent',
  reason: 'conversion_gone',
  message: 'The conversion is no longer stored.',
};

function requestFor(
  deps: SendDeps,
  forward: ForwardRow,
  destination: Destination,
  conversion: OutboundConversion,
): OutboundRequest | Unsent {
  const plan = planForward(destination, conversion);
  if (plan.kind === 'forward' && plan.forwardKey !== forward.key)
    return {
      kind: 'unsent',
      state: 'not_sent',
      reason: 'overtaken',
      message: `The conversion is ${conversion.status} by now.`,
    };
  const built = buildRequest(destination, conversion, {
    nowMs: deps.nowMs(),
    guard: deps.guard,
    mark: deps.mark,
  });
  if (built.kind === 'request') return built;
  const state = MENDABLE.has(built.reason) ? 'failed' : 'not_sent';
  return { kind: 'unsent', state, reason: built.reason, message: built.message };
}

type End = Pick<
  AttemptEnd,
  'verdict' | 'why' | 'state' | 'reason' | 'message' | 'nextMs' | 'receipt' | 'askMs'
>;

/** What a verdict means for the log and for the forward. */
function endOf(verdict: Verdict, hide: (text: string) => string, reason: string | null): End {
  switch (verdict.kind) {
    case 'delivered':
      return {
        verdict: verdict.repeat ? 'repeat' : 'delivered',
        why: null,
        state: 'sent',
        reason: null,
        message: null,
        nextMs: null,
        receipt: verdict.receipt === null ? null : hide(verdict.receipt),
        askMs: verdict.askAtMs,
      };
    case 'retry':
      return {
        verdict: 'retry',
        why: hide(verdict.why),
        state: 'due',
        reason: null,
        message: null,
        nextMs: verdict.atMs,
        receipt: null,
        askMs: null,
      };
    case 'failed':
    case 'given_up':
      return {
        verdict: verdict.kind,
        why: hide(verdict.why),
        state: verdict.kind,
        reason: reason ?? (verdict.kind === 'failed' ? 'refused' : 'no_answer'),
        message: hide(`${verdict.why}. ${verdict.next}`.trim()),
        nextMs: null,
        receipt: null,
        askMs: null,
      };
  }
}
