import { sql } from 'kysely';
import { isAnchor } from '../../core/attribution.ts';
import { byteaArray, textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { loadGround } from './accounts.ts';
import { touchOf, withCredit, withPayout, withValue } from './conversion-rows.ts';
import { latest, settle } from './judge.ts';
import { Lives, loadLives, storeLives } from './lives.ts';
import { lookUp } from './lookups.ts';
import { type ConversionRow, loadMessages } from './messages.ts';
import type { ConversionChange } from './rollups.ts';
import { speak } from './speak.ts';
import { tellPostbacks } from './tell-postbacks.ts';
import { addWaiting, type WaitingRow } from './waiting.ts';
import { type CampaignRef, writeChanges } from './write-changes.ts';

/** A trial that follows an install has followers of its own; two of one instant must not pass each other on for ever. */
const MOST_GENERATIONS = 8;

export interface Recredit {
  readonly trx: Db;
  /** Accounts whose totals this transaction holds; nothing is taken from or credited to others. */
  readonly held: ReadonlySet<string>;
  /** When what changed became known, workspace time, ms; null for now. */
  readonly knownFromMs: number | null;
  readonly wallMs: number;
  /** Their time has moved: what no longer reaches it has not earned it. */
  readonly retimed?: boolean;
}

/**
 * Asks once more who earned these conversions, now that more is known, and moves what moves, with what follows it. A credit is
 * not taken away without another, since what spoke for it may have been deleted by its age; but what followed a conversion that
 * turned out to be on the other track goes with nobody.
 *
 * @returns the campaigns whose counts changed.
 */
export async function recredit(
  context: Recredit,
  rows: readonly ConversionRow[],
  generation = 1,
): Promise<readonly CampaignRef[]> {
  if (rows.length === 0) return [];
  const { trx } = context;
  const ground = await loadGround(
    trx,
    [...new Set(rows.map((row) => row.workspace_id))],
    [...new Set(rows.map((row) => row.source_id))],
    context.wallMs,
  );
  const first = await loadMessages(
    trx,
    rows.map((row) => ({ id: row.first_postback_id, at: row.received_at })),
  );
  const byId = new Map(first.map((message) => [message.id, message]));
  // In order of the events, so that an install is settled before what follows it.
  const asked = [...rows]
    .sort((a, b) => a.event_at.getTime() - b.event_at.getTime() || (a.id < b.id ? -1 : 1))
    .flatMap((row) => {
      const message = byId.get(row.first_postback_id);
      // The conversion may have happened before its first message says.
      return message ? [{ row, message: { ...message, event_at: row.event_at } }] : [];
    });
  const lookups = await lookUp(
    trx,
    ground,
    asked.map(({ message }) => message),
  );
  const pays = asked.some(
    ({ row }) => row.payout_micros !== null || ground.payoutsOf(row.workspace_id).length > 0,
  );
  const lives = pays
    ? await loadLives(
        trx,
        rows.map((row) => row.id),
      )
    : new Lives();
  const steps: ConversionChange[] = [];
  const waiting: WaitingRow[] = [];
  const isHeld = ({ account_id: id }: ConversionRow): boolean => id === null || context.held.has(id);
  asked.forEach(({ row, message }, index) => {
    const before = latest(lookups, row);
    const spoken = speak(message, lookups.touches[index] ?? [], lookups, before.id);
    const { credit } = spoken;
    const loses = credit.kind !== 'attributed' && before.attributed_by !== null;
    if (loses && before.match !== 'follows' && context.retimed !== true) return;
    const credited = withCredit(before, credit, message.click_id, lookups);
    if (![before, credited].every(isHeld)) return;
    const paid = withPayout(credited, spoken.payout, lives);
    const alone = paid === credited || paid.attributed_by === null ? paid : withValue(paid, lookups);
    const settled = settle(lookups, alone);
    // No sync moves what another account's report counts: whoever holds both settles it.
    const [after, others] = settled.others.every((other) => isHeld(other.after))
      ? [settled.row, settled.others]
      : [alone, []];
    const knownFromMs = context.knownFromMs ?? ground.nowMs(before.workspace_id);
    for (const other of others) {
      const knownFrom = new Date(Math.max(knownFromMs, other.after.received_at.getTime()));
      steps.push({ ...other, postbackId: other.after.last_postback_id, knownFrom });
    }
    lookups.anchors.add(after, touchOf(after, credit, ground));
    if (sameCredit(before, after)) return;
    if (spoken.missing !== null) {
      waiting.push({
        workspaceId: before.workspace_id,
        networkId: spoken.missing,
        kind: 'conversion',
        id: before.id,
        at: before.received_at,
        objectId: after.object_id,
      });
    }
    const knownFrom = new Date(Math.max(knownFromMs, before.received_at.getTime()));
    steps.push({ before, after, postbackId: before.last_postback_id, knownFrom });
  });
  const changes = [...Map.groupBy(steps, ({ after }) => after.id).values()].flatMap(asOne);
  await storeLives(trx, lives);
  await tellPostbacks(trx, changes, lookups.installs);
  await addWaiting(trx, waiting);
  const campaigns = await writeChanges(trx, ground, changes);
  return [...campaigns, ...(await creditFollowers(context, changes, generation + 1))];
}

/** One conversion's steps of one instant as one. */
function asOne(steps: readonly ConversionChange[]): readonly ConversionChange[] {
  const [first, last] = [steps[0], steps.at(-1)];
  return first && last ? [{ ...last, before: first.before }] : [];
}

/** Whether two states of a conversion are credited alike: what is summed by it, what it is to others, what may follow it. */
function sameCredit(before: ConversionRow, after: ConversionRow): boolean {
  return (
    before.excluded === after.excluded &&
    before.event_at.getTime() === after.event_at.getTime() &&
    before.attributed_by === after.attributed_by &&
    before.match === after.match &&
    before.account_id === after.account_id &&
    before.object_id === after.object_id &&
    before.click_id === after.click_id &&
    before.clicked_at?.getTime() === after.clicked_at?.getTime() &&
    before.follows_id === after.follows_id &&
    before.view_through === after.view_through &&
    before.retargeting === after.retargeting &&
    before.same_as_id === after.same_as_id &&
    before.relation_of_id === after.relation_of_id &&
    before.original_micros === after.original_micros &&
    before.original_currency === after.original_currency
  );
}

/**
 * Asks once more who earned what happened earlier than was known: a message that came later told its date.
 *
 * @param rows just written.
 */
export function creditRetimed(
  context: Recredit,
  rows: readonly ConversionRow[],
): Promise<readonly CampaignRef[]> {
  return recredit({ ...context, retimed: true }, rows);
}

/**
 * Credits what follows an install or trial whose credit is new or has moved. Postbacks arrive out of order, an install may
 * earn its credit only when its click is stored, and a sync may bring its ad later: what follows it goes along.
 *
 * @param changes just written.
 */
export async function creditFollowers(
  context: Recredit,
  changes: readonly ConversionChange[],
  generation = 1,
): Promise<readonly CampaignRef[]> {
  if (generation > MOST_GENERATIONS) return [];
  const anchors = changes.filter(
    ({ before, after }) =>
      (after.same_as_id !== null || (after.attributed_by !== null && after.excluded === null)) &&
      isAnchor(after.event, after.event_type) &&
      !(before && sameCredit(before, after)),
  );
  if (anchors.length === 0) return [];
  const rows = await loadFollowers(context.trx, anchors);
  const knownFromMs = Math.max(...anchors.map((anchor) => anchor.knownFrom.getTime()));
  return recredit({ ...context, knownFromMs, retimed: false }, rows, generation);
}

/** Credited to the click under the sent id, if to any, and yet not for good. */
const UNSETTLED = sql`(attributed_by is null or view_through or retargeting or event_type in ('reinstall', 'uninstall'))`;

/**
 * What may follow these: events after them of the same person that no click under a sent id has earned, but not what follows
 * a new one already.
 */
async function loadFollowers(
  trx: Db,
  anchors: readonly ConversionChange[],
): Promise<readonly ConversionRow[]> {
  const after = anchors.map((anchor) => anchor.after);
  const { rows } = await sql<ConversionRow>`
    select * from conversion where id in (
      select c.id
      from unnest(${uuidArray(after.map((a) => a.id))}::uuid[], ${textArray(after.map((a) => a.workspace_id))}::text[],
                  ${textArray(after.map((a) => a.device_id))}::text[], ${byteaArray(after.map((a) => a.user_hash))}::bytea[],
                  ${textArray(after.map((a) => a.click_id))}::text[],
                  ${timestampArray(after.map((a) => a.event_at.getTime()))}::timestamptz[],
                  ${textArray(anchors.map(({ before }) => (before?.attributed_by ? 'moved' : 'new')))}::text[])
           as a (id, workspace_id, device_id, user_hash, click_id, at, was)
      cross join lateral (
        select * from conversion where device_id = a.device_id and workspace_id = a.workspace_id
        union all
        select * from conversion where user_hash = a.user_hash and workspace_id = a.workspace_id
        union all
        select * from conversion where click_id = a.click_id and clicked_at is null and workspace_id = a.workspace_id
        union all
        select * from conversion
        where click_id = a.click_id and ${UNSETTLED} and workspace_id = a.workspace_id
        union all
        select * from conversion where sent_click_id = a.click_id and workspace_id = a.workspace_id
        union all
        select * from conversion where follows_id = a.id
        union all
        -- What another sender tells of its user follows it too.
        select f.* from conversion t join conversion f
          on (f.device_id = t.device_id or f.user_hash = t.user_hash) and f.workspace_id = t.workspace_id
        where t.same_as_id = a.id
      ) c
      where c.id <> a.id and c.event_at >= a.at and not (a.was = 'new' and c.follows_id is not distinct from a.id)
        and c.event_type not in ('install', 're-engagement', 're-attribution')
        and (c.match is distinct from 'click_id' or ${UNSETTLED})
    ) and excluded is null
    order by event_at, id for update`.execute(trx);
  return rows;
}
