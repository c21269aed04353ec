import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Sends JSON text as it stands. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: string,
  extra?: OutgoingHttpHeaders,
): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...extra,
  });
  response.end(body);
}

/** Text of a sender's or visitor's choosing must never be taken for a page. */
export function sendText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
