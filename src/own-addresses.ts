import { createHmac } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { GuardRules } from './outbound/guard.ts';

/**
 * By what this installation knows its own postbacks when they come back: the same in each of its processes, and telling
 * nothing about the key that it is made from.
 *
 * @returns 12 hex digits.
 */
export function ownMark(secretKey: Buffer): string {
  return createHmac('sha256', secretKey).update('mark of postbacks out').digest('hex').slice(0, 12);
}

/**
 * What the guard of postbacks out must know of this machine: every way in which our own tracking addresses could be
 * written, and what the operator allows beyond the public internet.
 *
 * @param facts.pageUrl where our own HTTP server listens on this machine.
 */
export function guardRules(facts: {
  readonly publicUrl: string | null;
  readonly pageUrl: string;
  readonly allowed: readonly string[];
}): GuardRules {
  const page = new URL(facts.pageUrl);
  const port = page.port === '' ? (page.protocol === 'https:' ? '443' : '80') : page.port;
  const local = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  );
  const hosts = [...new Set(['localhost', '127.0.0.1', '[::1]', page.hostname, ...local])];
  return {
    ownHosts: [
      ...(facts.publicUrl === null ? [] : [new URL(facts.publicUrl).hostname]),
      ...hosts.map((host) => `${host}:${port}`),
    ],
    ownAddresses: [],
    allowed: facts.allowed,
  };
}
