import type { IncomingMessage, ServerResponse } from 'node:http';
import { cleanText, emptyParams, readPairs } from '../sources/params.ts';
import type { ClickBuffer } from './click-buffer.ts';
import type { ClockSource } from './clock-source.ts';
import { newClickId } from './ids.ts';
import { sendPixel } from './landing.ts';
import { readClick } from './read-click.ts';
import type { RefusedVisits } from './refused-visits.ts';
import { clientAddress, headerText, isPreview } from './request-facts.ts';
import type { TrackingBook } from './tracking-book.ts';

export interface ViewDeps {
  readonly book: TrackingBook;
  readonly clocks: ClockSource;
  readonly buffer: ClickBuffer;
  readonly refused: RefusedVisits;
  readonly wallNowMs: () => number;
}

const KEPT_OF_URL = 1_000;

/**
 * Answers `/v/<link>` with one pixel: the ad was seen. Kept as a click is, but as its own kind: no visit, and worth less than any
 * click where conversions are credited.
 */
export function createViewRoute(
  deps: ViewDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { book, clocks, buffer, refused, wallNowMs } = deps;
  return (request, response) => {
    request.resume();
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const linkId = (mark === -1 ? url : url.slice(0, mark)).slice(3).split('/')[0] ?? '';
    const link = book.link(linkId);
    const preview = isPreview(request);
    const userAgent = headerText(request.headers['user-agent'], 500);
    const wallAtMs = wallNowMs();
    if (link === undefined || preview || request.method !== 'GET') {
      refused.note({
        workspaceId: link?.workspaceId ?? null,
        linkId: cleanText(linkId.slice(0, 64)),
        reason: link === undefined ? 'unknown_link' : preview ? 'link_preview' : 'head_request',
        method: request.method ?? 'GET',
        url: cleanText(url.slice(0, KEPT_OF_URL)),
        userAgent,
        wallAtMs,
      });
    } else {
      const params = emptyParams();
      if (mark !== -1) readPairs(url.slice(mark + 1), params);
      const clickedAtMs = clocks.nowMs(link.workspaceId);
      const ip = clientAddress(request);
      const seen = readClick(params, link, {
        id: newClickId(clickedAtMs),
        clickedAtMs,
        wallAtMs,
        ip,
        userAgent,
      });
      void buffer.add({ ...seen, kind: 'view' });
    }
    sendPixel(response);
  };
}
