import { quantile } from 'simple-statistics';
import { defaultCurve } from '../../src/core/statistics/default-curves.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import { type Backtest, percent, rounded } from './backtest.ts';
import { readCsv } from './csv.ts';

const LEAST_INSTALLS = 10;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export interface Install {
  readonly app: string;
  /** From click to install. */
  readonly delayMs: number;
}

export function readInstalls(text: string): readonly Install[] {
  return readCsv(text, ['app', 'click_time', 'attributed_time']).flatMap(
    ([app = '', clicked = '', installed = '']) =>
      installed === '' ? [] : [{ app, delayMs: instant(installed) - instant(clicked) }],
  );
}

function instant(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

export function shareWithin(installs: readonly Install[], ms: number): number {
  return installs.filter((install) => install.delayMs <= ms).length / installs.length;
}

/** Click-to-install times: the baseline that fraud checks and the stored delay curve of installs start from. */
export const talkingdata: Backtest = {
  name: 'talkingdata',
  folder: 'talkingdata-clicks',
  files: ['clicks.csv'],
  title: 'Click-to-install times',
  run(read) {
    const installs = readInstalls(read('clicks.csv'));
    const row = (name: string, of: readonly Install[]): (string | number)[] => [
      name,
      of.length,
      `${rounded(
        quantile(
          of.map((one) => one.delayMs / SECOND_MS),
          0.5,
        ),
      )} s`,
      percent(of.filter((one) => one.delayMs < 10 * SECOND_MS).length / of.length),
      percent(shareWithin(of, MINUTE_MS)),
      percent(shareWithin(of, HOUR_MS)),
      percent(shareWithin(of, 24 * HOUR_MS)),
    ];
    const apps = [...Map.groupBy(installs, (install) => install.app)]
      .filter(([, of]) => of.length >= LEAST_INSTALLS)
      .toSorted(([, a], [, b]) => b.length - a.length);
    const stored = defaultCurve('install', 7 * 24 * HOUR_MS);
    const at = (ms: number): string =>
      `${percent(arrived(stored, ms, 'share'))} (${percent(arrived(stored, ms, 'lower'))} to ${percent(arrived(stored, ms, 'upper'))})`;
    const oneHour = shareWithin(installs, HOUR_MS);
    const inside =
      oneHour >= arrived(stored, HOUR_MS, 'lower') && oneHour <= arrived(stored, HOUR_MS, 'upper');
    return {
      tables: [
        {
          caption: `Share of installs within a time of the click, apps with ${LEAST_INSTALLS} installs or more`,
          columns: ['app', 'installs', 'median', 'under 10 s', '1 min', '1 h', '24 h'],
          rows: [
            ...apps.map(([app, of]) => row(`app ${app}`, of)),
            row('all', installs),
            ['first analysis', '', '198 s', '2.2 %', '28.6 %', '72.7 %', '100 %'],
            ['stored curve', '', '', '', at(MINUTE_MS), at(HOUR_MS), at(24 * HOUR_MS)],
          ],
        },
      ],
      shows: [
        `Within an hour ${percent(oneHour)} have installed; the stored curve, by which an app is judged before it has installs of its own, says ${percent(arrived(stored, HOUR_MS, 'share'))}, and its bounds ${inside ? 'hold' : 'do not hold'} it.`,
        `Within a minute it is ${percent(shareWithin(installs, MINUTE_MS))}, and the stored curve says ${percent(arrived(stored, MINUTE_MS, 'share'))}: it believes the first installs slower than they are here. That errs on the careful side and is over once an account has a hundred installs of its own.`,
        'Installs of later days are not in these data: the stored curve’s last 5 % after the first day cannot be checked here.',
        'Apps differ widely, so click-to-install times of a source are to be compared with the same app’s. Detection of injected and flooded installs is not part of this backtest.',
      ],
      figures: {
        installs: installs.length,
        under10s: installs.filter((one) => one.delayMs < 10 * SECOND_MS).length / installs.length,
        within1Minute: shareWithin(installs, MINUTE_MS),
        within1Hour: oneHour,
        storedWithin1Hour: arrived(stored, HOUR_MS, 'share'),
      },
    };
  },
};
