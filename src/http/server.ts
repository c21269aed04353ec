import { createServer } from 'node:http';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { registerApi } from './api.ts';
import type { ServerDeps } from './deps.ts';
import { createTracking } from './tracking.ts';

/** Senders hold their connections open; once we close, each is let go as soon as it is idle. */
const IDLE_LOOK_MS = 50;
/** A request that takes longer than this to finish is cut off. */
const GRACE_MS = 8_000;

/**
 * The HTTP server, not yet listening. Starts and answers visitors while PostgreSQL is away. `app.close()` answers what
 * waits, stores what it can and closes the deps' connections.
 */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const tracking = createTracking(deps);
  const log: FastifyBaseLogger = deps.log;
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: (handler) =>
      createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: 65_000 }, (request, response) => {
        if (!tracking.handle(request, response)) handler(request, response);
      }),
  });
  // As a plugin: it is loaded when the server gets ready, and its faults end the start.
  void app.register((instance) => registerApi(instance, { ...deps, tracking: () => tracking.state() }));
  app.addHook('onReady', () => tracking.start());
  let closing: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    let lookedMs = 0;
    closing = setInterval(() => {
      lookedMs += IDLE_LOOK_MS;
      if (lookedMs < GRACE_MS) app.server.closeIdleConnections();
      else app.server.closeAllConnections();
    }, IDLE_LOOK_MS);
  });
  app.addHook('onClose', async () => {
    clearInterval(closing);
    await tracking.stop();
    await deps.db.destroy();
  });
  return app;
}
