import { sql } from 'kysely';
import { SKEW_MS } from '../../core/attribution-candidates.ts';
import { byteaArray, textArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import { CLICK_COLUMNS, type ClickRow } from './clicks.ts';

const HOUR_MS = 3_600_000;
/** An uninstall has no window; older touches than this are not looked for. */
const MOST_HOURS = 90 * 24;

/** Somebody whose touches are looked for. */
export interface PersonQuestion {
  readonly workspaceId: string;
  readonly deviceId: string | null;
  readonly userHash: Buffer | null;
  readonly atMs: number;
  /** The longest window of any touch. */
  readonly windowHours: number;
}

export interface PersonClick {
  readonly row: ClickRow;
  readonly match: 'device' | 'user';
}

/**
 * The touches of these devices and users within the windows: of each kind, retargeting or not, the most recent one. Another
 * could not win over it, whatever else speaks for the conversion.
 *
 * @returns in the order of the questions.
 */
export async function findPersonClicks(
  trx: Db,
  questions: readonly (PersonQuestion | null)[],
): Promise<readonly (readonly PersonClick[])[]> {
  const found = new Map<number, Map<string, PersonClick>>();
  const asked = questions.flatMap((question, index) =>
    question === null
      ? []
      : [
          {
            ...question,
            index,
            fromMs: question.atMs - Math.min(question.windowHours, MOST_HOURS) * HOUR_MS,
            toMs: question.atMs + SKEW_MS,
          },
        ],
  );
  for (const match of ['device', 'user'] as const) {
    const of = asked.filter((q) => (match === 'device' ? q.deviceId : q.userHash) !== null);
    if (of.length === 0) continue;
    const person =
      match === 'device'
        ? sql`${textArray(of.map((q) => q.deviceId))}::text[]`
        : sql`${byteaArray(of.map((q) => q.userHash))}::bytea[]`;
    const { rows } = await sql<ClickRow & { question: number }>`
      select q.question::int as question, ${CLICK_COLUMNS}
      from unnest(${of.map((q) => q.index)}::int[], ${textArray(of.map((q) => q.workspaceId))}::text[], ${person},
                  ${timestampArray(of.map((q) => q.fromMs))}::timestamptz[],
                  ${timestampArray(of.map((q) => q.toMs))}::timestamptz[])
           as q (question, workspace_id, person, from_at, to_at)
      cross join lateral (
        select distinct on (kind, retargeting) * from click
        where workspace_id = q.workspace_id and ${sql.ref(match === 'device' ? 'device_id' : 'user_hash')} = q.person
          and clicked_at >= q.from_at and clicked_at <= q.to_at
          and ${withinDaysOf(
            sql`clicked_at`,
            of.flatMap((q) => [q.fromMs, q.toMs]),
          )}
        order by kind, retargeting, clicked_at desc, id desc
      ) c`.execute(trx);
    for (const { question, ...row } of rows) {
      const touches = found.get(question) ?? new Map<string, PersonClick>();
      found.set(question, touches);
      // A touch that device and user both lead to is the device's.
      if (!touches.has(row.id)) touches.set(row.id, { row, match });
    }
  }
  return questions.map((_, index) => [...(found.get(index)?.values() ?? [])]);
}
