import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/core/attribution-candidates.ts';
import { credit } from '../../src/core/attribution-credit.ts';
import type { Credit, CreditAnchor } from '../../src/core/attribution-facts.ts';
import { creditWindows } from '../../src/core/attribution-windows.ts';
import { isAnchor, type KnownObject } from '../../src/core/attribution.ts';
import type { ObjectId } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import {
  addClick,
  addPostback,
  clickIdAt,
  type SeededAccount,
  T0,
  totalsThatDiffer,
} from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { PROPERTY_TIMES, runs } from '../support/property-runs.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let database: TestDatabase;
let db: Db;
let facts: IngestFixture;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  facts = new IngestFixture(db);
});
afterAll(() => database.drop());

interface Person {
  readonly device: number | null;
  readonly user: number | null;
}

interface WorldTouch extends Person {
  readonly hour: number;
  readonly kind: 'click' | 'view';
  readonly retargeting: boolean;
  readonly ad: number;
}

interface WorldEvent extends Person {
  readonly hour: number;
  readonly what: readonly [event: string, eventType: string];
  /** A touch of the world, one that nobody knows, or none sent. */
  readonly sent: number | 'unknown' | null;
  readonly senderAd: number | null;
  readonly viewThrough: boolean;
  readonly reEngagement: boolean;
}

interface World {
  readonly touches: readonly WorldTouch[];
  readonly events: readonly WorldEvent[];
  /** Facts in the order they arrive: touches first, then events, by number. */
  readonly order: readonly number[];
  /** Drained after a fact where it is 0. */
  readonly drains: readonly number[];
}

const TOUCHES = 5;
const EVENTS = 5;
/** Days of a month that events of the first ones are too late for, among others. */
const hours = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: 0, max: 40 * 24 }),
  fc.integer({ min: 33 * 24, max: 40 * 24 }),
);
const person = {
  device: fc.option(fc.nat(1), { freq: 4 }),
  user: fc.option(fc.nat(1), { freq: 4 }),
};
const world: fc.Arbitrary<World> = fc.record({
  touches: fc.array(
    fc.record({
      ...person,
      hour: hours,
      kind: fc.constantFrom<'click' | 'view'>('click', 'click', 'view'),
      retargeting: fc.nat(3).map((n) => n === 0),
      ad: fc.nat(2),
    }),
    { minLength: TOUCHES, maxLength: TOUCHES },
  ),
  events: fc.array(
    fc.record({
      ...person,
      hour: hours,
      what: fc.constantFrom<WorldEvent['what'][]>(
        ['install', 'install'],
        ['install', 'install'],
        ['trial_start', 'event'],
        ['purchase', 'event'],
        ['purchase', 'event'],
        ['reinstall', 'reinstall'],
        ['uninstall', 'uninstall'],
        ['open', 're-engagement'],
      ),
      sent: fc.option(fc.oneof(fc.nat(TOUCHES - 1), fc.constant('unknown' as const)), { freq: 2 }),
      senderAd: fc.option(fc.nat(2), { freq: 2 }),
      viewThrough: fc.nat(4).map((n) => n === 0),
      reEngagement: fc.nat(4).map((n) => n === 0),
    }),
    { minLength: EVENTS, maxLength: EVENTS },
  ),
  order: fc.shuffledSubarray(
    Array.from({ length: TOUCHES + EVENTS }, (_, i) => i),
    { minLength: TOUCHES + EVENTS, maxLength: TOUCHES + EVENTS },
  ),
  drains: fc.array(fc.nat(2), { minLength: TOUCHES + EVENTS, maxLength: TOUCHES + EVENTS }),
});

/** No two of one instant: which of them came first is nobody's to say. */
const touchAt = (touch: WorldTouch, index: number): number => T0 + touch.hour * HOUR + index;
const eventAt = (event: WorldEvent, index: number): number => T0 + event.hour * HOUR + 100 + index;

const isSame = (a: Person, b: Person): boolean =>
  (a.device !== null && a.device === b.device) || (a.user !== null && a.user === b.user);

interface Earned {
  readonly index: number;
  readonly atMs: number;
  readonly credit: Credit;
  readonly event: string;
  readonly eventType: string;
  readonly clickId: string | null;
}

/** What each event earns by everything there is to know, the events in their own order. */
function oracle({ touches, events }: World, ids: readonly string[], shop: SeededAccount): readonly Earned[] {
  const object = (ad: number): KnownObject => ({
    id: shop.objects.get(`a${ad + 1}`) ?? (0 as ObjectId),
    level: 'ad',
    name: `name of a${ad + 1}`,
    campaignId: shop.objects.get(ad === 2 ? 'c2' : 'c1') ?? null,
  });
  const place = (ad: number) => ({ network: 'meta', accountId: shop.accountId, object: object(ad) });
  const earned: Earned[] = [];
  const inOrder = events
    .map((event, index) => ({ event, index, atMs: eventAt(event, index) }))
    .toSorted((a, b) => a.atMs - b.atMs);
  for (const { event: said, index, atMs } of inOrder) {
    const reattributed = said.what[1] === 'install' && said.reEngagement;
    const [event, eventType] = reattributed ? ['re-attribution', 're-attribution'] : said.what;
    const windows = creditWindows(event, eventType);
    const sentClickId =
      said.sent === null ? null : said.sent === 'unknown' ? 'unknown' : (ids[said.sent] ?? '');
    const reachMs =
      (eventType === 'uninstall' ? 90 * 24 : Math.max(windows.clickHours, windows.viewHours)) * HOUR;
    const candidates = touches.flatMap((touch, i): Candidate[] => {
      const own = touchAt(touch, i);
      const bySent = said.sent === i;
      if (sentClickId !== null ? !bySent : !isSame(touch, said) || own < atMs - reachMs) return [];
      return [
        {
          id: ids[i] ?? '',
          kind: touch.kind,
          match: bySent
            ? 'click_id'
            : touch.device !== null && touch.device === said.device
              ? 'device'
              : 'user',
          atMs: own,
          ...place(touch.ad),
          placement: null,
          windowHours: null,
          retargeting: touch.retargeting,
        },
      ];
    });
    const anchors = earned.flatMap((before): CreditAnchor[] => {
      const { credit: won } = before;
      const person = events[before.index];
      if (won.kind !== 'attributed' || !isAnchor(before.event, before.eventType) || !person) return [];
      if (!isSame(person, said) && (before.clickId === null || before.clickId !== sentClickId)) return [];
      return [
        {
          conversionId: `${before.index}`,
          event: before.event,
          by: won.by === 'sender' || won.match === 'sender' ? 'sender' : 'click',
          network: 'meta',
          accountId: won.accountId,
          object: won.object,
          clickId: before.clickId,
          clickedAtMs: won.touchedAtMs,
          placement: null,
          atMs: before.atMs,
          track: won.track,
          viewThrough: won.viewThrough,
        },
      ];
    });
    const found = credit({
      event,
      eventType,
      atMs,
      windows,
      sentClickId,
      candidates,
      anchors,
      sender: said.senderAd === null ? null : { ...place(said.senderAd), viewThrough: said.viewThrough },
      retargeting: said.reEngagement,
      txid: null,
      user: null,
    });
    const clickId = found.kind === 'attributed' ? (found.touchId ?? sentClickId) : sentClickId;
    earned.push({ index, atMs, credit: found, event, eventType, clickId });
  }
  return earned;
}

const hashOf = (user: number | null, shop: SeededAccount): Buffer | null =>
  user === null ? null : createHash('sha256').update(`${shop.workspaceId} ${user}`).digest();
const deviceOf = (device: number | null): string | null => (device === null ? null : `device ${device}`);

describe('whatever arrives in whatever order', () => {
  it(
    'ends with what credit() says of all of it',
    async () => {
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(world, async (one) => {
          const shop = await facts.fresh();
          const ids = one.touches.map((touch, index) => clickIdAt(touchAt(touch, index)));
          for (const [step, number] of one.order.entries()) {
            const touch = one.touches[number];
            const event = one.events[number - TOUCHES];
            if (touch) {
              await addClick(db, shop, {
                atMs: touchAt(touch, number),
                id: ids[number] ?? '',
                ad: `a${touch.ad + 1}`,
                kind: touch.kind,
                retargeting: touch.retargeting,
                deviceId: deviceOf(touch.device),
                userHash: hashOf(touch.user, shop),
              });
            } else if (event) {
              const sent = event.sent;
              await addPostback(db, shop, {
                atMs: T0 + 45 * DAY + step,
                eventAtMs: eventAt(event, number - TOUCHES),
                event: event.what[0],
                eventType: event.what[1],
                clickId: sent === null ? null : sent === 'unknown' ? 'unknown' : (ids[sent] ?? ''),
                deviceId: deviceOf(event.device),
                userHash: hashOf(event.user, shop),
                senderIds: event.senderAd === null ? null : { ad: `a${event.senderAd + 1}` },
                viewThrough: event.viewThrough,
                reEngagement: event.reEngagement,
                key: `${number - TOUCHES}`,
              });
            }
            if (one.drains[step] === 0) await facts.drain(2);
          }
          for (let turn = 0; turn < 12; turn += 1) await facts.drain(3);

          const rows = new Map((await facts.conversions()).map((row) => [row.txid, row]));
          const earned = oracle(one, ids, shop);
          const wanted = earned.map(({ index, credit: won, event, eventType, clickId }) => {
            if (won.kind !== 'attributed') {
              seen.set(won.kind, (seen.get(won.kind) ?? 0) + 1);
              return { index, event, eventType, by: null };
            }
            seen.set(won.match, (seen.get(won.match) ?? 0) + 1);
            return {
              index,
              event,
              eventType,
              by: won.by === 'sender' || won.match === 'sender' ? 'sender' : 'click',
              match: won.match,
              object: won.object?.id,
              clickId,
              clickedAt: won.touchedAtMs,
              follows: won.followsId,
              viewThrough: won.viewThrough,
              retargeting: won.track === 'retargeting',
            };
          });
          const got = earned.map(({ index }) => {
            const row = rows.get(`${index}`);
            const base = { index, event: row?.event, eventType: row?.event_type, by: row?.attributed_by };
            if (!row || row.attributed_by === null) return base;
            return {
              ...base,
              match: row.match,
              object: row.object_id,
              clickId: row.click_id,
              clickedAt: row.clicked_at?.getTime() ?? null,
              follows: [...rows.values()].find(({ id }) => id === row.follows_id)?.txid ?? null,
              viewThrough: row.view_through,
              retargeting: row.retargeting,
            };
          });
          expect(got).toEqual(wanted);
          expect(await totalsThatDiffer(db)).toEqual([]);
        }),
        { numRuns: runs(35) },
      );
      for (const kind of ['click_id', 'device', 'user', 'follows', 'sender', 'late', 'unattributed'])
        expect([kind, (seen.get(kind) ?? 0) > 0]).toEqual([kind, true]);
    },
    60_000 * PROPERTY_TIMES,
  );
});
