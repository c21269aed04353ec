import { OperatorError } from '../errors.ts';
import type { Selectable } from 'kysely';
import { sourceKeyContext } from '../db/sources.ts';
import type { SourceTable } from '../db/tables.ts';
import { open } from '../secrets.ts';
import type { SourceProfile } from '../sources/profile.ts';
import { sourceProfile } from '../sources/registry.ts';
import { publicAddress } from './choose-workspace.ts';
import type { CliContext } from './command.ts';

/** A source's address to paste, and a remark where nobody outside reaches it. */
export interface SourceAddress {
  readonly url: string;
  readonly remark: string | null;
}

/** The address with its key and the profile's macros. */
export function addressOf(
  context: CliContext,
  id: string,
  key: string | null,
  profile: SourceProfile,
): SourceAddress {
  const { base, remark } = publicAddress(context.config.publicUrl, context.pageUrl());
  return { url: `${base}/p/${id}${key === null ? '' : `/${key}`}?${profile.template}`, remark };
}

/** What to do with the address, as lines. */
export function instructions(profile: SourceProfile, address: SourceAddress): string[] {
  return [
    'Paste this address:',
    '',
    `  ${address.url}`,
    '',
    ...profile.where.map((step, i) => `  ${i + 1}. ${step}`),
    ...(address.remark === null ? [] : ['', address.remark]),
  ];
}

/** A source's key; null where anyone may send, undefined where only its hash was kept. */
export function keyOf(context: CliContext, row: Selectable<SourceTable>): string | null | undefined {
  if (row.key_hash === null) return null;
  return row.key_sealed === null
    ? undefined
    : open(context.secretKey(), row.key_sealed, sourceKeyContext(row.id));
}

/** The key as an address shows it: null where there is none, `<key>` where it cannot be told here. */
export function shownKeyOf(context: CliContext, row: Selectable<SourceTable>): string | null {
  try {
    const key = keyOf(context, row);
    return key === undefined ? '<key>' : key;
  } catch (error) {
    // Sealed under another key: everything but the key can still be said.
    if (error instanceof OperatorError && error.code === 'secret_unreadable') return '<key>';
    throw error;
  }
}

/** The profile a source was made with. @throws OperatorError `unknown_profile`. */
export function profileOf(row: Selectable<SourceTable>): SourceProfile {
  const profile = sourceProfile(row.profile);
  if (profile !== undefined) return profile;
  throw new OperatorError(
    'unknown_profile',
    `source "${row.id}" speaks "${row.profile}", which this version does not know`,
    { next: 'Start the version that made it, or add the source again.' },
  );
}
