import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { cleanText } from '../sources/params.ts';

/**
 * Who sent this: the peer, or behind a proxy on this machine the last address it added. Other peers' X-Forwarded-For
 * is hearsay.
 */
export function clientAddress(request: IncomingMessage): string | null {
  const peer = request.socket.remoteAddress ?? '';
  const plainPeer = peer.startsWith('::ffff:') ? peer.slice(7) : peer;
  const forwarded = request.headers['x-forwarded-for'];
  if (forwarded !== undefined && (plainPeer === '::1' || plainPeer.startsWith('127.'))) {
    const list = typeof forwarded === 'string' ? forwarded : forwarded.join(',');
    const last = list.slice(list.lastIndexOf(',') + 1).trim();
    if (isIP(last) !== 0) return withoutZone(last);
  }
  return isIP(plainPeer) === 0 ? null : withoutZone(plainPeer);
}

/** fe80::1%eth0 is an address of this machine's own naming; PostgreSQL's inet takes it without the zone. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** A header as text that can be stored, at most `limit` characters. */
export function headerText(value: string | undefined, limit: number): string | null {
  if (value === undefined || value === '') return null;
  return cleanText(value.length > limit ? value.slice(0, limit) : value);
}

const PREVIEW =
  /facebookexternalhit|facebot|slackbot|twitterbot|linkedinbot|whatsapp|telegrambot|discordbot|skypeuripreview|pinterestbot|bingpreview|googlebot|applebot|mattermost|embedly|redditbot|vkshare/i;

/** True where a machine looks at an address before, or instead of, a person: prefetch headers and link previews. */
export function isPreview(request: IncomingMessage): boolean {
  const { headers } = request;
  const purpose = headers['sec-purpose'] ?? headers['purpose'] ?? headers['x-purpose'] ?? headers['x-moz'];
  if (purpose !== undefined && /prefetch|preview|prerender/i.test(String(purpose))) return true;
  const agent = headers['user-agent'];
  return agent !== undefined && PREVIEW.test(agent);
}

export interface CollectedBody {
  /** At most `limit` bytes. */
  readonly body: Buffer;
  /** Bytes that arrived; more than `limit` means the body was too large. */
  readonly size: number;
  /** False when the connection broke off before the end: nobody waits for an answer. */
  readonly complete: boolean;
}

/**
 * Reads a body to its end, keeping the first `limit` bytes. The rest is read and let go (up to 64 MiB), so that the
 * sender lives to read the answer that says what was wrong.
 */
export function collectBody(request: IncomingMessage, limit: number): Promise<CollectedBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let kept = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (kept < limit) {
        const part = chunk.subarray(0, limit - kept);
        kept += part.length;
        chunks.push(part);
      }
      if (size > 64 * 1024 * 1024) request.destroy();
    });
    const done = (complete: boolean): void =>
      resolve({
        body: chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks),
        size,
        complete,
      });
    request.on('end', () => done(true));
    request.on('error', () => done(false));
    request.on('close', () => done(false));
  });
}
