import type { IncomingMessage, ServerResponse } from 'node:http';
import type pg from 'pg';
import type { Logger } from 'pino';
import { type ApplePlaces, loadApplePlaces } from '../db/apple-apps.ts';
import { insertApple, type NewApplePostback } from '../db/apple-insert.ts';
import type { AppleKeys } from '../sources/apple/keys.ts';
import type { AppleOutcome } from '../sources/apple/outcome.ts';
import { readApple } from '../sources/apple/read-apple.ts';
import { emptyParams, readPairs } from '../sources/params.ts';
import { type ApplePlace, appleRow, refusedAppleRow } from './apple-row.ts';
import type { ClockSource } from './clock-source.ts';
import { MAX_BODY, requestRefusal, toInbound } from './inbound.ts';
import { sendJson } from './plain-answers.ts';
import { type Refusal, refusalBody } from './postback-answers.ts';
import type { Inbound } from './postback-row.ts';
import { collectBody } from './request-facts.ts';
import type { Strangers } from './strangers.ts';

/** Where devices and networks send: Apple, "Configuring a source app" (the advertised app's or network's own domain). */
export const APPLE_PATHS: readonly string[] = [
  '/.well-known/skadnetwork/report-attribution',
  '/.well-known/appattribution/report-attribution',
];

export interface AppleDeps {
  readonly pool: pg.Pool;
  readonly clocks: ClockSource;
  readonly strangers: Strangers;
  readonly log: Logger;
  readonly wallNowMs: () => number;
  /** Signers that are believed; Apple's own by default. */
  readonly keys?: AppleKeys;
}

/** An app named a moment ago is known; a storm of postbacks does not ask for each. */
const PLACES_MS = 1_000;

/**
 * Answers Apple's two addresses, each request after its row is committed. A device repeats a SKAdNetwork postback for days
 * unless it is answered with 200, and an AdAttributionKit one after 500 only: so whatever could be kept is answered with 200,
 * its outcome in the body, and what could not with 500.
 */
export function createAppleRoute(
  deps: AppleDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { pool, clocks, strangers, log, wallNowMs } = deps;
  let known: { readonly atMs: number; readonly places: Promise<ApplePlaces> } | undefined;

  function places(): Promise<ApplePlaces> {
    const nowMs = wallNowMs();
    if (known === undefined || nowMs - known.atMs >= PLACES_MS) {
      const found = loadApplePlaces(pool);
      known = { atMs: nowMs, places: found };
      // A failed look is not remembered.
      found.catch(() => (known = undefined));
    }
    return known.places;
  }

  async function receive(inbound: Inbound, response: ServerResponse): Promise<void> {
    const { apps, otherwise } = await places();
    const at = (workspaceId: string | null): ApplePlace => ({
      workspaceId,
      nowMs: workspaceId === null ? inbound.wallMs : clocks.nowMs(workspaceId),
    });
    const params = emptyParams();
    readPairs(inbound.query, params);
    const refusal = requestRefusal(inbound, params);
    if (refusal !== null) {
      await keepStranger(refusedAppleRow(inbound, at(otherwise), refusal), refusal, response);
      return;
    }
    const outcome = readApple(params.values, {
      ...(apps.size === 0 ? {} : { appIds: [...apps.keys()] }),
      ...(deps.keys === undefined ? {} : { keys: deps.keys }),
    });
    if (!('signed' in outcome)) {
      const row = appleRow(inbound, at(otherwise), outcome);
      await keepStranger(row, refusalOf(outcome), response);
      return;
    }
    await keepVerified(
      appleRow(inbound, at(apps.get(outcome.signed.appId) ?? otherwise), outcome),
      inbound,
      response,
    );
  }

  /** A repeat leaves a row of its own, which claims nothing. */
  async function keepVerified(
    row: NewApplePostback,
    inbound: Inbound,
    response: ServerResponse,
  ): Promise<void> {
    const stored = await insertApple(pool, row);
    if (stored.kind === 'stored') {
      sendJson(
        response,
        200,
        JSON.stringify({ status: 'accepted', outcome: row.outcome, id: row.id, detail: row.detail }),
      );
      return;
    }
    const outcome = stored.sameContent ? 'repeat' : 'conflict';
    if (outcome === 'conflict')
      log.error(
        { claim: row.claim, first: stored.firstId },
        "a postback of Apple's has the id of an earlier one and other signed content; see `bidloop apple`",
      );
    // Anybody who has seen a postback can send it again: repeats share the allowance of strangers.
    if (strangers.admit(inbound.address, inbound.wallMs)) {
      await insertApple(pool, {
        ...row,
        outcome,
        claim: null,
        repeats: stored.firstId,
        reason: outcome === 'conflict' ? 'same_id_other_content' : outcome,
        detail:
          outcome === 'conflict'
            ? `${stored.firstId} has this id with other signed content.`
            : `${stored.firstId} is the same postback.`,
      });
    }
    sendJson(
      response,
      200,
      JSON.stringify({ status: 'duplicate', reason: outcome, id: row.id, firstId: stored.firstId }),
    );
  }

  /** Nobody vouches for it: the first of an address in a minute are kept, the rest counted. */
  async function keepStranger(
    row: NewApplePostback,
    refusal: Refusal,
    response: ServerResponse,
  ): Promise<void> {
    if (!strangers.admit(row.sender_ip, row.wall_at.getTime())) {
      sendJson(response, 429, refusalBody(refusal, null), { 'retry-after': '60' });
      return;
    }
    await insertApple(pool, row);
    sendJson(response, refusal.httpStatus, refusalBody(refusal, row.id));
  }

  return (request, response) => {
    const read =
      request.method === 'GET'
        ? (request.resume(), Promise.resolve(null))
        : collectBody(request, MAX_BODY + 1);
    read
      .then((collected) => receive(toInbound(request, collected, wallNowMs()), response))
      .catch((error: unknown) => {
        log.warn({ err: error }, "a postback of Apple's was not stored; its sender tries again");
        if (!response.headersSent)
          sendJson(
            response,
            500,
            '{"status":"unavailable","reason":"not_stored","message":"Nothing was stored.","next":"Send the same request again."}',
          );
      });
  };
}

type Unsigned = Exclude<AppleOutcome, { readonly signed: unknown }>;

/** 200 for what may come from a device; what is no postback of Apple's at all is told so. */
function refusalOf(outcome: Unsigned): Refusal {
  return {
    httpStatus: outcome.kind === 'not_apple' ? 400 : 200,
    reason: outcome.kind === 'unverifiable' ? outcome.reason : outcome.kind,
    message: outcome.message,
    next: outcome.next,
  };
}
