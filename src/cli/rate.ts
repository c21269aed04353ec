import type { Command } from 'commander';
import { dayOf } from '../core/zone.ts';
import { loadNow } from '../db/clock.ts';
import type { Db } from '../db/connection.ts';
import { convertWaiting } from '../db/ingest/convert-waiting.ts';
import { listRates, listWaitingRevenue, type Rate, storeRate, type WaitingRevenue } from '../db/rates.ts';
import { readCurrency } from '../sources/values.ts';
import { type CliContext, UsageError } from './command.ts';
import { readDay } from './read-day.ts';

/** `rate add|list`: what a conversion in another currency is worth in the ad account's. */
export function register(program: Command, context: CliContext): void {
  const rate = program
    .command('rate')
    .description("exchange rates: what revenue in another currency is worth in the ad account's");
  rate
    .command('add')
    .description('set a rate, and convert the revenue that waits for it')
    .argument('<from>', 'currency of the postbacks: EUR')
    .argument('<to>', 'currency of the ad account: USD')
    .argument('<rate>', 'what one unit of the first is worth in the second: 1.08')
    .option(
      '--day <date>',
      'first day it holds for (2026-11-05); today when left out, or for the first rate of two currencies the day of the oldest revenue that waits',
    )
    .addHelpText('after', '\nExample:\n  ./bidloop rate add EUR USD 1.08 --day 2026-11-01')
    .action((from: string, to: string, value: string, options: { day?: string }) =>
      add(context, { base: currency(from), quote: currency(to), rate: factor(value), day: options.day }),
    );
  rate
    .command('list')
    .description('every rate, and the revenue that waits for one')
    .action(async () => {
      const db = await context.db();
      const [rates, waiting] = [await listRates(db), await listWaitingRevenue(db)];
      context.print(
        { rates, waiting },
        [
          ...(rates.length === 0 ? ['There is no exchange rate yet.'] : rates.map(line)),
          ...waiting.map((one) => waitingLine(one, rates)),
        ].join('\n'),
      );
    });
}

async function add(
  context: CliContext,
  wanted: Omit<Rate, 'day'> & { readonly day: string | undefined },
): Promise<void> {
  const { base, quote, rate } = wanted;
  if (base === quote) throw new UsageError(`${base} is always worth 1 ${quote}; name two currencies`);
  const db = await context.db();
  const day = wanted.day === undefined ? await firstDay(context, db, { base, quote }) : readDay(wanted.day);
  const replaced = await storeRate(db, { base, quote, rate, day });
  let converted = 0;
  for (const { id } of await db.selectFrom('workspace').select('id').orderBy('id').execute())
    converted += await convertWaiting(db, id, context.wallNowMs());
  const waiting = (await listWaitingRevenue(db)).find((one) => one.base === base && one.quote === quote);
  const before =
    replaced === null || replaced === rate
      ? ''
      : ` It replaces ${replaced}; amounts converted before keep that.`;
  context.print(
    { base, quote, rate, day, replaced, converted, waiting: waiting?.amounts ?? 0 },
    [
      `1 ${base} is ${rate} ${quote} from ${day} on.${before}`,
      `${converted} ${converted === 1 ? 'amount that waited is' : 'amounts that waited are'} converted.`,
      ...(waiting === undefined ? [] : [waitingLine(waiting, [{ base, quote, rate, day }])]),
    ].join('\n'),
  );
}

/** The first rate of two currencies also serves what waits for it; a later one holds from today on. */
async function firstDay(
  context: CliContext,
  db: Db,
  pair: { readonly base: string; readonly quote: string },
): Promise<string> {
  const same = (one: { readonly base: string; readonly quote: string }): boolean =>
    one.base === pair.base && one.quote === pair.quote;
  const days: string[] = [];
  // The earliest of the workspaces' days: nowhere does it begin tomorrow.
  for (const workspace of await db.selectFrom('workspace').select(['id', 'time_zone']).execute())
    days.push(dayOf(await loadNow(db, workspace.id, context.wallNowMs()), workspace.time_zone).date);
  if (!(await listRates(db)).some(same))
    days.push(...(await listWaitingRevenue(db)).filter(same).map((one) => one.oldestDay));
  return days.toSorted()[0] ?? dayOf(context.wallNowMs(), 'UTC').date;
}

function line(rate: Rate): string {
  return `1 ${rate.base} = ${rate.rate} ${rate.quote}  from ${rate.day}`;
}

function waitingLine(waiting: WaitingRevenue, rates: readonly Rate[]): string {
  const { base, quote, amounts, oldestDay } = waiting;
  const known = rates.find((rate) => rate.base === base && rate.quote === quote)?.rate ?? '<rate>';
  return `${amounts} ${amounts === 1 ? 'amount waits' : 'amounts wait'} for a rate of ${base} in ${quote}, the oldest of ${oldestDay}: ./bidloop rate add ${base} ${quote} ${known} --day ${oldestDay}`;
}

function currency(text: string): string {
  const code = readCurrency(text);
  if (code === null) throw new UsageError(`"${text}" is no ISO 4217 currency; write a code such as EUR`);
  return code;
}

function factor(text: string): number {
  const value = /^\d{1,9}(?:\.\d{1,12})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new UsageError(`"${text}" is no rate; write what one unit is worth, such as 1.08`);
}
