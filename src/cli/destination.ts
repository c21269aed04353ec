import type { Command } from 'commander';
import { nearestWord } from '../core/nearest-word.ts';
import {
  type DestinationRow,
  findDestination,
  listDestinations,
  removeDestination,
} from '../db/forwarding/destinations.ts';
import { countForwards, listForwards } from '../db/forwarding/log.ts';
import { destinationOf } from '../destination-access.ts';
import { OperatorError } from '../errors.ts';
import { type Receiver, RECEIVERS } from '../outbound/receivers.ts';
import type { CliContext } from './command.ts';
import { add, type AddOptions, set, type SetOptions } from './destination-add.ts';
import { test, type TestOptions } from './destination-test.ts';
import { destinationLine, destinationView, destinationWords } from './destination-view.ts';
import { countWords, forwardLine, forwardView } from './forward-text.ts';
import { tryWakeForward } from './wake-forward.ts';

const WEEK_MS = 7 * 86_400_000;

/** `destination add|list|show|set|remove|test`: who is told of conversions. */
export function register(program: Command, context: CliContext): void {
  const destination = program
    .command('destination')
    .description('postbacks out: ad networks, trackers and own backends that are told of conversions');
  const receivers = RECEIVERS.map(({ id }) => id).join(', ');
  common(
    destination
      .command('add')
      .argument('<receiver>', `one of: ${receivers}`)
      .argument('[address]', 'for "url": the address with macros such as {click_id}, {amount}, {secret.NAME}')
      .option('--as <id>', 'short name; the receiver’s own when left out')
      .option('--workspace <id>', 'whose conversions; needed when there are several workspaces')
      .option('--disabled', 'keep it switched off'),
  )
    .description('make a destination; conversions that change from then on go there')
    .addHelpText(
      'after',
      `
Receivers, what each needs, and what may be set besides:
${RECEIVERS.flatMap(receiverHelp).join('\n')}

Examples:
  ./bidloop destination add meta --set pixelId=1234567890 --event purchase=Purchase --secret access_token < token.txt
  ./bidloop destination add tune --set domain=partner.go2cloud.org --set param=sub1 --secret security_token
  ./bidloop destination add url 'https://shop.example.com/conversions?id={txid}&v={amount}' --stages every --as shop`,
    )
    .action((receiver: string, address: string | undefined, options: AddOptions) =>
      add(context, receiver, address, options),
    );
  destination
    .command('list')
    .description('every destination, with what became of the last week')
    .action(() => list(context));
  destination
    .command('show')
    .argument('<destination>', 'its short name')
    .description('its settings, and its last forwards')
    .action((id: string) => show(context, id));
  common(
    destination
      .command('set')
      .argument('<destination>', 'its short name')
      .option('--enable', 'switch it on')
      .option('--disable', 'switch it off; what waits for it goes on waiting'),
  )
    .description('change a destination; says what changed')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop destination set meta --event purchase=Purchase --event lead=Lead\n  ./bidloop destination set shop --secret token --enable\nA setting goes back to its default with --set name=null; --source all and --event all take limits away.',
    )
    .action(async (id: string, options: SetOptions) => set(context, await known(context, id), options));
  destination
    .command('remove')
    .argument('<destination>', 'its short name')
    .description('send it nothing any more; its log stays, its secrets go')
    .action(async (id: string) => {
      const row = await known(context, id);
      const dropped = await removeDestination(await context.db(), id, await context.nowMs(row.workspace_id));
      await tryWakeForward(context, [row.workspace_id]);
      context.print(
        { id, removed: true, notSent: dropped },
        `${id} is removed${dropped === 0 ? '' : `; ${dropped} that waited are not sent`}. Its log stays: ./bidloop forward list --destination ${id}`,
      );
    });
  destination
    .command('test')
    .argument('<destination>', 'its short name')
    .option('--conversion <id>', 'a stored conversion; the newest that would go there when left out')
    .option('--send', 'really send it, once: the receiver may count it')
    .description('what would be sent for a conversion, secrets masked')
    .action(async (id: string, options: TestOptions) => test(context, await known(context, id), options));
}

function receiverHelp({ id, title, settings, required, secrets }: Receiver): readonly string[] {
  const others = settings.filter((name) => !required.includes(name));
  const indent = ' '.repeat(13);
  // The address is an argument of its own.
  const needed = id === 'url' ? [] : required;
  return [
    `  ${id.padEnd(10)} ${title}`,
    ...(needed.length === 0 ? [] : [`${indent}--set ${needed.map((name) => `${name}=…`).join(' --set ')}`]),
    ...(secrets === '' ? [] : [`${indent}--secret: ${secrets}`]),
    ...(others.length === 0 ? [] : [`${indent}and: ${others.join(', ')}`]),
  ];
}

/** Options of `add` and `set` alike. */
function common(command: Command): Command {
  return command
    .option('--name <name>', 'its name on screens')
    .option('--set <name=value...>', 'a setting of this receiver; lists and objects as JSON')
    .option('--settings <file>', 'settings from a JSON file')
    .option('--source <id...>', 'only conversions of these sources; "all" for every one')
    .option(
      '--event <ours=theirs...>',
      'only these events, by the receiver’s name for each; "all" for every one',
    )
    .option('--stages <which>', 'approved (the default), every, zero-until-approved')
    .option('--consent <rule>', 'unless-denied (the default), required')
    .option('--repeats-by <id>', 'what the receiver knows repeats by: conversion-id (the default), txid')
    .option('--secret <name...>', 'reads the secret of this name from standard input or SECRET_<NAME>');
}

async function list(context: CliContext): Promise<void> {
  const db = await context.db();
  const rows = await listDestinations(db);
  const counts = (
    await Promise.all(
      [...new Set(rows.map((row) => row.workspace_id))].map(async (workspaceId) =>
        countForwards(db, {
          workspaceId,
          destinationId: null,
          states: null,
          sinceMs: (await context.nowMs(workspaceId)) - WEEK_MS,
        }),
      ),
    )
  ).flat();
  const of = (id: string) => counts.filter((count) => count.destination_id === id);
  context.print(
    rows.map((row) => ({ ...destinationView(row), lastWeek: of(row.id) })),
    rows.length === 0
      ? 'There is no destination: nothing is sent to anybody. Make one: ./bidloop destination add --help'
      : rows.map((row) => `${destinationLine(row)}\n  last week: ${countWords(of(row.id))}`).join('\n'),
  );
}

async function show(context: CliContext, id: string): Promise<void> {
  const row = await known(context, id);
  const db = await context.db();
  const nowMs = await context.nowMs(row.workspace_id);
  const filter = { workspaceId: row.workspace_id, destinationId: id, states: null, sinceMs: nowMs - WEEK_MS };
  const counts = await countForwards(db, filter);
  const recent = await listForwards(db, { ...filter, limit: 10 });
  const reading = destinationOf(row, {});
  context.print(
    { ...destinationView(row), lastWeek: counts, recent: recent.map((one) => forwardView(one)) },
    [
      destinationLine(row),
      ...(reading.ok ? destinationWords(reading.destination) : reading.problems),
      `Secrets: ${row.secret_names.join(', ') || 'none'}.`,
      ...(row.rest_until !== null && row.rest_until.getTime() > nowMs
        ? [`It rests until ${row.rest_until.toISOString()}: it did not answer, or asked for a pause.`]
        : []),
      '',
      `Last week: ${countWords(counts)}`,
      ...recent.map((one) => `  ${forwardLine(one)}`),
    ].join('\n'),
  );
}

/** @throws OperatorError `unknown_destination` with the nearest name. */
async function known(context: CliContext, id: string): Promise<DestinationRow> {
  const db = await context.db();
  const row = await findDestination(db, id);
  if (row !== undefined) return row;
  const near = nearestWord(
    id,
    (await listDestinations(db)).map((one) => one.id),
  );
  throw new OperatorError('unknown_destination', `there is no destination "${id}"`, {
    next: near === null ? '`./bidloop destination list` names them all.' : `Did you mean ${near}?`,
  });
}
