import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { createPool } from '../db/connection.ts';
import { daySalt, insertClicks, type NewClick } from '../db/click-insert.ts';
import { listenForNews } from '../db/live-listen.ts';
import { isRowFault } from '../db/row-fault.ts';
import { APPLE_PATHS, createAppleRoute } from './apple.ts';
import { createViewRoute } from './ad-views.ts';
import { createClickBuffer, type ClickStore } from './click-buffer.ts';
import { createClickRoute } from './clicks.ts';
import type { ServerDeps } from './deps.ts';
import { createGroupCommit } from './group-commit.ts';
import { createLandingRoute } from './landing.ts';
import { createInboxNotifier } from './notifier.ts';
import { createPostbackRoute } from './postbacks.ts';
import { createRefusedVisits } from './refused-visits.ts';
import { createStrangers } from './strangers.ts';
import { createTrackingBook } from './tracking-book.ts';

/** Sources, links and clocks are read again at least this often, should a notice be lost. */
const REFRESH_MS = 5_000;
const DAY_MS = 86_400_000;
/** As long as the database keeps a day's salt. */
const SALT_DAYS = 3;

export interface Tracking {
  /** Answers a tracking request; false when the address is not one. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  start(): Promise<void>;
  /** Answers what waits, stores what it can, gives its connections back. */
  stop(): Promise<void>;
  /** For health and metrics. */
  state(): { readonly postbacksWaiting: number; readonly clickBacklogBytes: number };
}

/**
 * The tracking endpoints. They stand before the web framework: a sender may write media types, methods and escapes that
 * a framework refuses by itself, and each such request must leave a row; besides, this path is the busy one.
 */
export function createTracking(deps: ServerDeps): Tracking {
  const { clocks, log, wallNowMs } = deps;
  const pool = createPool({ url: deps.databaseUrl, name: 'bidloop serve: tracking', max: 4 });
  const book = createTrackingBook(deps);
  const notifier = createInboxNotifier(pool);
  const commit = createGroupCommit({ pool, log, onCommitted: () => notifier.poke() });
  const strangers = createStrangers(pool, log);
  const refused = createRefusedVisits(pool, strangers, log);
  const salts = new Map<number, Buffer>();

  const store: ClickStore = async (clicks) => {
    try {
      for (const day of new Set(clicks.map(dayOfClick))) {
        if (!salts.has(day)) salts.set(day, await daySalt(pool, day * DAY_MS));
      }
      await insertClicks(pool, clicks, (click) => {
        const salt = salts.get(dayOfClick(click));
        return click.ip === null || salt === undefined
          ? null
          : hash('sha256', Buffer.concat([salt, Buffer.from(click.ip)]), 'buffer').subarray(0, 16);
      });
      // A salt that maintenance deletes must not live on here: its hashes shall lead back to nobody.
      for (const day of salts.keys()) if ((day + SALT_DAYS) * DAY_MS < wallNowMs()) salts.delete(day);
      notifier.poke();
      return 'stored';
    } catch (error) {
      if (isRowFault(error)) return 'bad_row';
      log.warn({ err: error, clicks: clicks.length }, 'clicks wait on disk: the database does not answer');
      return 'away';
    }
  };

  const buffer = createClickBuffer({ directory: path.join(deps.dataDir, 'clicks'), store, log });
  const postback = createPostbackRoute({ book, clocks, commit, strangers, log, wallNowMs });
  const apple = createAppleRoute({ pool, clocks, strangers, log, wallNowMs });
  const click = createClickRoute({
    book,
    clocks,
    buffer,
    refused,
    fallbackUrl: deps.fallbackUrl,
    log,
    wallNowMs,
  });
  const view = createViewRoute({ book, clocks, buffer, refused, wallNowMs });
  const landing = createLandingRoute({ db: deps.db, clocks, refused, log, wallNowMs });
  let refreshTimer: NodeJS.Timeout | undefined;
  let stopListening: (() => Promise<void>) | undefined;
  let away = false;

  function refresh(): Promise<void> {
    return book.refresh().then(
      () => {
        if (away) log.info('the database answers again');
        away = false;
      },
      (error: unknown) => {
        if (!away)
          log.warn({ err: error }, 'the database does not answer: links and clocks are used as last known');
        away = true;
      },
    );
  }

  return {
    handle(request, response) {
      const url = request.url ?? '';
      if (isUnder(url, '/p')) postback(request, response);
      else if (isUnder(url, '/c')) click(request, response);
      else if (isUnder(url, '/v')) view(request, response);
      else if (isUnder(url, '/l')) landing.handle(request, response);
      else if (APPLE_PATHS.some((root) => isUnder(url, root))) apple(request, response);
      else return false;
      return true;
    },
    async start() {
      stopListening = listenForNews(
        deps.pool,
        ['clock_changed', 'source_changed', 'link_changed'],
        () => void refresh(),
      );
      refreshTimer = setInterval(() => void refresh(), REFRESH_MS).unref();
      await refresh();
    },
    async stop() {
      clearInterval(refreshTimer);
      await stopListening?.();
      await commit.drained();
      await buffer.close();
      await landing.close();
      await refused.close();
      await strangers.close();
      notifier.stop();
      await pool.end();
    },
    state: () => ({ postbacksWaiting: commit.waiting, clickBacklogBytes: buffer.backlogBytes }),
  };
}

function dayOfClick(click: NewClick): number {
  return Math.floor(click.wallAtMs / DAY_MS);
}

/** `/p`, `/p/…` and `/p?…`, not `/products`. */
function isUnder(url: string, root: string): boolean {
  if (!url.startsWith(root)) return false;
  const next = url.charCodeAt(root.length);
  return url.length === root.length || next === 0x2f || next === 0x3f;
}
