import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { sql } from 'kysely';
import type { Db } from '../db/connection.ts';
import { configuredProfile, readSourceSettings } from '../sources/settings.ts';
import { sourceProfile } from '../sources/registry.ts';
import { signatureContext } from '../db/sources.ts';
import { open } from '../secrets.ts';
import { addressList } from '../sources/allowed-address.ts';
import type { SignatureRule, SourceProfile, SourceSettings } from '../sources/profile.ts';
import type { ClockSource } from './clock-source.ts';

export interface SourceEntry {
  readonly id: string;
  readonly workspaceId: string;
  readonly profile: SourceProfile;
  readonly settings: SourceSettings;
  /** sha-256 of its key; null accepts anyone. */
  readonly keyHash: Buffer | null;
  /** Whether an address may send; null where any may. */
  readonly allows: ((address: string) => boolean) | null;
  /** How it signs, and with what; a secret of null cannot be opened here. Null for a sender that does not sign. */
  readonly signature: { readonly rule: SignatureRule; readonly secret: string | null } | null;
}

const linkSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  accountId: z.string().nullable(),
  network: z.string(),
  targetUrl: z.string(),
  fallbackUrl: z.string().nullable(),
  removed: z.boolean(),
});
export type LinkEntry = z.output<typeof linkSchema>;

const keptSchema = z.object({
  links: z.array(linkSchema),
  clocks: z.array(
    z.tuple([
      z.string(),
      z.object({
        originMs: z.number(),
        wallOriginMs: z.number(),
        rate: z.number(),
        stoppedAtMs: z.number().nullable(),
      }),
    ]),
  ),
});

/** Sources and links in memory: a request never waits for the database to learn who it is for. */
export interface TrackingBook {
  source(id: string): SourceEntry | undefined;
  link(id: string): LinkEntry | undefined;
  /** False until the database has answered once: then an unknown source may only be one not yet read. */
  readonly sourcesKnown: boolean;
  /** Wall ms of the last complete reading. */
  readonly refreshedAtMs: number;
  /** Reads everything again; callers at the same time share one reading. @throws when the database does not answer. */
  refresh(): Promise<void>;
}

/**
 * Starts from the file of the last run, so that visitors are redirected even when the database is away from the start.
 *
 * @param dataDir where that file is kept; rewritten when links or clocks changed.
 */
export function createTrackingBook(options: {
  readonly db: Db;
  readonly clocks: ClockSource;
  readonly dataDir: string;
  /** Opens the secrets that senders sign with; null opens none. */
  readonly secretKey: Buffer | null;
  readonly wallNowMs: () => number;
}): TrackingBook {
  const { db, clocks, dataDir, secretKey, wallNowMs } = options;
  const file = path.join(dataDir, 'links.json');
  let sources = new Map<string, SourceEntry>();
  let links = new Map<string, LinkEntry>();
  let refreshedAtMs = 0;
  let sourcesKnown = false;
  let keptText = '';
  let running: Promise<void> | undefined;

  const kept = readKept(file);
  if (kept !== undefined) {
    links = new Map(kept.links.map((link) => [link.id, link]));
    clocks.restore(kept.clocks);
  }

  async function read(): Promise<void> {
    const [sourceRows, linkRows] = await Promise.all([
      readSources(db, secretKey),
      readLinks(db),
      clocks.refresh(),
    ]);
    sources = sourceRows;
    links = new Map(linkRows.map((link) => [link.id, link]));
    sourcesKnown = true;
    refreshedAtMs = wallNowMs();
    const text = JSON.stringify({ links: linkRows, clocks: clocks.entries() });
    if (text !== keptText) {
      writeKept(file, text);
      keptText = text;
    }
  }

  return {
    source: (id) => sources.get(id),
    link: (id) => links.get(id),
    get sourcesKnown() {
      return sourcesKnown;
    },
    get refreshedAtMs() {
      return refreshedAtMs;
    },
    refresh() {
      running ??= read().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

async function readSources(db: Db, secretKey: Buffer | null): Promise<Map<string, SourceEntry>> {
  const rows = await db
    .selectFrom('source')
    .innerJoin('workspace', 'workspace.id', 'source.workspace_id')
    .select([
      'source.id',
      'source.workspace_id',
      'source.profile',
      'source.key_hash',
      'source.settings',
      'source.signature_sealed',
      'workspace.currency',
    ])
    .where('source.removed_at', 'is', null)
    .execute();
  const entries = new Map<string, SourceEntry>();
  for (const row of rows) {
    const profile = sourceProfile(row.profile) ?? sourceProfile('generic');
    if (profile === undefined) continue;
    const settings = readSourceSettings(row.settings, row.currency);
    entries.set(row.id, {
      id: row.id,
      workspaceId: row.workspace_id,
      profile: configuredProfile(profile, settings),
      settings,
      keyHash: row.key_hash,
      allows: settings.addresses === undefined ? null : addressList(settings.addresses),
      signature:
        settings.signature === undefined
          ? null
          : { rule: settings.signature, secret: openSignature(row.id, row.signature_sealed, secretKey) },
    });
  }
  return entries;
}

/** Null where there is none, or the installation's key is not the one it was sealed with: then nothing can be believed. */
function openSignature(sourceId: string, sealed: Buffer | null, secretKey: Buffer | null): string | null {
  if (sealed === null || secretKey === null) return null;
  try {
    return open(secretKey, sealed, signatureContext(sourceId));
  } catch {
    return null;
  }
}

/** Removed links are read too: the ads that carry them may still run, and their visitors are paid for. */
async function readLinks(db: Db): Promise<LinkEntry[]> {
  const rows = await db
    .selectFrom('link')
    .select([
      'id',
      'workspace_id',
      'account_id',
      'network',
      'target_url',
      'fallback_url',
      sql<boolean>`removed_at is not null`.as('removed'),
    ])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id,
    accountId: row.account_id,
    network: row.network,
    targetUrl: row.target_url,
    fallbackUrl: row.fallback_url,
    removed: row.removed,
  }));
}

function readKept(file: string): z.output<typeof keptSchema> | undefined {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // No earlier run, or a file that no longer fits: the database has it all.
    return undefined;
  }
}

/** Whole or not at all: a crash in between leaves the old file. */
function writeKept(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
