import { sql } from 'kysely';
import { clickIdTimeMs } from '../../core/click-id.ts';
import { clickIdSpellings } from '../../core/click-id-spellings.ts';
import { textArray, timestampArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';
import type { NamedIds } from './object-finder.ts';

const DAY_MS = 86_400_000;
/** How far back a network's click id is looked for; it names no time by itself. */
const NETWORK_ID_DAYS = 90;

/** A click or an ad view as attribution sees it. */
export interface ClickRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly account_id: string | null;
  readonly network: string;
  readonly campaign_network_id: string | null;
  readonly adset_network_id: string | null;
  readonly ad_network_id: string | null;
  readonly placement: string | null;
  readonly network_click_id: string | null;
  readonly device_id: string | null;
  readonly user_hash: Buffer | null;
  readonly kind: 'click' | 'view';
  readonly retargeting: boolean;
  readonly link_id: string | null;
  /** As the link's parameters say. */
  readonly country: string | null;
  readonly clicked_at: Date;
}

/** Of a click under the alias `c`. */
export const CLICK_COLUMNS = sql`c.id, c.workspace_id, c.account_id, c.network, c.campaign_network_id, c.adset_network_id,
  c.ad_network_id, c.placement, c.network_click_id, c.device_id, c.user_hash, c.kind, c.retargeting, c.link_id,
  c.params->>'country' as country, c.clicked_at`;

/** What a click names. */
export function namedByClick(click: ClickRow): NamedIds {
  return {
    workspaceId: click.workspace_id,
    accountId: click.account_id,
    network: click.network,
    ad: click.ad_network_id,
    adset: click.adset_network_id,
    campaign: click.campaign_network_id,
  };
}

/** A click id that a postback brought, and when its event happened. */
export interface SentClickId {
  readonly workspaceId: string;
  readonly clickId: string;
  readonly atMs: number;
}

/**
 * Finds the clicks under sent ids; answers stand in the order of the questions. What is not found as it was sent is looked
 * for once more as senders damage ids.
 *
 * @param ahead clicks that were read before, by their id.
 */
export async function findClicks(
  trx: Db,
  questions: readonly SentClickId[],
  ahead: ReadonlyMap<string, ClickRow> = new Map(),
): Promise<readonly (ClickRow | null)[]> {
  const plain = (id: string): readonly string[] => clickIdSpellings(id).filter((one) => isPlain(one, id));
  const found: (ClickRow | null)[] = questions.map(({ clickId, workspaceId }) => {
    const click = ahead.get(clickId);
    return click?.workspace_id === workspaceId ? click : null;
  });
  /** Looks for those that are not found yet, in these spellings. */
  const look = async (spellings: (id: string) => readonly string[], isAsked: (id: string) => boolean) => {
    const left = questions.flatMap((question, index) =>
      found[index] === null && isAsked(question.clickId) ? [{ question, index }] : [],
    );
    const asked = left.map(({ question }) => question);
    const clicks = asked.length === 0 ? [] : await findSpelled(trx, asked, spellings);
    left.forEach(({ index }, i) => (found[index] = clicks[i] ?? null));
  };
  await look(plain, () => true);
  await look(clickIdSpellings, (id) => plain(id).length < clickIdSpellings(id).length);
  return found;
}

/** As sent, our own in capitals, with the "+" that form decoding turned into a space. */
function isPlain(spelling: string, sent: string): boolean {
  return spelling === sent || clickIdTimeMs(spelling) !== undefined || spelling === sent.replaceAll(' ', '+');
}

async function findSpelled(
  trx: Db,
  questions: readonly SentClickId[],
  spellings: (id: string) => readonly string[],
): Promise<readonly (ClickRow | null)[]> {
  const ids = [...new Set(questions.flatMap((q) => spellings(q.clickId)))];
  const own = await loadClicks(trx, ownIds(ids));
  const byOwnId = new Map(own.map((click) => [click.id, click]));
  const byNetworkId = await clicksByNetworkId(
    trx,
    ids.filter((id) => clickIdTimeMs(id) === undefined),
    questions,
  );
  return questions.map((question) => {
    for (const id of spellings(question.clickId)) {
      const own = byOwnId.get(id);
      if (own?.workspace_id === question.workspaceId) return own;
      const click = nearest(byNetworkId.get(`${question.workspaceId} ${id}`) ?? [], question.atMs);
      if (click) return click;
    }
    return null;
  });
}

/** Those that are click ids of ours, with the time in each. */
export function ownIds(ids: readonly string[]): readonly { readonly id: string; readonly atMs: number }[] {
  return ids.flatMap((id) => {
    const atMs = clickIdTimeMs(id);
    return atMs === undefined ? [] : [{ id, atMs }];
  });
}

/** Clicks by our own id and time: each is one probe into one partition. */
export async function loadClicks(
  trx: Db,
  keys: readonly { readonly id: string; readonly atMs: number }[],
): Promise<readonly ClickRow[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<ClickRow>`
    select ${CLICK_COLUMNS}
    from unnest(${textArray(keys.map((k) => k.id))}::text[], ${timestampArray(keys.map((k) => k.atMs))}::timestamptz[])
         as k (id, at)
    cross join lateral (
      select * from click
      where id = k.id and clicked_at = k.at
        and ${withinDaysOf(
          sql`clicked_at`,
          keys.map((k) => k.atMs),
        )}
      limit 1
    ) c`.execute(trx);
  return rows;
}

async function clicksByNetworkId(
  trx: Db,
  ids: readonly string[],
  questions: readonly SentClickId[],
): Promise<ReadonlyMap<string, readonly ClickRow[]>> {
  const found = new Map<string, ClickRow[]>();
  if (ids.length === 0) return found;
  const since = new Date(Math.min(...questions.map((q) => q.atMs)) - NETWORK_ID_DAYS * DAY_MS).toISOString();
  const { rows } = await sql<ClickRow>`
    select ${CLICK_COLUMNS} from click c
    where c.network_click_id = any(${ids}::text[]) and c.clicked_at >= ${since}::timestamptz
    order by c.clicked_at, c.id`.execute(trx);
  for (const click of rows) {
    const key = `${click.workspace_id} ${click.network_click_id ?? ''}`;
    const list = found.get(key);
    if (list) list.push(click);
    else found.set(key, [click]);
  }
  return found;
}

/** A page loaded twice gives one network click id to two visits: the last before the event, else the first after it. */
function nearest(clicks: readonly ClickRow[], atMs: number): ClickRow | undefined {
  return clicks.findLast((click) => click.clicked_at.getTime() <= atMs) ?? clicks[0];
}
