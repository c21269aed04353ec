import { addSource, newSourceKey, signatureContext } from '../db/sources.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { OperatorError } from '../errors.ts';
import { seal } from '../secrets.ts';
import type { SourceProfile } from '../sources/profile.ts';
import { sourceProfile, sourceProfiles } from '../sources/registry.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { addressOf, instructions } from './source-address.ts';
import type { SettingOptions } from './source-options.ts';
import { chooseSettings } from './source-settings.ts';

export interface AddOptions extends SettingOptions {
  readonly name?: string;
  readonly as?: string;
  readonly workspace?: string;
  readonly key: boolean;
  readonly wait?: true;
}

/**
 * `source add`: makes an address for a sender and prints it.
 *
 * @returns the new source's short name.
 */
export async function add(context: CliContext, sender: string, options: AddOptions): Promise<string> {
  const profile = senderNamed(sender);
  const { settings, secret } = chooseSettings(context, options, {}, false);
  const base = options.as ?? slug(options.name ?? profile.id);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(base))
    throw new UsageError(
      `"${base}" cannot stand in an address; use lower-case letters, digits and dashes: --as my-tracker`,
    );
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const name = options.name ?? profile.title;
  const key = options.key ? newSourceKey() : null;
  const secretKey = key === null && secret === null ? null : context.secretKey();
  const nowMs = await context.nowMs(workspace.id);
  const taken = async (id: string): Promise<boolean> => {
    const fields = { workspaceId: workspace.id, profile: profile.id, name, key, secretKey, settings, nowMs };
    const signatureSealed =
      secret === null || secretKey === null ? null : seal(secretKey, secret, signatureContext(id));
    return !(await addSource(db, { ...fields, id, signatureSealed }));
  };
  let id = base;
  for (let attempt = 2; await taken(id); attempt += 1) {
    if (options.as !== undefined)
      throw new OperatorError('source_exists', `there is (or was) a source "${id}" already`, {
        next: 'Choose another short name with --as.',
      });
    id = `${base.slice(0, 58)}-${attempt}`;
  }
  const address = addressOf(context, id, key, profile);
  const currency = typeof settings['currency'] === 'string' ? settings['currency'] : workspace.currency;
  context.print(
    {
      id,
      profile: profile.id,
      name,
      workspace: workspace.id,
      currency,
      settings,
      url: address.url,
      publiclyReachable: address.remark === null,
      where: profile.where,
    },
    [
      `Source "${id}" is ready (${profile.title}, workspace ${workspace.id}, amounts in ${currency} unless they say otherwise).`,
      '',
      ...instructions(profile, address),
    ].join('\n'),
  );
  return id;
}

/** The profile of a sender that somebody typed. @throws UsageError with the name that was most likely meant. */
export function senderNamed(sender: string): SourceProfile {
  const profile = sourceProfile(sender.toLowerCase());
  if (profile !== undefined) return profile;
  const ids = sourceProfiles().map((one) => one.id);
  const near = nearestWord(sender, ids);
  throw new UsageError(
    `there is no sender "${sender}"; ${near === null ? '' : `did you mean ${near}? `}There are: ${ids.join(', ')}. Anything that can call an address is "generic".`,
  );
}

function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 63) || 'source'
  );
}
