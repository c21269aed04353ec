import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { cleanText, emptyParams, type Params, readPairs } from '../sources/params.ts';
import { readPostback } from '../sources/read-postback.ts';
import type { ClockSource } from './clock-source.ts';
import type { GroupCommit } from './group-commit.ts';
import { uuidText } from './ids.ts';
import { MAX_BODY, requestRefusal, toInbound } from './inbound.ts';
import { sendJson, sendText } from './plain-answers.ts';
import { answerStored, answerText, type Refusal, refusalBody, sendUnavailable } from './postback-answers.ts';
import { addressRefusal, signatureRefusal } from './source-trust.ts';
import { acceptedRow, hideSecret, type Inbound, refusedRow, type RowBase } from './postback-row.ts';
import { collectBody } from './request-facts.ts';
import type { Strangers } from './strangers.ts';
import type { SourceEntry, TrackingBook } from './tracking-book.ts';

export interface PostbackDeps {
  readonly book: TrackingBook;
  readonly clocks: ClockSource;
  readonly commit: GroupCommit;
  readonly strangers: Strangers;
  readonly log: Logger;
  readonly wallNowMs: () => number;
}

/** A miss reads the sources again, at most this often: a source added a moment ago is found. */
const REREAD_MS = 500;

/** Answers `/p/<source>` and `/p/<source>/<key>`. Every request is answered after its row is committed. */
export function createPostbackRoute(
  deps: PostbackDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { book, clocks, commit, strangers, log } = deps;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') {
      request.resume();
      receive(toInbound(request, null, deps.wallNowMs()), response);
      return;
    }
    collectBody(request, MAX_BODY + 1)
      .then((collected) => receive(toInbound(request, collected, deps.wallNowMs()), response))
      .catch((error: unknown) => fail(error, response));
  }

  function receive(inbound: Inbound, response: ServerResponse): void {
    const source = book.source(inbound.sourceId);
    if (source !== undefined) {
      guarded(() => receiveFor(source, inbound, response), response);
      return;
    }
    if (inbound.wallMs - book.refreshedAtMs < REREAD_MS) {
      refuseUnknownSource(inbound, response);
      return;
    }
    book.refresh().then(
      () => {
        const found = book.source(inbound.sourceId);
        guarded(
          () =>
            found === undefined
              ? refuseUnknownSource(inbound, response)
              : receiveFor(found, inbound, response),
          response,
        );
      },
      (error: unknown) => {
        log.warn({ err: error }, 'sources were not read again');
        guarded(
          () => (book.sourcesKnown ? refuseUnknownSource(inbound, response) : sendUnavailable(response)),
          response,
        );
      },
    );
  }

  function receiveFor(source: SourceEntry, inbound: Inbound, response: ServerResponse): void {
    const params = emptyParams();
    readPairs(inbound.query, params);
    const named = source.settings.keyParam;
    const shown =
      inbound.pathKey ??
      params.values.get('key') ??
      (named === undefined ? undefined : params.values.get(named)) ??
      inbound.headerKey;
    const nowMs = clocks.nowMs(source.workspaceId);
    const base: RowBase = {
      inbound,
      workspaceId: source.workspaceId,
      sourceId: source.id,
      nowMs,
      secret: null,
    };
    if (source.keyHash !== null) {
      if (shown === null || shown === undefined || !keyMatches(shown, source.keyHash)) {
        refuseWrongKey(base, shown ?? null, response);
        return;
      }
    }
    const authentic: RowBase =
      source.keyHash === null || shown === null || shown === undefined
        ? base
        : { ...base, secret: hideSecret(inbound, shown, `key:${source.id}`, named) };
    const distrust = addressRefusal(source, inbound);
    if (distrust !== null) {
      refuseUntrusted(authentic, source, distrust, response);
      return;
    }
    const refusal = requestRefusal(inbound, params);
    if (refusal !== null) {
      storeRefusal(authentic, source, refusal, params, response);
      return;
    }
    const forged = signatureRefusal(source, inbound, params);
    if (forged !== null) {
      refuseUntrusted(authentic, source, forged, response);
      return;
    }
    if (inbound.clientSide) params.warnings.push('client_side_call');
    const outcome = readPostback(params, {
      sourceId: source.id,
      profile: source.profile,
      settings: source.settings,
      nowMs,
    });
    if (!outcome.ok) {
      storeRefusal(authentic, source, { httpStatus: 400, ...outcome.refusal }, params, response);
      return;
    }
    const row = acceptedRow(authentic, outcome.reading);
    commit.add(row, (stored) => answerStored(stored, row, source, params, response));
  }

  function storeRefusal(
    base: RowBase,
    source: SourceEntry,
    refusal: Refusal,
    params: Params,
    response: ServerResponse,
  ): void {
    const row = refusedRow(base, {
      reason: refusal.reason,
      detail: refusal.message,
      warnings: refusal.warnings ?? params.warnings,
    });
    commit.add(row, (stored) => {
      if (stored.outcome === 'unavailable') return sendUnavailable(response);
      const status = source.profile.answers === 'codes' ? refusal.httpStatus : 200;
      const text = answerText(source, params);
      if (text !== null) return sendText(response, status, text);
      return sendJson(
        response,
        status,
        refusalBody(refusal, uuidText(row.id)),
        refusal.httpStatus === 405 ? { allow: 'GET, POST, HEAD' } : undefined,
      );
    });
  }

  /** Not from its sender, as far as can be told. Whoever showed the source's key is at least kept whole. */
  function refuseUntrusted(
    base: RowBase,
    source: SourceEntry,
    refusal: Refusal,
    response: ServerResponse,
  ): void {
    if (source.keyHash === null) {
      refuseStranger(base, response, refusal);
      return;
    }
    const row = refusedRow(base, { reason: refusal.reason, detail: refusal.message });
    commit.add(row, (stored) =>
      stored.outcome === 'unavailable'
        ? sendUnavailable(response)
        : sendJson(response, refusal.httpStatus, refusalBody(refusal, uuidText(row.id))),
    );
  }

  function refuseWrongKey(base: RowBase, shown: string | null, response: ServerResponse): void {
    const missing = shown === null;
    refuseStranger(masking(base, shown, 'key:wrong'), response, {
      httpStatus: 401,
      reason: 'wrong_key',
      message: missing
        ? 'This source asks for a key and none was shown.'
        : 'The key shown is not the key of this source.',
      next: `Copy the whole address that "bidloop source show ${base.sourceId}" prints; the key may stand in the path, as key=…, or in the header X-Bidloop-Key.`,
    });
  }

  function refuseUnknownSource(inbound: Inbound, response: ServerResponse): void {
    const shown = inbound.pathKey ?? queryKey(inbound.query) ?? null;
    const sourceId = cleanText(inbound.sourceId).slice(0, 64);
    const base: RowBase = { inbound, workspaceId: null, sourceId, nowMs: inbound.wallMs, secret: null };
    refuseStranger(masking(base, shown, 'key:unknown'), response, {
      httpStatus: 404,
      reason: 'unknown_source',
      message: sourceId === '' ? 'The address names no source.' : `There is no source "${sourceId}" here.`,
      next: 'Use the address that "bidloop source show <source>" prints; "bidloop source list" names them all.',
    });
  }

  /** Nobody vouches for this request: keep the first ones of an address, count the rest. */
  function refuseStranger(base: RowBase, response: ServerResponse, refusal: Refusal): void {
    const answer = (id: string | null) => sendJson(response, refusal.httpStatus, refusalBody(refusal, id));
    if (!strangers.admit(base.inbound.address, base.inbound.wallMs)) {
      answer(null);
      return;
    }
    const row = refusedRow(base, { reason: refusal.reason, detail: refusal.message, stranger: true });
    commit.add(row, (stored) =>
      stored.outcome === 'unavailable' ? sendUnavailable(response) : answer(uuidText(row.id)),
    );
  }

  function guarded(step: () => void, response: ServerResponse): void {
    try {
      step();
    } catch (error) {
      fail(error, response);
    }
  }

  /** A fault of ours: nothing was stored, so the sender shall try again. */
  function fail(error: unknown, response: ServerResponse): void {
    log.error({ err: error }, 'a postback was not handled');
    if (!response.headersSent) sendUnavailable(response);
  }

  return handle;
}

function keyMatches(shown: string, keyHash: Buffer): boolean {
  const given = hash('sha256', shown, 'buffer');
  return given.length === keyHash.length && timingSafeEqual(given, keyHash);
}

function queryKey(query: string): string | undefined {
  const params = emptyParams();
  readPairs(query, params);
  return params.values.get('key');
}

/** A wrong key may be another source's right one: it is not kept. Very short texts are no keys and would mangle the row. */
function masking(base: RowBase, shown: string | null, mark: string): RowBase {
  return shown === null || shown.length < 6
    ? base
    : { ...base, secret: hideSecret(base.inbound, shown, mark) };
}
