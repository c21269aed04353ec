import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { workspaceQuerySchema } from '../contract/api.ts';
import { listenForNews } from '../db/live-listen.ts';
import type { ApiDeps } from './api-deps.ts';
import { createLiveFeed, type LiveFeed, type LiveMessage } from './live-feed.ts';
import { type LiveSources, loadLive } from './live-load.ts';

/** Pages of one team, with room; each holds a socket and a little memory. */
const MOST_CLIENTS = 100;
/** A client that does not read this much is cut off; it comes back and gets a snapshot. */
const MOST_UNSENT_BYTES = 512 * 1024;
/** Keeps proxies from closing a quiet stream, and lets the server notice who has gone. */
const HEARTBEAT_MS = 15_000;
/** How soon the browser tries again. */
const RETRY_MS = 1_000;

/** GET /api/live: server-sent events, one reader of the tables per workspace for all who look. */
export function registerLive(app: FastifyInstance, deps: ApiDeps, sources: LiveSources): void {
  const feeds = new Map<string, LiveFeed>();
  const open = new Set<FastifyReply['raw']>();
  let stopListening: (() => Promise<void>) | undefined;

  function feedOf(workspace: string | null): LiveFeed {
    const key = workspace ?? '';
    let feed = feeds.get(key);
    if (!feed) {
      // A name of its own per start: ids of an earlier process must not be mistaken for ours.
      feed = createLiveFeed({
        name: randomBytes(4).toString('hex'),
        load: (before) => loadLive(sources, workspace, before),
      });
      feeds.set(key, feed);
    }
    return feed;
  }

  app.get('/api/live', async (request, reply) => {
    const query = workspaceQuerySchema.parse(request.query);
    if (open.size >= MOST_CLIENTS) {
      return reply
        .code(503)
        .header('retry-after', '10')
        .send({
          status: 'failed',
          reason: 'too_many_pages',
          message: `${MOST_CLIENTS} pages are open already. Close some, or read /api/decisions instead.`,
        });
    }
    // Only while somebody looks is a connection spent on listening.
    stopListening ??= listenForNews(deps.pool, ['live', 'clock_changed'], () => {
      for (const feed of feeds.values()) feed.wake();
    });
    stream(request, reply, feedOf(query.workspace ?? null), open);
  });

  app.addHook('preClose', async () => {
    for (const feed of feeds.values()) feed.close();
    for (const response of open) response.end();
    await stopListening?.();
  });
}

function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  feed: LiveFeed,
  open: Set<FastifyReply['raw']>,
): void {
  reply.hijack();
  const response = reply.raw;
  open.add(response);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would collect the stream otherwise.
    'x-accel-buffering': 'no',
  });
  response.write(`retry: ${RETRY_MS}\n\n`);

  const write = (text: string) => {
    if (response.writableLength > MOST_UNSENT_BYTES) response.destroy();
    else response.write(text);
  };
  const lastId = request.headers['last-event-id'];
  const leave = feed.subscribe(Array.isArray(lastId) ? lastId[0] : lastId, (message: LiveMessage) =>
    write(`id: ${message.id}\nevent: ${message.event}\ndata: ${message.data}\n\n`),
  );
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  // A socket that breaks while being written to ends here too.
  response.on('error', () => response.destroy());
  response.on('close', () => {
    clearInterval(heartbeat);
    leave();
    open.delete(response);
  });
}
