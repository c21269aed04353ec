import { clickValueBid, limitedStep } from '../../src/core/statistics/bids.ts';
import { type Backtest, rounded } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';
import { draws, shuffled } from './random.ts';

const REPLAYS = 40;
/** The auctions of one replay are twenty days. */
const DAYS = 20;
/** A click is worth so much that the bid which is worth its price lies in the middle of the market (CNY per thousand). */
const BEST_BID = 60;

export interface Auction {
  readonly click: number;
  /** The price that had to be beaten, CNY per thousand impressions. */
  readonly price: number;
}

export function readAuctions(text: string): readonly Auction[] {
  return readCsv(text, ['click', 'market_price']).map(([click, price]) => ({
    click: numberOf(click),
    price: numberOf(price),
  }));
}

/** Impressions won, what they cost and the clicks they brought, at one bid in second-price auctions. */
export function replay(
  auctions: readonly Auction[],
  bid: number,
): { readonly won: number; readonly cost: number; readonly clicks: number } {
  let [won, cost, clicks] = [0, 0, 0];
  for (const { click, price } of auctions) {
    if (price > bid) continue;
    won += 1;
    cost += price;
    clicks += click;
  }
  return { won, cost, clicks };
}

interface Past {
  readonly won: number;
  readonly cost: number;
  readonly clicks: number;
}

/** A controller's bid for the next day, from all days so far. */
type Controller = (bid: number, days: readonly Past[]) => number;

function sum(days: readonly Past[]): Past {
  return days.reduce(
    (total, day) => ({
      won: total.won + day.won,
      cost: total.cost + day.cost,
      clicks: total.clicks + day.clicks,
    }),
    { won: 0, cost: 0, clicks: 0 },
  );
}

/** How volume and price answer to the bid, and a bid controller on real prices and clicks. */
export const ipinyou: Backtest = {
  name: 'ipinyou',
  folder: 'ipinyou-2997-auctions',
  files: ['auctions.csv'],
  title: 'Bids replayed in real second-price auctions',
  run(read) {
    const auctions = readAuctions(read('auctions.csv'));
    const response = [20, 40, 60, 80, 120].map((bid) => ({ bid, ...replay(auctions, bid) }));
    const elasticity = (of: (at: ReturnType<typeof replay>) => number, bid: number): number =>
      Math.log(of(replay(auctions, bid * 1.1)) / of(replay(auctions, bid / 1.1))) / Math.log(1.21);

    const rate = auctions.reduce((clicks, auction) => clicks + auction.click, 0) / auctions.length;
    const target = BEST_BID / rate;
    const profit = ({ clicks, cost }: Past): number => target * clicks - cost;
    const value =
      (wrong: number): Controller =>
      (bid, days) => {
        const { won, clicks } = sum(days);
        // A prior worth two and a half clicks, wrong by this factor.
        const wanted = clickValueBid({
          targetCpa: target,
          clickPrior: { a: 2.5, b: 2.5 / (rate * wrong) },
          conversions: clicks,
          maturedClicks: won,
        });
        return limitedStep(bid, wanted, { step: 0.2, deadBand: 0.1 }) ?? bid;
      };
    const nudge: Controller = (bid, days) => {
      const { clicks, cost } = sum(days.slice(-3));
      return clicks > 0 && cost <= target * clicks ? bid * 1.2 : bid * 0.8;
    };
    const controllers: readonly (readonly [string, string, number, Controller])[] = [
      ['starts at 60, never moved', 'fixed', 1, (bid) => bid],
      ['starts at 30, never moved', 'fixedHalf', 0.5, (bid) => bid],
      ['starts at 30: target × shrunk clicks per impression', 'valueFromHalf', 0.5, value(0.5)],
      ['starts at 30: ±20 % on three days’ cost per click', 'nudgeFromHalf', 0.5, nudge],
      ['starts at 120, never moved', 'fixedDouble', 2, (bid) => bid],
      ['starts at 120: target × shrunk clicks per impression', 'valueFromDouble', 2, value(2)],
      ['starts at 120: ±20 % on three days’ cost per click', 'nudgeFromDouble', 2, nudge],
    ];
    const figures: Record<string, number> = {
      auctions: auctions.length,
      winShare60: (response[2]?.won ?? 0) / auctions.length,
      priceElasticity60: elasticity((at) => at.cost / at.won, BEST_BID),
      volumeElasticity60: elasticity((at) => at.won, BEST_BID),
    };
    const draw = draws(5);
    const orders = Array.from({ length: REPLAYS }, () => shuffled(auctions, draw));
    const perfect = profit(replay(auctions, BEST_BID));
    const rows = controllers.map(([name, key, start, controller]) => {
      let [earned, moves, last] = [0, 0, 0];
      for (const order of orders) {
        let bid = BEST_BID * start;
        const days: Past[] = [];
        for (let day = 0; day < DAYS; day += 1) {
          const from = Math.floor((day * order.length) / DAYS);
          const to = Math.floor(((day + 1) * order.length) / DAYS);
          days.push(replay(order.slice(from, to), bid));
          const next = controller(bid, days);
          if (next !== bid) moves += 1;
          bid = next;
        }
        earned += profit(sum(days)) / REPLAYS;
        last += bid / REPLAYS;
      }
      figures[key] = earned / perfect;
      return [name, rounded(earned / perfect), rounded(moves / REPLAYS / DAYS), rounded(last)];
    });
    return {
      tables: [
        {
          caption: 'Volume and price at a bid (CNY per thousand impressions)',
          columns: ['bid', 'win share', 'first analysis', 'mean price paid', 'first analysis'],
          rows: response.map(({ bid, won, cost }, index) => [
            bid,
            won / auctions.length,
            ['.36', '.56', '.68', '.76', '.86'][index] ?? '',
            cost / won,
            ['9', '16', '22', '27', '35'][index] ?? '',
          ]),
        },
        {
          caption: `Profit beside a fixed bid of ${BEST_BID}, what the average impression's click is worth; ${DAYS} days, ${REPLAYS} replays in random order`,
          columns: ['controller', 'profit ÷ that of 60', 'changes a day', 'bid in the end'],
          rows,
        },
      ],
      shows: [
        `Around a bid of ${BEST_BID} the price paid follows the bid with an elasticity of ${(figures['priceElasticity60'] ?? NaN).toFixed(2)} and the volume with ${(figures['volumeElasticity60'] ?? NaN).toFixed(2)} (first analysis of several campaigns: .54 to .79 and .16 to .64).`,
        `From 30, the value-based bid ends with ${(figures['valueFromHalf'] ?? NaN).toFixed(2)} of the profit at ${BEST_BID} instead of ${(figures['fixedHalf'] ?? NaN).toFixed(2)}; from 120, with ${(figures['valueFromDouble'] ?? NaN).toFixed(2)} instead of ${(figures['fixedDouble'] ?? NaN).toFixed(2)}. Nudging by the last days' cost per click follows the luck of a dozen clicks, down to ${Math.min(figures['nudgeFromHalf'] ?? NaN, figures['nudgeFromDouble'] ?? NaN).toFixed(2)}.`,
        `With ${Math.round(rate * auctions.length)} clicks in all a bid that starts low learns slowly, and it stays below the average click's value: cheap impressions are clicked less than dear ones.`,
      ],
      figures,
    };
  },
};
