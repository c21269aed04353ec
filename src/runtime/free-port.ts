import net from 'node:net';

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/** Whether nothing listens on this port of `host`. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return await listenOnce(port, host).then(
    () => true,
    () => false,
  );
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
