import net from 'node:net';
import { codeOf, OperatorError } from '../errors.ts';

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/**
 * Whether nothing listens on this port of `host`.
 *
 * @throws OperatorError `not_our_address` when this machine has no such address: no port of it would do.
 */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  try {
    await listenOnce(port, host);
    return true;
  } catch (error) {
    if (!['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(codeOf(error) ?? '')) return false;
    throw new OperatorError('not_our_address', `this machine has no address ${host} to listen on`, {
      next: 'Set BIDLOOP_HTTP_HOST to 127.0.0.1 (this machine only), to 0.0.0.0 (reached from others too), or to an address of this machine.',
      cause: error,
    });
  }
}

/** The first free port from `first` on, looking at 50 of them. @returns null when all are taken. */
export async function nextFreePort(first: number, host = '127.0.0.1'): Promise<number | null> {
  for (let port = first; port < Math.min(first + 50, 65_536); port++) {
    if (await isFree(port, host)) return port;
  }
  return null;
}

async function listenOnce(port: number, host = '127.0.0.1'): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
