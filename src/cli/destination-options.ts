import { readFileSync } from 'node:fs';
import { nearestWord } from '../core/nearest-word.ts';
import type { Db } from '../db/connection.ts';
import type { Destination } from '../outbound/destination.ts';
import { type GuardRules, checkUrl } from '../outbound/guard.ts';
import { missingSecrets } from '../outbound/receivers.ts';
import { checkDestination } from '../outbound/template-request.ts';
import { MACRO } from '../outbound/template.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { UsageError } from './command.ts';

/** What `destination add` and `destination set` have in common. */
export interface DestinationOptions {
  readonly name?: string;
  readonly set?: readonly string[];
  readonly settings?: string;
  readonly source?: readonly string[];
  readonly event?: readonly string[];
  readonly stages?: string;
  readonly consent?: string;
  readonly repeatsBy?: string;
  readonly secret?: readonly string[];
}

/** Settings that are lists or numbers, as one would type them. */
const LISTS = new Set(['needed', 'keepEmpty']);

/**
 * Settings from the command line, in the form in which they are kept; only those that were said.
 *
 * @throws UsageError for what cannot be read; what it means is checked where all settings come together.
 */
export function readSettings(options: DestinationOptions): Readonly<Record<string, unknown>> {
  const settings: Record<string, unknown> = { ...fromFile(options.settings) };
  for (const pair of options.set ?? []) {
    const [name, value] = splitPair(pair, '--set takes name=value, such as --set pixelId=1234567890');
    settings[name] = LISTS.has(name) && !value.startsWith('[') ? commaList(value) : plainOrJson(value);
  }
  const all = (values: readonly string[]): boolean => values.length === 1 && values[0] === 'all';
  if (options.source !== undefined) settings['sources'] = all(options.source) ? null : options.source;
  if (options.event !== undefined) {
    settings['events'] = all(options.event)
      ? null
      : Object.fromEntries(
          options.event.map((text) =>
            text.includes('=') ? splitPair(text, '--event takes ours=theirs') : [text, text],
          ),
        );
  }
  if (options.stages !== undefined) settings['stages'] = options.stages;
  if (options.consent !== undefined) settings['consent'] = options.consent;
  if (options.repeatsBy !== undefined) settings['repeatsBy'] = options.repeatsBy;
  return settings;
}

function fromFile(file: string | undefined): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return { ...read };
  } catch (error) {
    throw new UsageError(`--settings ${file}: ${messageOf(error)}`);
  }
  throw new UsageError(`--settings ${file}: it holds no JSON object`);
}

function splitPair(text: string, usage: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`${usage} (it is "${text}")`);
  return [text.slice(0, equals).trim(), text.slice(equals + 1)];
}

function commaList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Objects and lists are typed as JSON; anything else is a text, `null` takes a setting away. */
function plainOrJson(text: string): unknown {
  if (text === 'null') return null;
  // A template begins with a scheme, a macro in a header may begin with a brace: only what parses is JSON.
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Refuses a destination that could never work, before it is kept: wrong templates, an address that must not be called,
 * missing secrets, sources that do not exist.
 *
 * @throws UsageError or OperatorError that say what to change.
 */
export async function checkWhole(
  db: Db,
  destination: Destination,
  context: { readonly workspaceId: string; readonly guard: GuardRules },
): Promise<void> {
  if (destination.kind === 'template') {
    const problems = checkDestination(destination);
    if (problems.length > 0)
      throw new UsageError(problems.map(({ message, next }) => `${message} ${next}`).join('\n'));
  }
  for (const address of addressesOf(destination)) {
    const verdict = checkUrl(address, context.guard);
    if (!verdict.ok) throw new OperatorError('refused_address', verdict.message, { next: verdict.next });
  }
  checkEncrypted(destination, context.guard);
  const missing = missingSecrets(destination);
  if (missing.length > 0)
    throw new UsageError(
      `${destination.name} needs ${missing.map((name) => `--secret ${name}`).join(' and ')}; the value comes by standard input or SECRET_<NAME>`,
    );
  if (destination.sources === null) return;
  const rows = await db
    .selectFrom('source')
    .select('id')
    .where('workspace_id', '=', context.workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute();
  const known = rows.map((row) => row.id);
  for (const id of destination.sources) {
    if (known.includes(id)) continue;
    const near = nearestWord(id, known);
    throw new UsageError(
      `there is no source "${id}" in this workspace; ${near === null ? `there are: ${known.join(', ') || 'none'}` : `did you mean ${near}?`}`,
    );
  }
}

/** Everything of a destination that is called. */
function addressesOf(destination: Destination): readonly string[] {
  if (destination.kind === 'template') return [destination.url.replaceAll(MACRO, 'x')];
  return 'tokenUrl' in destination ? [destination.baseUrl, destination.tokenUrl] : [destination.baseUrl];
}

/**
 * A network's token opens an ad account: it goes out encrypted, but to a server of the operator's own that is allowed by
 * its name, or written out as a number in a network that is.
 */
function checkEncrypted(destination: Destination, guard: GuardRules): void {
  if (destination.kind === 'template') return;
  for (const address of addressesOf(destination)) {
    const named = guard.allowed.includes(new URL(address).hostname);
    if (!address.startsWith('http:') || named || !checkUrl(address, { ...guard, allowed: [] }).ok) continue;
    throw new UsageError(`${address} would carry the access token unencrypted: begin it with https://`);
  }
}

/** Events that a destination names and that no conversion has had so far: often a slip of the pen. */
export async function unseenEvents(
  db: Db,
  workspaceId: string,
  destination: Destination,
): Promise<readonly string[]> {
  if (destination.events === null) return [];
  const rows = await db
    .selectFrom('conversion')
    .select('event')
    .distinct()
    .where('workspace_id', '=', workspaceId)
    .where('event', 'in', Object.keys(destination.events))
    .execute();
  const seen = new Set(rows.map((row) => row.event));
  return Object.keys(destination.events).filter((event) => !seen.has(event));
}
