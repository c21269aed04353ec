import { mean, quantile } from 'simple-statistics';
import { RUNAWAY, spendAnomaly } from '../../src/core/statistics/anomaly.ts';
import { trafficShare } from '../../src/sandbox/market/traffic.ts';
import { type Backtest, percent, rounded } from './backtest.ts';
import { numberOf, readCsv } from './csv.ts';

const HOURS = 24;
const DAYS = 7;
/** Other regions that stand in for earlier weeks of the same hour. */
const WEEKS = 8;

/** Share of a week's traffic by region, then by hour of the week from Monday 0:00. */
export function readShares(text: string): ReadonlyMap<string, readonly number[]> {
  const regions = new Map<string, number[]>();
  for (const [region = '', dow, hour, share] of readCsv(text, [
    'region_id',
    'dow',
    'hour',
    'traffic_share',
  ])) {
    let shares = regions.get(region);
    if (shares === undefined) regions.set(region, (shares = Array.from({ length: HOURS * DAYS }, () => 0)));
    shares[(numberOf(dow) - 1) * HOURS + numberOf(hour)] = numberOf(share);
  }
  return regions;
}

/** Hours of a day at which more than 1.5 times the planned share of the day is gone, though nothing is wrong. */
export function falseRunaways(day: readonly number[], planned: (hour: number) => number): number {
  const total = day.reduce((sum, share) => sum + share, 0);
  let [gone, alarms] = [0, 0];
  for (const [hour, share] of day.entries()) {
    gone += share / total;
    if (gone > RUNAWAY * planned(hour)) alarms += 1;
  }
  return alarms;
}

/** Hour and weekday profile of real traffic beside the simulated market's, and what it means for alarms about spend. */
export const avito: Backtest = {
  name: 'avito',
  folder: 'avito-traffic-share',
  files: ['traffic-share.csv'],
  title: 'Traffic by hour and weekday, and alarms about spend',
  run(read) {
    const regions = [...readShares(read('traffic-share.csv')).values()];
    const hourOfWeek = Array.from({ length: HOURS * DAYS }, (_, hour) =>
      mean(regions.map((shares) => shares[hour] ?? 0)),
    );
    const byHour = Array.from({ length: HOURS }, (_, hour) =>
      hourOfWeek.reduce((sum, share, index) => sum + (index % HOURS === hour ? share : 0), 0),
    );
    const byDay = Array.from({ length: DAYS }, (_, day) =>
      hourOfWeek.slice(day * HOURS, day * HOURS + HOURS).reduce((sum, share) => sum + share, 0),
    );
    // The market counts days from Sunday.
    const marketHour = Array.from({ length: HOURS }, (_, hour) => trafficShare(hour, 2));
    const marketSum = marketHour.reduce((sum, share) => sum + share, 0);
    const marketDay = Array.from({ length: DAYS }, (_, day) => trafficShare(12, (day + 1) % 7));
    const marketDaySum = marketDay.reduce((sum, share) => sum + share, 0);
    const ratio = Math.max(...byHour) / Math.min(...byHour);
    const marketRatio = Math.max(...marketHour) / Math.min(...marketHour);
    const off =
      byHour.reduce((sum, share, hour) => sum + Math.abs(share - (marketHour[hour] ?? 0) / marketSum), 0) / 2;

    // A region's hour beside the same hour of eight others: quiet as it is, doubled, tripled.
    const alarms = (factor: number): number => {
      let [asked, rung] = [0, 0];
      for (const [place, shares] of regions.entries())
        for (let hour = 0; hour < HOURS * DAYS; hour += 1) {
          const others = Array.from(
            { length: WEEKS },
            (_, week) => regions[(place + 1 + week * 13) % regions.length]?.[hour] ?? 0,
          );
          asked += 1;
          if (spendAnomaly({ spend: factor * (shares[hour] ?? 0), sameHour: others }).unusual) rung += 1;
        }
      return rung / asked;
    };
    const [calm, doubled, tripled] = [alarms(1), alarms(2), alarms(3)];
    const cumulated = byHour.map((_, hour) =>
      byHour.slice(0, hour + 1).reduce((sum, share) => sum + share, 0),
    );
    const runaways = (planned: (hour: number) => number): number =>
      mean(
        regions.flatMap((shares) =>
          Array.from({ length: DAYS }, (_, day) =>
            falseRunaways(shares.slice(day * HOURS, day * HOURS + HOURS), planned),
          ),
        ),
      );
    const line = (hour: number): number => (hour + 1) / HOURS;
    const curve = (hour: number): number => cumulated[hour] ?? 1;
    const [straight, curved] = [runaways(line), runaways(curve)];
    // Spend at twice its usual pace from midnight on: the first hour at whose end it is seen.
    const seenAfter = (planned: (hour: number) => number): number => {
      const hour = cumulated.findIndex((gone, at) => 2 * gone > RUNAWAY * planned(at));
      return hour === -1 ? HOURS : hour + 1;
    };
    const spread = regions.map((shares) => Math.max(...shares) / quantile([...shares], 0.05));
    return {
      tables: [
        {
          caption: 'Share of a day by hour',
          columns: ['hour', 'real', 'simulated market'],
          rows: [0, 3, 6, 9, 12, 15, 18, 21].map((hour) => [
            `${hour}:00`,
            percent(byHour[hour] ?? 0),
            percent((marketHour[hour] ?? 0) / marketSum),
          ]),
        },
        {
          caption: 'Share of a week by day',
          columns: ['day', 'real', 'simulated market'],
          rows: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((name, day) => [
            name,
            percent(byDay[day] ?? 0),
            percent((marketDay[day] ?? 0) / marketDaySum),
          ]),
        },
        {
          caption: `Alarms about an hour's spend, beside the same hour of ${WEEKS} other regions`,
          columns: ['spend', 'alarms'],
          rows: [
            ['as it is', percent(calm)],
            ['doubled', percent(doubled)],
            ['tripled', percent(tripled)],
          ],
        },
      ],
      shows: [
        `The busiest hour has ${rounded(ratio)} times the traffic of the quietest (first analysis: nine); the simulated market's ${rounded(marketRatio)}. ${percent(off)} of a real day's traffic lies in other hours than the market puts it.`,
        `Spend at twice its pace from midnight on passes 1.5 times a straight line through the day after ${seenAfter(line)} hours, and 1.5 times the traffic's own curve after ${seenAfter(curve)}; with nothing wrong, ${straight.toFixed(1)} and ${curved.toFixed(1)} hours of a day look like a runaway. Regions differ most at night, where little is spent.`,
      ],
      figures: {
        regions: regions.length,
        busiestToQuietest: ratio,
        marketBusiestToQuietest: marketRatio,
        trafficElsewhere: off,
        alarmsCalm: calm,
        alarmsDoubled: doubled,
        alarmsTripled: tripled,
        runawayHoursStraight: straight,
        runawayHoursByCurve: curved,
        seenAfterHoursStraight: seenAfter(line),
        seenAfterHoursByCurve: seenAfter(curve),
        peakToLowMedian: quantile(spread, 0.5),
      },
    };
  },
};
