import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { clickIdTimeMs } from '../core/click-id.ts';
import type { Db } from '../db/connection.ts';
import { storeLandings } from '../db/landings.ts';
import { cleanText } from '../sources/params.ts';
import type { ClockSource } from './clock-source.ts';
import type { RefusedVisits } from './refused-visits.ts';
import { headerText, isPreview } from './request-facts.ts';

export interface LandingDeps {
  readonly db: Db;
  readonly clocks: ClockSource;
  readonly refused: RefusedVisits;
  readonly log: Logger;
  readonly wallNowMs: () => number;
}

export interface LandingRoute {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Stores what is not stored yet. */
  close(): Promise<void>;
}

interface Waiting {
  readonly clickId: string;
  readonly clickedAtMs: number;
  readonly wallMs: number;
  readonly method: string;
  readonly url: string;
  readonly userAgent: string | null;
}

const FLUSH_MS = 1_000;
/** Clicks wait on disk while the database is away: one that is not there yet is looked for this long. */
const PATIENCE_MS = 60_000;
/** Kept in memory; beyond it the oldest go. */
const MAX_WAITING = 20_000;
const KEPT_OF_URL = 1_000;
/** One transparent pixel, the smallest GIF: an image element is the simplest call of all. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST',
  'cache-control': 'no-store, max-age=0',
};

/**
 * Answers `/l/<click id>`, by which a landing page says that its visitor went on: one pixel for GET, nothing for POST. Never an
 * error, for it stands in a visitor's page; an id that nobody gave out leaves a row among the visits without a click.
 */
export function createLandingRoute(deps: LandingDeps): LandingRoute {
  const { db, clocks, refused, log, wallNowMs } = deps;
  let waiting = new Map<string, Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  function refuse(visit: Omit<Waiting, 'clickedAtMs'>): void {
    refused.note({
      workspaceId: null,
      linkId: visit.clickId,
      reason: 'unknown_click',
      method: visit.method,
      url: visit.url,
      userAgent: visit.userAgent,
      wallAtMs: visit.wallMs,
    });
  }

  async function flush(last: boolean): Promise<void> {
    const batch = waiting;
    waiting = new Map();
    if (batch.size === 0) return;
    let found: ReadonlySet<string>;
    try {
      found = await storeLandings(db, [...batch.values()], (workspaceId) => clocks.nowMs(workspaceId));
    } catch (error) {
      log.warn(
        { err: error, landings: batch.size },
        'landing-page clicks wait: the database does not answer',
      );
      found = new Set();
      if (!last) for (const visit of batch.values()) wait(visit);
      return;
    }
    for (const visit of batch.values()) {
      if (found.has(visit.clickId)) continue;
      if (last || wallNowMs() - visit.wallMs > PATIENCE_MS) refuse(visit);
      else wait(visit);
    }
  }

  function wait(visit: Waiting): void {
    if (!waiting.has(visit.clickId)) waiting.set(visit.clickId, visit);
    if (waiting.size > MAX_WAITING) waiting.delete(waiting.keys().next().value ?? '');
    timer ??= setTimeout(() => {
      timer = undefined;
      flushing = flushing.then(() => flush(false));
    }, FLUSH_MS).unref();
  }

  return {
    handle(request, response) {
      request.resume();
      const url = request.url ?? '/';
      const mark = url.indexOf('?');
      const named = (mark === -1 ? url : url.slice(0, mark)).slice(3).split('/')[0] ?? '';
      const clickId = named.trim().toUpperCase();
      const clickedAtMs = clickIdTimeMs(clickId);
      const counts = request.method === 'GET' || request.method === 'POST';
      if (counts && !isPreview(request)) {
        const visit = {
          wallMs: wallNowMs(),
          method: request.method ?? 'GET',
          url: cleanText(url.slice(0, KEPT_OF_URL)),
          userAgent: headerText(request.headers['user-agent'], 500),
        };
        if (clickedAtMs === undefined) refuse({ ...visit, clickId: cleanText(named.slice(0, 64)) });
        else wait({ ...visit, clickId, clickedAtMs });
      }
      if (request.method === 'GET') sendPixel(response);
      else response.writeHead(204, OPEN).end();
    },
    async close() {
      clearTimeout(timer);
      await flushing;
      await flush(true);
    },
  };
}

/** An image of one transparent pixel, for pages of any site; never kept by a browser. */
export function sendPixel(response: ServerResponse): void {
  response.writeHead(200, { ...OPEN, 'content-type': 'image/gif', 'content-length': PIXEL.length });
  response.end(PIXEL);
}
