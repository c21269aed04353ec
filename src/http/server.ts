import { createServer } from 'node:http';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { registerApi } from './api.ts';
import type { ServerDeps } from './deps.ts';
import { createTracking } from './tracking.ts';

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
  void app.register((instance) => registerApi(instance, deps));
  app.addHook('onReady', () => tracking.start());
  app.addHook('onClose', async () => {
    await tracking.stop();
    await deps.db.destroy();
  });
  return app;
}
