import { sql } from 'kysely';
import { SKEW_MS } from '../../core/attribution-candidates.ts';
import { sentSpellings } from '../../core/click-id-spellings.ts';
import { byteaArray, textArray, timestampArray } from '../binary-arrays.ts';
import type { ClickRow } from './clicks.ts';
import type { ConversionRow } from './messages.ts';
import { type Recredit, recredit } from './recredit.ts';
import type { CampaignRef } from './write-changes.ts';

/**
 * Credits conversions that came before their click was stored: clicks wait on disk while the database is away, and a
 * tracker may be faster. Their postbacks answered "unknown click" and now say what they earned; what meanwhile only the
 * sender's ids credited goes to the click, which wins.
 *
 * @param clicks clicks just taken from the click inbox.
 */
export async function creditLateClicks(
  context: Recredit,
  clicks: readonly ClickRow[],
): Promise<readonly CampaignRef[]> {
  const { trx } = context;
  const ids = new Set(
    clicks.flatMap((click) => [
      ...sentSpellings(click.id),
      ...(click.network_click_id === null ? [] : sentSpellings(click.network_click_id)),
    ]),
  );
  const workspaces = [...new Set(clicks.map((click) => click.workspace_id))];
  const sent = textArray([...ids]);
  const found = [
    sql`select id from conversion where click_id = any(${sent}::text[]) and clicked_at is null
          and workspace_id = any(${workspaces}::text[])`,
    sql`select id from conversion where sent_click_id = any(${sent}::text[]) and workspace_id = any(${workspaces}::text[])`,
  ];
  const devices = clicks.filter((click) => click.device_id !== null);
  if (devices.length > 0)
    found.push(ofPersons(devices, 'device_id', sql`${textArray(devices.map((c) => c.device_id))}::text[]`));
  const users = clicks.filter((click) => click.user_hash !== null);
  if (users.length > 0)
    found.push(ofPersons(users, 'user_hash', sql`${byteaArray(users.map((c) => c.user_hash))}::bytea[]`));
  const { rows } = await sql<ConversionRow>`
    select * from conversion where id in (${sql.join(found, sql` union `)}) and excluded is null
    order by event_at, id for update`.execute(trx);
  return recredit(context, rows);
}

/** Later events of these persons that another touch, or nothing, has earned: a sent click id binds, and so does what they follow. */
function ofPersons(
  clicks: readonly ClickRow[],
  column: 'device_id' | 'user_hash',
  persons: ReturnType<typeof sql>,
) {
  return sql`
    select c.id
    from unnest(${textArray(clicks.map((c) => c.workspace_id))}::text[], ${persons},
                ${timestampArray(clicks.map((c) => c.clicked_at.getTime() - SKEW_MS))}::timestamptz[])
         as k (workspace_id, person, at)
    join conversion c on c.workspace_id = k.workspace_id and ${sql.ref(`c.${column}`)} = k.person and c.event_at >= k.at
    where c.match in ('device', 'user') or (c.click_id is null and c.follows_id is null)`;
}
