import type { Command } from 'commander';
import { formatMoney, type Micros, microsFromDecimal } from '../core/money.ts';
import { nearestWord } from '../core/nearest-word.ts';
import type { ObjectId } from '../core/object.ts';
import { dayBounds, dayOf } from '../core/zone.ts';
import type { Db } from '../db/connection.ts';
import { listLinks } from '../db/links.ts';
import {
  listCampaignNames,
  listPayouts,
  type PayoutLine,
  removePayout,
  storePayout,
  type StoredPayoutLine,
} from '../db/payout.ts';
import { OperatorError } from '../errors.ts';
import { readCurrency } from '../sources/values.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';

interface AddOptions {
  readonly event?: string;
  readonly link?: string;
  readonly campaign?: string;
  readonly country?: string;
  readonly from?: string;
  readonly workspace?: string;
}

/** `payout add|list|remove`: what a conversion pays whose postback names no amount. */
export function register(program: Command, context: CliContext): void {
  const payout = program
    .command('payout')
    .description('what a conversion pays when its postback names no amount; an amount of 0 is an amount');
  payout
    .command('add')
    .description('set what an event pays from a day on')
    .argument('<amount>', 'in major units: 12.50')
    .argument('<currency>', 'ISO 4217 code: USD')
    .option('--event <name>', 'for this event; for any when left out')
    .option('--link <id>', 'for clicks of this link')
    .option('--campaign <id or name>', 'for conversions of this campaign')
    .option('--country <code>', 'for people of this country: DE')
    .option(
      '--from <date>',
      'first day it holds for, in the workspace’s time zone (2026-11-05); today when left out',
    )
    .option('--workspace <id>', 'whose table it is; needed when there are several workspaces')
    .addHelpText(
      'after',
      `
Of several lines that fit, the one that says most counts: event before link, link before campaign, campaign before country;
then the newest. Conversions that are known keep their amounts.

Examples:
  ./bidloop payout add 4.20 USD --event lead
  ./bidloop payout add 6 EUR --event lead --country DE --from 2026-11-01`,
    )
    .action((amount: string, currency: string, options: AddOptions) =>
      add(context, amount, currency, options),
    );
  payout
    .command('list')
    .description('the whole table')
    .action(async () => {
      const lines = await listPayouts(await context.db());
      context.print(
        lines.map(view),
        lines.length === 0
          ? 'There is no payout yet: a conversion whose postback names no amount is worth nothing. Set one: ./bidloop payout add 4.20 USD --event lead'
          : lines.map((line) => `${line.id}: ${describe(line)}`).join('\n'),
      );
    });
  payout
    .command('remove')
    .description('take a line out; conversions that it paid keep their amounts')
    .argument('<number>', 'as `payout list` shows it')
    .action(async (text: string) => {
      const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
      if (id === 0 || !(await removePayout(await context.db(), id)))
        throw new OperatorError('unknown_payout', `there is no payout "${text}"`, {
          next: '`./bidloop payout list` shows every line with its number.',
        });
      context.print({ id, removed: true }, `Payout ${id} is removed. What it paid before stays.`);
    });
}

async function add(
  context: CliContext,
  amountText: string,
  currencyText: string,
  options: AddOptions,
): Promise<void> {
  const micros = amount(amountText);
  const currency = readCurrency(currencyText);
  if (currency === null)
    throw new UsageError(`"${currencyText}" is no ISO 4217 currency; write a code such as EUR`);
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const nowMs = await context.nowMs(workspace.id);
  const line: PayoutLine = {
    event: options.event === undefined ? null : eventName(options.event),
    linkId: options.link === undefined ? null : await link(db, workspace.id, options.link),
    campaignId: options.campaign === undefined ? null : await campaign(db, workspace.id, options.campaign),
    country: options.country === undefined ? null : country(options.country),
    validFromMs: await firstMs(db, workspace.id, nowMs, options.from),
    micros,
    currency,
  };
  const { id, replaced } = await storePayout(db, workspace.id, line, nowMs);
  const stored = (await listPayouts(db)).find((one) => one.id === id);
  if (!stored) throw new Error(`payout ${id} is not in the table it was stored in`);
  const before = replaced === null ? '' : ` It replaces ${formatMoney(replaced.micros, replaced.currency)}.`;
  context.print(
    { ...view(stored), replaced: replaced && { micros: replaced.micros, currency: replaced.currency } },
    `Payout ${id}: ${describe(stored)}.${before} It serves postbacks that come from now on and name no amount.`,
  );
}

function view(line: StoredPayoutLine): object {
  return {
    id: line.id,
    workspace: line.workspaceId,
    event: line.event,
    link: line.linkId,
    campaign: line.campaignName,
    country: line.country,
    from: new Date(line.validFromMs).toISOString(),
    micros: line.micros,
    currency: line.currency,
  };
}

/** "lead pays 4.20 USD, link shoes, DE, from 2026-11-05T00:00:00Z". */
function describe(line: StoredPayoutLine): string {
  return [
    `${line.event ?? 'any event'} pays ${formatMoney(line.micros, line.currency)}`,
    ...(line.linkId === null ? [] : [`link ${line.linkId}`]),
    ...(line.campaignId === null ? [] : [`campaign ${line.campaignName ?? line.campaignId}`]),
    ...(line.country === null ? [] : [line.country]),
    `from ${new Date(line.validFromMs).toISOString().replace('.000', '')}`,
  ].join(', ');
}

function amount(text: string): Micros {
  const read = /^\d/.test(text) ? microsFromDecimal(text) : undefined;
  if (read === undefined)
    throw new UsageError(`"${text}" is no amount; write it in major units, such as 4.20`);
  return read;
}

function eventName(text: string): string {
  if (text !== '' && text.length <= 200) return text;
  throw new UsageError('an event has a name of 1 to 200 characters, as its postbacks spell it: lead');
}

function country(text: string): string {
  if (/^[a-z]{2}$/i.test(text)) return text.toUpperCase();
  throw new UsageError(`"${text}" is no country; write its two letters (ISO 3166), such as DE`);
}

async function link(db: Db, workspaceId: string, id: string): Promise<string> {
  const ids = (await listLinks(db)).filter((row) => row.workspace_id === workspaceId).map((row) => row.id);
  if (ids.includes(id)) return id;
  throw unknown('link', id, nearestWord(id, ids), '`./bidloop link list` names them all.');
}

async function campaign(db: Db, workspaceId: string, text: string): Promise<ObjectId> {
  const all = await listCampaignNames(db, workspaceId);
  const byId = all.filter((one) => one.networkId === text);
  const found = byId.length > 0 ? byId : all.filter((one) => one.name === text);
  const [first] = found;
  if (first && found.length === 1) return first.id;
  if (first)
    throw new OperatorError('which_campaign', `${found.length} campaigns are called "${text}"`, {
      next: `Name it by the network's id: ${found.map((one) => one.networkId).join(', ')}.`,
    });
  const near = nearestWord(
    text,
    all.flatMap((one) => [one.name, one.networkId]),
  );
  throw unknown(
    'campaign',
    text,
    near,
    'Campaigns are known once a sync has brought them: ./bidloop account list.',
  );
}

function unknown(what: string, text: string, near: string | null, next: string): OperatorError {
  const meant = near === null ? '' : `; did you mean "${near}"?`;
  return new OperatorError(`unknown_${what}`, `there is no ${what} "${text}"${meant}`, { next });
}

async function firstMs(
  db: Db,
  workspaceId: string,
  nowMs: number,
  text: string | undefined,
): Promise<number> {
  const { time_zone: zone } = await db
    .selectFrom('workspace')
    .select('time_zone')
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  const day = text ?? dayOf(nowMs, zone).date;
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(day)) return dayBounds(day, zone).startMs;
  } catch {
    // 2026-02-31: said below.
  }
  throw new UsageError(`"${day}" is no date; write it like 2026-11-05`);
}
