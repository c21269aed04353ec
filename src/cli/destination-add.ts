import { nearestWord } from '../core/nearest-word.ts';
import { addDestination, changeDestination, type DestinationRow } from '../db/forwarding/destinations.ts';
import { openSecrets, sealSecrets } from '../destination-access.ts';
import { OperatorError } from '../errors.ts';
import { readDestination, readKind } from '../outbound/destination-settings.ts';
import { draftSettings, RECEIVERS } from '../outbound/receivers.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { checkWhole, type DestinationOptions, readSettings, unseenEvents } from './destination-options.ts';
import { destinationWords } from './destination-view.ts';
import { outboundGuard } from './outbound-guard.ts';
import { readSecrets } from './read-secrets.ts';
import { tryWakeForward } from './wake-forward.ts';

export interface AddOptions extends DestinationOptions {
  readonly as?: string;
  readonly workspace?: string;
  readonly disabled?: true;
}

/** `destination add`: checks everything that can be checked without sending, seals the secrets and keeps it. */
export async function add(
  context: CliContext,
  receiverId: string,
  address: string | undefined,
  options: AddOptions,
): Promise<void> {
  const receiver = RECEIVERS.find(({ id }) => id === receiverId);
  if (receiver === undefined) {
    const ids = RECEIVERS.map(({ id }) => id);
    const near = nearestWord(receiverId, ids);
    throw new UsageError(
      `there is no receiver "${receiverId}"; ${near === null ? `there are: ${ids.join(', ')}` : `did you mean ${near}?`} Anything that can be called by an address is "url".`,
    );
  }
  if (address !== undefined && receiver.id !== 'url')
    throw new UsageError(`only "url" takes an address; ${receiver.title} knows its own`);
  const id = options.as ?? receiver.id;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    throw new UsageError(
      `"${id}" is no short name; use lower-case letters, digits and dashes: --as my-partner`,
    );
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const given = { ...readSettings(options), ...(address === undefined ? {} : { url: address }) };
  const draft = draftSettings(receiver, given);
  if (!draft.ok) throw new UsageError(draft.message);
  if (receiver.id === 'url' && !Object.hasOwn(draft.settings, 'url'))
    throw new UsageError(
      "an address is missing: ./bidloop destination add url 'https://partner.example.com/postback?id={click_id}'",
    );
  const secrets = await askSecrets(context, options.secret);
  const name = options.name ?? receiver.title;
  const reading = readDestination({ id, name, kind: receiver.kind, settings: draft.settings, secrets });
  if (!reading.ok) throw new UsageError(`${receiver.title}: ${reading.problems.join('; ')}`);
  const { destination } = reading;
  await checkWhole(db, destination, { workspaceId: workspace.id, guard: outboundGuard(context) });
  const added = await addDestination(db, {
    id,
    workspaceId: workspace.id,
    kind: receiver.kind,
    name,
    settings: draft.settings,
    secretsSealed: sealSecrets(context.secretKey(), id, secrets),
    secretNames: Object.keys(secrets),
    enabled: options.disabled !== true,
    nowMs: await context.nowMs(workspace.id),
  });
  if (!added)
    throw new OperatorError('destination_exists', `there is (or was) a destination "${id}" already`, {
      next: 'Choose another short name with --as.',
    });
  const unseen = await unseenEvents(db, workspace.id, destination);
  context.print(
    {
      id,
      kind: receiver.kind,
      name,
      workspace: workspace.id,
      enabled: options.disabled !== true,
      unseenEvents: unseen,
    },
    [
      options.disabled === true
        ? `Destination "${id}" is kept and switched off: ./bidloop destination set ${id} --enable`
        : `Destination "${id}" is ready: conversions that change from now on go there.`,
      ...destinationWords(destination),
      ...unseen.map((event) => `No conversion was called "${event}" so far: is that its name?`),
      `What would be sent: ./bidloop destination test ${id}`,
    ].join('\n'),
  );
}

async function askSecrets(
  context: CliContext,
  names: readonly string[] | undefined,
): Promise<Readonly<Record<string, string>>> {
  return readSecrets(names ?? [], {
    env: context.env,
    input: process.stdin,
    ask: (text) => void process.stderr.write(`${text}\n`),
  });
}

export interface SetOptions extends DestinationOptions {
  readonly enable?: true;
  readonly disable?: true;
}

/** `destination set`: changes what was said and tells what changed. */
export async function set(context: CliContext, row: DestinationRow, options: SetOptions): Promise<void> {
  if (options.enable === true && options.disable === true)
    throw new UsageError('--enable and --disable exclude each other');
  const kind = readKind(row.kind);
  if (kind === undefined) throw new UsageError(`the kind "${row.kind}" is not known to this version`);
  const settings: Record<string, unknown> = { ...row.settings };
  const told = readSettings(options);
  for (const [name, value] of Object.entries(told)) {
    if (value === null) delete settings[name];
    else settings[name] = value;
  }
  const before = openSecrets(context.secretKey(), row);
  const fresh = await askSecrets(context, options.secret);
  const secrets = { ...before, ...fresh };
  const name = options.name ?? row.name;
  const enabled = options.enable === true || (row.enabled && options.disable !== true);
  const reading = readDestination({ id: row.id, name, kind, settings, secrets });
  if (!reading.ok) throw new UsageError(`${row.id}: ${reading.problems.join('; ')}`);
  const db = await context.db();
  await checkWhole(db, reading.destination, { workspaceId: row.workspace_id, guard: outboundGuard(context) });
  const changes = [
    ...(name === row.name ? [] : [`name: ${row.name} → ${name}`]),
    ...Object.keys(told)
      .filter((key) => JSON.stringify(row.settings[key]) !== JSON.stringify(settings[key]))
      .map((key) => `${key}: ${shown(row.settings[key])} → ${shown(settings[key])}`),
    ...Object.keys(fresh).map((key) => `secret ${key}: ${key in before ? 'renewed' : 'added'}`),
    ...(enabled === row.enabled ? [] : [enabled ? 'switched on' : 'switched off']),
  ];
  if (changes.length > 0) {
    await changeDestination(db, row.id, {
      name,
      settings,
      secretsSealed: sealSecrets(context.secretKey(), row.id, secrets),
      secretNames: Object.keys(secrets),
      enabled,
      nowMs: await context.nowMs(row.workspace_id),
    });
    if (enabled) await tryWakeForward(context, [row.workspace_id]);
  }
  context.print(
    { id: row.id, changes },
    changes.length === 0
      ? `${row.id}: nothing changed.`
      : [`${row.id}:`, ...changes.map((line) => `  ${line}`)].join('\n'),
  );
}

function shown(value: unknown): string {
  return value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
}
