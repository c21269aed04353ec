import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { cleanText, emptyParams, type Params, readBody, readPairs } from '../sources/params.ts';
import type { ClickRefusal } from '../db/refused-clicks.ts';
import type { ClickBuffer } from './click-buffer.ts';
import type { ClockSource } from './clock-source.ts';
import { newClickId } from './ids.ts';
import { sendJson, sendText } from './plain-answers.ts';
import { landingAddress, readClick } from './read-click.ts';
import { clientAddress, collectBody, headerText, isPreview } from './request-facts.ts';
import { isRobot, visitorCountry } from './robot.ts';
import type { RefusedVisits } from './refused-visits.ts';
import type { LinkEntry, TrackingBook } from './tracking-book.ts';

export interface ClickDeps {
  readonly book: TrackingBook;
  readonly clocks: ClockSource;
  readonly buffer: ClickBuffer;
  readonly refused: RefusedVisits;
  readonly fallbackUrl: string | null;
  readonly log: Logger;
  readonly wallNowMs: () => number;
}

const MAX_BODY = 64 * 1024;
/** A stalled disk delays a visitor by no more than this. */
const PATIENCE_MS = 150;
/** Of the address of a visit that makes no click. */
const KEPT_OF_URL = 1_000;
const UNKNOWN_SAY_MS = 60_000;
/** Landing pages of any site call POST /c; it gives nothing away. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': '86400',
};

/** Answers `GET /c/<link>` (a redirect, always) and `POST /c` (the click id as JSON). */
export function createClickRoute(
  deps: ClickDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { book, clocks, buffer, refused, log, wallNowMs } = deps;
  let unknown = 0;
  let unknownSaidMs = 0;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'POST') {
      script(request, response).catch((error: unknown) => {
        log.error({ err: error }, 'a click was not handled');
        if (!response.headersSent)
          sendJson(
            response,
            500,
            '{"status":"refused","reason":"internal","message":"The click was not kept."}',
            CORS,
          );
      });
      return;
    }
    request.resume();
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS).end();
      return;
    }
    redirect(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a visitor was sent on without a click');
      if (!response.headersSent) sendOn(response, deps.fallbackUrl);
    });
  }

  /** The first at once, then one line a minute: a stray campaign must not fill the log. */
  function noteUnknown(linkId: string): void {
    unknown += 1;
    const nowMs = wallNowMs();
    if (nowMs - unknownSaidMs < UNKNOWN_SAY_MS) return;
    log.warn(
      { linkId: linkId.slice(0, 64), visitors: unknown },
      'unknown link: visitors went to the fallback address',
    );
    unknown = 0;
    unknownSaidMs = nowMs;
  }

  function withoutClick(
    request: IncomingMessage,
    reason: ClickRefusal,
    linkId: string,
    link?: LinkEntry,
  ): void {
    refused.note({
      workspaceId: link?.workspaceId ?? null,
      linkId: cleanText(linkId.slice(0, 64)),
      reason,
      method: request.method ?? 'GET',
      url: cleanText((request.url ?? '/').slice(0, KEPT_OF_URL)),
      userAgent: headerText(request.headers['user-agent'], 500),
      wallAtMs: wallNowMs(),
    });
  }

  async function redirect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const linkId = (mark === -1 ? url : url.slice(0, mark)).slice(3).split('/')[0] ?? '';
    const params = emptyParams();
    if (mark !== -1) readPairs(url.slice(mark + 1), params);
    const link = book.link(linkId);
    if (link === undefined) {
      noteUnknown(linkId);
      withoutClick(request, 'unknown_link', linkId);
      sendOn(response, deps.fallbackUrl);
      return;
    }
    const reason = request.method !== 'GET' ? 'head_request' : isPreview(request) ? 'link_preview' : null;
    if (reason !== null) withoutClick(request, reason, link.id, link);
    const clickId = reason === null ? keep(request, link, params) : null;
    const target = landingAddress(link.targetUrl, params, clickId?.id ?? null);
    if (clickId !== null) await Promise.race([clickId.written, patience()]);
    sendOn(response, /^https?:\/\//i.test(target) ? target : (link.fallbackUrl ?? deps.fallbackUrl));
  }

  async function script(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const inPath = (mark === -1 ? url : url.slice(0, mark)).slice(3).split('/')[0] ?? '';
    const refuse = (status: number, reason: ClickRefusal, message: string, next: string, named = inPath) => {
      withoutClick(request, reason, named, book.link(named));
      sendJson(response, status, JSON.stringify({ status: 'refused', reason, message, next }), CORS);
    };
    const collected = await collectBody(request, MAX_BODY + 1);
    const params = emptyParams();
    if (mark !== -1) readPairs(url.slice(mark + 1), params);
    if (collected.size > MAX_BODY) {
      refuse(
        413,
        'body_too_large',
        `The body has ${collected.size} bytes; at most ${MAX_BODY} are read.`,
        'Send only the link and the parameters of the page.',
      );
      return;
    }
    if (!collected.complete) {
      refuse(
        400,
        'cut_off',
        'The connection ended before the body did.',
        'Let the page finish the request, with navigator.sendBeacon for instance.',
      );
      return;
    }
    const problem = readBody(collected.body, request.headers['content-type'] ?? '', params);
    if (problem !== null) {
      refuse(
        400,
        problem,
        'The body cannot be read.',
        'Send {"link":"…"} with the parameters of the page as one JSON object, or the same as a form.',
      );
      return;
    }
    const linkId = inPath === '' ? (params.values.get('link') ?? '') : inPath;
    params.values.delete('link');
    const link = book.link(linkId);
    if (link === undefined) {
      refuse(
        404,
        'unknown_link',
        linkId === '' ? 'The request names no link.' : `There is no link "${linkId.slice(0, 64)}" here.`,
        'Send the id that "bidloop link list" shows as link.',
        linkId,
      );
      return;
    }
    if (isPreview(request)) {
      withoutClick(request, 'link_preview', link.id, link);
      sendJson(response, 200, '{"click_id":null,"reason":"link_preview"}', CORS);
      return;
    }
    const kept = keep(request, link, params);
    await Promise.race([kept.written, patience()]);
    sendJson(response, 200, JSON.stringify({ click_id: kept.id }), CORS);
  }

  function keep(
    request: IncomingMessage,
    link: LinkEntry,
    params: Params,
  ): { readonly id: string; readonly written: Promise<void> } {
    const clickedAtMs = clocks.nowMs(link.workspaceId);
    const click = readClick(params, link, {
      id: newClickId(clickedAtMs),
      clickedAtMs,
      wallAtMs: wallNowMs(),
      ip: clientAddress(request),
      userAgent: headerText(request.headers['user-agent'], 500),
      robot: isRobot(request),
      country: visitorCountry(request),
    });
    return { id: click.id, written: buffer.add(click) };
  }

  return handle;
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
}

/** To the address, or without one to a page that says little: a paid visitor never meets an error. */
function sendOn(response: ServerResponse, address: string | null): void {
  if (address === null) {
    sendText(response, 200, 'Thank you for your interest. This offer is not available at the moment.\n');
    return;
  }
  try {
    response.writeHead(302, {
      location: asciiAddress(address),
      'cache-control': 'no-store, max-age=0',
      'referrer-policy': 'no-referrer-when-downgrade',
      'content-length': 0,
    });
    response.end();
  } catch {
    // A header that cannot be sent is no address.
    sendText(response, 200, 'Thank you for your interest. This offer is not available at the moment.\n');
  }
}

/** Header values are ASCII; anything else in an address is percent-encoded. */
function asciiAddress(address: string): string {
  return address.replaceAll(/[^\u0021-\u007e]/gu, (char) => encodeURIComponent(char));
}
