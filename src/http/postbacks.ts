import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { NewPostback } from '../db/postback-insert.ts';
import { cleanText, emptyParams, type Params, readBody, readPairs } from '../sources/params.ts';
import { readPostback } from '../sources/read-postback.ts';
import type { ClockSource } from './clock-source.ts';
import type { GroupCommit, Stored } from './group-commit.ts';
import { uuidText } from './ids.ts';
import { sendJson, sendText } from './plain-answers.ts';
import { acceptedRow, type Inbound, refusedRow, type RowBase } from './postback-row.ts';
import { clientAddress, collectBody, headerText, isPreview } from './request-facts.ts';
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

/** A body beyond this is refused: no sender we know writes more than 1 MB. */
const MAX_BODY = 1024 * 1024;
const KEPT_OF_LARGE_BODY = 4_096;
/** A miss reads the sources again, at most this often: a source added a moment ago is found. */
const REREAD_MS = 500;

interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
  readonly message: string;
  readonly next: string;
  readonly warnings?: readonly string[];
}

/** Answers `/p/<source>` and `/p/<source>/<key>`. Every request is answered after its row is committed. */
export function createPostbackRoute(
  deps: PostbackDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { book, clocks, commit, strangers, log } = deps;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') {
      request.resume();
      receive(toInbound(request, null, 0, deps.wallNowMs()), response);
      return;
    }
    collectBody(request, MAX_BODY + 1)
      .then((collected) => {
        if (collected === null) return;
        const tooLarge = collected.size > MAX_BODY;
        const body = tooLarge ? collected.body.subarray(0, KEPT_OF_LARGE_BODY) : collected.body;
        receive(toInbound(request, body, collected.size, deps.wallNowMs()), response);
      })
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
    const shown = inbound.pathKey ?? params.values.get('key') ?? inbound.headerKey;
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
        : { ...base, secret: { text: shown, mark: `key:${source.id}` } };
    const refusal = requestRefusal(inbound, params);
    if (refusal !== null) {
      storeRefusal(authentic, source, refusal, params, response);
      return;
    }
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

function toInbound(request: IncomingMessage, body: Buffer | null, bodySize: number, wallMs: number): Inbound {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const [sourceId = '', pathKey = ''] = path.slice(3).split('/', 2);
  const { headers } = request;
  const bearer = headers.authorization?.startsWith('Bearer ')
    ? headers.authorization.slice(7).trim()
    : undefined;
  const own = headers['x-bidloop-key'];
  return {
    method: request.method ?? 'GET',
    url,
    path,
    query: mark === -1 ? '' : url.slice(mark + 1),
    sourceId: sourceId.toLowerCase(),
    pathKey: pathKey === '' ? null : pathKey,
    body,
    bodySize,
    contentType: headerText(headers['content-type'], 200),
    address: clientAddress(request),
    userAgent: headerText(headers['user-agent'], 500),
    preview: isPreview(request),
    headerKey: (typeof own === 'string' ? own : undefined) ?? bearer ?? null,
    wallMs,
  };
}

/** What is wrong with the request itself, before anything is read from its parameters. Adds the body to the params. */
function requestRefusal(inbound: Inbound, params: Params): Refusal | null {
  const next = 'Call the address with GET or POST.';
  if (inbound.method === 'HEAD')
    return {
      httpStatus: 200,
      reason: 'head_request',
      message: 'A HEAD request asks whether the address works and is no conversion.',
      next,
    };
  if (inbound.method !== 'GET' && inbound.method !== 'POST') {
    return {
      httpStatus: 405,
      reason: 'method_not_allowed',
      message: `${inbound.method} is not a way to send a postback.`,
      next,
    };
  }
  if (inbound.preview)
    return {
      httpStatus: 200,
      reason: 'link_preview',
      message: 'A link preview or prefetch looked at the address; that is no conversion.',
      next,
    };
  if (inbound.bodySize > MAX_BODY) {
    return {
      httpStatus: 413,
      reason: 'body_too_large',
      message: `The body has ${inbound.bodySize} bytes; at most ${MAX_BODY} are read.`,
      next: 'Send one conversion per request, without attachments.',
    };
  }
  if (inbound.body === null || inbound.body.length === 0) return null;
  const problem = readBody(inbound.body, inbound.contentType ?? '', params);
  if (problem === null) return null;
  return {
    httpStatus: 400,
    reason: problem,
    message:
      problem === 'broken_json'
        ? 'The body looks like JSON but cannot be read as JSON.'
        : `A body of type "${inbound.contentType ?? 'none'}" holds no parameters that can be read.`,
    next:
      problem === 'broken_json'
        ? 'Check quotes, commas and escapes in the body template.'
        : 'Send parameters in the query, as a form, or as one JSON object.',
  };
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
  return shown === null || shown.length < 6 ? base : { ...base, secret: { text: shown, mark } };
}

function answerStored(
  stored: Stored,
  row: NewPostback,
  source: SourceEntry,
  params: Params,
  response: ServerResponse,
): void {
  const { profile } = source;
  const strict = profile.answers === 'codes';
  if (stored.outcome === 'unavailable') return sendUnavailable(response);
  const text = answerText(source, params);
  if (text !== null) return sendText(response, 200, text);
  switch (stored.outcome) {
    case 'stored': {
      const warnings = row.warnings === null ? '' : `,"warnings":${JSON.stringify(row.warnings.split('\n'))}`;
      return sendJson(response, 200, `{"status":"accepted","id":"${uuidText(row.id)}"${warnings}}`);
    }
    case 'duplicate':
      return sendJson(
        response,
        strict ? 409 : 200,
        `{"status":"duplicate","reason":"duplicate","id":"${uuidText(row.id)}","firstId":${stored.firstId === null ? 'null' : `"${stored.firstId}"`}}`,
      );
    case 'unstorable':
      return sendJson(
        response,
        strict ? 400 : 200,
        refusalBody(
          {
            httpStatus: 400,
            reason: 'unstorable',
            message: 'The database cannot hold a value of this postback.',
            next: 'Look for numbers or texts of unusual size in it.',
          },
          null,
        ),
      );
  }
}

function answerText(source: SourceEntry, params: Params): string | null {
  const name = source.profile.answerParam;
  const text = name === null ? undefined : params.values.get(name);
  return text === undefined || text === '' ? null : text.slice(0, 200);
}

function refusalBody(refusal: Refusal, id: string | null): string {
  return JSON.stringify({
    status: 'refused',
    reason: refusal.reason,
    message: refusal.message,
    next: refusal.next,
    ...(id === null ? {} : { id }),
  });
}

/** Nothing was stored: the one case in which a sender shall repeat. */
function sendUnavailable(response: ServerResponse): void {
  sendJson(
    response,
    503,
    '{"status":"unavailable","reason":"not_stored","message":"The database does not answer; nothing was stored.","next":"Send the same request again in a few seconds."}',
    { 'retry-after': '5' },
  );
}
