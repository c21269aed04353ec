import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { tokenCookie } from './api-access.ts';

const BUILT = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Everything the page loads comes from here; it talks to nobody else and nobody may frame it. */
const POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

export interface StaticOptions {
  /** Folder of the built page. */
  readonly root?: string;
  /** True when the page is reached over https, so that its cookie never travels in the clear. */
  readonly secure: boolean;
}

/** The page at `/` and its files at `/assets/`. They hold no facts, so they need no token. */
export async function registerPage(app: FastifyInstance, options: StaticOptions): Promise<void> {
  const root = options.root ?? BUILT;
  if (!existsSync(path.join(root, 'index.html'))) {
    app.get('/', async (_request, reply) =>
      reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .send(
          'The page is not built yet. Run `npm run build:web`, then start again. Tracking works meanwhile.\n',
        ),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: path.join(root, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '30d',
  });
  app.get<{ Querystring: Record<string, string | undefined> }>('/', async (request, reply) => {
    const { token, ...rest } = request.query;
    if (token !== undefined) {
      // The token leaves the address bar, and with it the history and the referrer.
      const left = new URLSearchParams();
      for (const [name, value] of Object.entries(rest)) left.set(name, String(value));
      const query = left.toString();
      return reply
        .header('set-cookie', tokenCookie(token, options.secure))
        .redirect(query === '' ? '/' : `/?${query}`, 303);
    }
    return reply
      .headers({
        'cache-control': 'no-cache',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      .sendFile('index.html', root, { cacheControl: false });
  });
}
