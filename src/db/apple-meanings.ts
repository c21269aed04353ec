import type { AppleValues } from '../contract/apple-settings.ts';
import type { ConversionValueMap, ValueMeaning, WindowValues } from '../core/apple/conversion-values.ts';
import type { AppleMeaning } from '../core/apple/report.ts';
import { micros, MICROS_PER_UNIT } from '../core/money.ts';
import type { ObjectId } from '../core/object.ts';
import type { AppleApp } from './apple-apps.ts';
import type { Db } from './connection.ts';

/** What was written down about each app, with its campaigns by name. */
export async function appleMeanings(
  db: Db,
  apps: readonly AppleApp[],
): Promise<ReadonlyMap<string, AppleMeaning>> {
  const ids = new Set(apps.flatMap((app) => Object.values(app.settings.campaigns ?? {})));
  const rows = await db
    .selectFrom('object')
    .select(['id', 'name'])
    .where('id', 'in', ids.size === 0 ? [0 as ObjectId] : [...ids].map((id) => id as ObjectId))
    .execute();
  const names = new Map<number, string>(rows.map((row) => [row.id, row.name]));
  return new Map(
    apps.map(({ appId, settings }) => [
      appId,
      {
        values: settings.values === undefined ? null : valueMap(settings.values),
        campaigns: Object.fromEntries(
          Object.entries(settings.campaigns ?? {}).map(([identifier, id]) => [
            identifier,
            names.get(id) ?? `campaign ${id}`,
          ]),
        ),
        short: settings.shortForm ?? 'last',
      },
    ]),
  );
}

/** The user's map with its money in micros. */
function valueMap({ currency, trustValues, windows }: AppleValues): ConversionValueMap {
  type Stored = AppleValues['windows'][number];
  const table = (meanings: Readonly<Record<string, NonNullable<Stored['fine']>[string] | undefined>>) =>
    Object.fromEntries(
      Object.entries(meanings).flatMap(([word, meaning]): [string, ValueMeaning][] =>
        meaning === undefined
          ? []
          : [
              [
                word,
                {
                  event: meaning.event,
                  revenueMicros:
                    meaning.revenue === undefined || meaning.revenue === null
                      ? null
                      : micros(Math.round(meaning.revenue * MICROS_PER_UNIT)),
                },
              ],
            ],
      ),
    );
  const windowOf = ({ fine, coarse }: Stored): WindowValues => ({
    ...(fine === undefined ? {} : { fine: table(fine) }),
    ...(coarse === undefined ? {} : { coarse: table(coarse) }),
  });
  return { currency, trustValues, windows: windows.map(windowOf) };
}
