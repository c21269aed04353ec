import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface GivenAnswer {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answers. */
  readonly hang?: boolean;
}

export interface Receiver {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** In order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** What the next requests get; 200 OK once they are used up. */
  answerNext(...answers: readonly GivenAnswer[]): void;
  /** What every request gets from now on, however many; null for 200 OK again. */
  answerAll(answer: GivenAnswer | null): void;
  close(): Promise<void>;
}

/** Somebody's server for postbacks, on a port of its own: it keeps what it is sent and answers as it is told. */
export async function startReceiver(): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const next: GivenAnswer[] = [];
  let all: GivenAnswer | null = null;
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts).toString('utf8'),
      });
      const answer = next.shift() ?? all ?? {};
      if (answer.hang === true) return;
      response.writeHead(answer.status ?? 200, answer.headers);
      response.end(answer.body ?? 'OK');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    answerNext: (...answers) => void next.push(...answers),
    answerAll: (answer) => void (all = answer),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
