import { mean, quantile } from 'simple-statistics';
import { DEFAULT_WEIGHT, lnEvidenceAbove } from '../../src/core/statistics/e-process.ts';
import { lnRoasBelow, orderValues, sizeBiasedMean } from '../../src/core/statistics/roas-test.ts';
import { type Backtest, type Outcome, percent, type Table } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';
import { type Draw, draws, exponential, shuffled } from './random.ts';

const PERMUTATIONS = 400;
/** Orders of one permutation: the revenue of an ad that runs for long. */
const LENGTH = 600;
const ALPHA = 0.05;

export interface Order {
  /** "1997-03" */
  readonly month: string;
  readonly value: number;
}

export function readOrders(
  text: string,
  columns: { readonly at: string; readonly value: string },
): readonly Order[] {
  return readCsv(text, [columns.at, columns.value]).map(([at = '', value]) => ({
    month: at.slice(0, 7),
    value: numberOf(value),
  }));
}

/**
 * Share of runs on which evidence "ROAS is below target" ever reaches 1/α although ROAS is the target: real orders in
 * random order, the money between two of them exponential with the mean order value. Looked at just before each order,
 * where evidence is highest.
 */
export function crossingRate(
  values: readonly number[],
  evidence: (revenue: readonly number[], index: number, matured: number) => number,
  draw: Draw,
): number {
  const average = mean([...values]);
  let crossed = 0;
  for (let run = 0; run < PERMUTATIONS; run += 1) {
    const order = shuffled(values, draw).slice(0, LENGTH);
    let matured = 0;
    for (let index = 0; index < order.length; index += 1) {
      matured += exponential(average, draw);
      if (evidence(order, index, matured) >= -Math.log(ALPHA)) {
        crossed += 1;
        break;
      }
    }
  }
  return crossed / PERMUTATIONS;
}

/** Running sums of a list, each value cut off at `cap`; the sum before `index`. */
function summed(cap: number): (values: readonly number[], index: number) => number {
  let [of, sum, at]: [readonly number[] | null, number, number] = [null, 0, 0];
  return (values, index) => {
    if (of !== values || index < at) [of, sum, at] = [values, 0, 0];
    for (; at < index; at += 1) sum += Math.min(cap, values[at] ?? 0);
    return sum;
  };
}

function study(orders: readonly Order[], reference: readonly string[]): Outcome {
  const months = [...Map.groupBy(orders, (order) => order.month)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows: (string | number)[][] = months.map(([month, of]) => sizes(month, of));
  const all = sizes('all', orders);
  const byMonth: Table = {
    caption: 'Sizes of orders by month, dollars',
    columns: [
      'month',
      'orders',
      'mean',
      'κ',
      'cap',
      'κ of capped orders, upper limit',
      'revenue left under the cap',
    ],
    rows: [...rows, all, ['first analysis', '', ...reference, '']],
  };

  // Learned on the first half of the months, tried on the second.
  const half = months[Math.floor(months.length / 2)]?.[0] ?? '';
  const past = orderValues(orders.filter((order) => order.month < half).map((order) => order.value));
  const later = orders.filter((order) => order.month >= half && order.value > 0).map((order) => order.value);
  if (past === null) throw new Error('too few orders to learn from');
  const draw = draws(11);
  const [capped, plain, plainForMean] = [summed(past.cap), summed(Infinity), summed(Infinity)];
  const kappa = sizeBiasedMean(later);
  const average = mean(later);
  // The target is what the later orders earn by construction: one dollar of revenue per dollar.
  const learned = crossingRate(
    later,
    (values, index, matured) =>
      lnRoasBelow({ revenueCapped: capped(values, index), matured, target: 1 }, past),
    draw,
  );
  const known = crossingRate(
    later,
    (values, index, matured) =>
      lnEvidenceAbove(plain(values, index) / kappa, matured / kappa, DEFAULT_WEIGHT),
    draw,
  );
  const byMean = crossingRate(
    later,
    (values, index, matured) =>
      lnEvidenceAbove(plainForMean(values, index) / average, matured / average, DEFAULT_WEIGHT),
    draw,
  );
  const monthly = rows.map((row) => Number(row[5])).filter((value) => value > 0);
  return {
    tables: [
      byMonth,
      {
        caption: `Runs of ${LENGTH} real orders in random order that are ever "proven" below a ROAS they meet, at a risk of ${ALPHA} (${PERMUTATIONS} runs)`,
        columns: ['unit of evidence', 'crossed', 'first analysis, log-normal orders'],
        rows: [
          ['κ of capped orders, learned in the months before', percent(learned), ''],
          ['κ of these very orders, no cap', percent(known), '.000 to .020'],
          ['mean order value', percent(byMean), '.123 to .553'],
        ],
      },
    ],
    shows: [
      `With κ learned on earlier months, ${percent(learned)} of runs are wrongly proven (the promise is at most ${percent(ALPHA)}); with the mean order value as the unit, ${percent(byMean)}.`,
      `From month to month κ of capped orders lies between ${quantile(monthly, 0).toFixed(1)} and ${quantile(monthly, 1).toFixed(1)}: it can be learned from the past.`,
    ],
    figures: {
      orders: orders.length,
      kappa: sizeBiasedMean(orders.map((order) => order.value)),
      cappedKappa: Number(all[5]),
      cap: Number(all[4]),
      crossingLearned: learned,
      crossingKnown: known,
      crossingByMean: byMean,
    },
  };
}

function sizes(name: string, orders: readonly Order[]): (string | number)[] {
  const values = orders.map((order) => order.value);
  const learned = orderValues(values);
  return [
    name,
    orders.length,
    mean(values),
    sizeBiasedMean(values),
    learned?.cap ?? '',
    learned?.kappa ?? '',
    learned === null ? '' : percent(learned.cappedShare),
  ];
}

export const cdnow: Backtest = {
  name: 'cdnow',
  folder: 'cdnow-purchases',
  files: ['purchases.csv'],
  title: 'Order values of a CD shop: is κ stable, does the ROAS test keep its promise',
  run: (read) =>
    study(readOrders(read('purchases.csv'), { at: 'date', value: 'dollar_value' }), ['36', '72', '', '61']),
};

export const tickets: Backtest = {
  name: 'tickets',
  folder: 'ticket-orders-and-ad-costs',
  files: ['orders.csv', 'ad-costs.csv'],
  title: 'Order values of a ticket service with whales, and its blended ROAS',
  run(read) {
    const orders = readOrders(read('orders.csv'), { at: 'order_time', value: 'revenue' });
    const found = study(orders, ['5.0', '92', '36.67', '11.5']);
    const costs = readCsv(read('ad-costs.csv'), ['date', 'costs']).map(([date = '', cost]) => ({
      month: date.slice(0, 7),
      cost: numberOf(cost),
    }));
    const days = dailyRoas(read('orders.csv'), read('ad-costs.csv'));
    const perMonth = [...Map.groupBy(costs, (cost) => cost.month)].map(([month, of]) => {
      const cost = of.reduce((sum, one) => sum + one.cost, 0);
      const revenue = orders
        .filter((order) => order.month === month)
        .reduce((sum, one) => sum + one.value, 0);
      return [month, cost, revenue, revenue / cost];
    });
    const spread = { low: quantile([...days], 0.05), high: quantile([...days], 0.95) };
    return {
      tables: [
        ...found.tables,
        {
          caption: 'Blended ROAS (all revenue of the month ÷ all advertising of the month)',
          columns: ['month', 'cost', 'revenue', 'ROAS'],
          rows: perMonth,
        },
      ],
      shows: [
        ...found.shows,
        `The blended ROAS of a single day lies between ${spread.low.toFixed(2)} and ${spread.high.toFixed(2)} on nine days of ten: a rule on one day's ROAS acts on the luck of a few large orders.`,
      ],
      figures: { ...found.figures, dailyRoasLow: spread.low, dailyRoasHigh: spread.high },
    };
  },
};

/** Revenue ÷ cost of each day that has both. */
export function dailyRoas(orders: string, costs: string): readonly number[] {
  const sums = (text: string, at: string, value: string): Map<string, number> => {
    const byDay = new Map<string, number>();
    for (const [time = '', amount] of readCsv(text, [at, value]))
      byDay.set(time.slice(0, 10), (byDay.get(time.slice(0, 10)) ?? 0) + numberOf(amount));
    return byDay;
  };
  const revenue = sums(orders, 'order_time', 'revenue');
  return [...sums(costs, 'date', 'costs')].flatMap(([day, cost]) =>
    cost > 0 && revenue.has(day) ? [(revenue.get(day) ?? 0) / cost] : [],
  );
}
