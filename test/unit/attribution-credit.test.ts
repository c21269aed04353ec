import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, type Match, SKEW_MS } from '../../src/core/attribution-candidates.ts';
import { credit } from '../../src/core/attribution-credit.ts';
import type { CreditAnchor, CreditInput, SenderClaim } from '../../src/core/attribution-facts.ts';
import { creditWindows } from '../../src/core/attribution-windows.ts';
import type { KnownObject } from '../../src/core/attribution.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { runs } from '../support/property-runs.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = Date.parse('2026-03-10T12:00:00Z');

const ad = (id: number): KnownObject => ({
  id: id as ObjectId,
  level: 'ad',
  name: `A${id}`,
  campaignId: 100 as ObjectId,
});

function touch(id: number, agoMs: number, own: Partial<Candidate> = {}): Candidate {
  return {
    id: `t${id}`,
    kind: 'click',
    match: 'device',
    atMs: T0 - agoMs,
    network: 'meta',
    accountId: 'acc',
    object: ad(id),
    placement: null,
    windowHours: null,
    retargeting: false,
    ...own,
  };
}

function anchor(id: number, agoMs: number, own: Partial<CreditAnchor> = {}): CreditAnchor {
  return {
    conversionId: `conversion-${id}`,
    event: 'install',
    by: 'click',
    network: 'taboola',
    accountId: 'acc',
    object: ad(id),
    clickId: `click-${id}`,
    clickedAtMs: T0 - agoMs - HOUR,
    placement: null,
    atMs: T0 - agoMs,
    track: 'acquisition',
    viewThrough: false,
    ...own,
  };
}

const sender = (id: number, viewThrough = false): SenderClaim => ({
  network: 'tiktok',
  accountId: 'acc',
  object: ad(id),
  viewThrough,
});

function ask(own: Partial<CreditInput> = {}): CreditInput {
  const { event = 'install', eventType = 'install' } = own;
  return {
    event,
    eventType,
    atMs: T0,
    windows: creditWindows(event, eventType),
    sentClickId: null,
    candidates: [],
    anchors: [],
    sender: null,
    retargeting: false,
    txid: null,
    user: null,
    ...own,
  };
}

const purchase = { event: 'purchase', eventType: 'event' } as const;

describe('windows', () => {
  it('are per event and type, clicks and views apart', () => {
    expect(creditWindows('install', 'install')).toEqual({
      clickHours: 24,
      viewHours: 24,
      reengagementHours: 720,
    });
    const own = { clicks: { purchase: 48 }, views: { event: 2, purchase: 1 } };
    expect(creditWindows('purchase', 'event', own)).toMatchObject({
      clickHours: 48,
      viewHours: 1,
    });
    expect(creditWindows('lead', 'event', own)).toMatchObject({ clickHours: 720, viewHours: 2 });
    expect(creditWindows('constructor', 'toString', own)).toMatchObject({ clickHours: 720, viewHours: 24 });
  });

  it('end at their edge, for clicks and views, each its own', () => {
    const edges: readonly (readonly [Partial<Candidate>, number])[] = [
      [{}, 24 * HOUR],
      [{ windowHours: 7 * 24 }, 7 * DAY],
      [{ kind: 'view' }, 24 * HOUR],
    ];
    for (const [own, edge] of edges) {
      expect(credit(ask({ candidates: [touch(1, edge, own)] })).kind).toBe('attributed');
      expect(credit(ask({ candidates: [touch(1, edge + 1, own)] })).kind).toBe('late');
    }
  });
});

describe('who earned it', () => {
  it('is told in one sentence with purchase, user and time', () => {
    const found = credit(
      ask({
        ...purchase,
        txid: '4711',
        user: 'u-9',
        candidates: [touch(1, 48 * HOUR, { match: 'click_id' })],
        sentClickId: 't1',
      }),
    );
    expect(found.text).toBe('Meta ad A1 drove purchase 4711 for user u-9 48 h after the click');
  });

  it('is a click before a later view, and a view is its own kind', () => {
    const candidates = [touch(1, 10 * HOUR), touch(2, HOUR, { kind: 'view' })];
    const found = credit(ask({ candidates }));
    expect(found).toMatchObject({ by: 'click', viewThrough: false, object: { id: 1 } });
    expect(found.losers.map((loser) => loser.text)).toEqual([
      'Meta ad A2 got nothing for its view 60 min before install: a click counts before a view',
    ]);
    const seen = credit(ask({ candidates: candidates.slice(1) }));
    expect(seen).toMatchObject({ by: 'view', viewThrough: true, touchId: 't2' });
    expect(seen.text).toBe(
      'Meta ad A2 drove install 60 min after a view, without a click, matched by device',
    );
  });

  it('is the most recent of those that are the person’s', () => {
    const candidates = [touch(1, 5 * HOUR), touch(2, 2 * HOUR, { match: 'user' })];
    const found = credit(ask({ candidates }));
    expect(found).toMatchObject({ match: 'user', object: { id: 2 } });
    expect(found.losers.map((loser) => [loser.candidate?.id, loser.reason])).toEqual([['t1', 'older']]);
    expect(found.text).toContain('matched by user across devices');
  });

  it('is who the sender names before views of ours, not before a click', () => {
    const view = touch(2, HOUR, { kind: 'view' });
    expect(credit(ask({ candidates: [view], sender: sender(7) }))).toMatchObject({ by: 'sender' });
    expect(credit(ask({ candidates: [view], sender: sender(7, true) }))).toMatchObject({ by: 'view' });
    const sure = credit(ask({ candidates: [touch(3, HOUR)], sender: sender(7) }));
    expect(sure).toMatchObject({ by: 'click', warnings: ['sender_differs'] });
    expect(sure.text).toContain('the sender names Tiktok ad A7 instead');
    expect(credit(ask({ sender: sender(7, true) })).text).toBe(
      'Tiktok ad A7 drove install by a view, as the sender says',
    );
  });

  it('leaves a word for an install and a sender that were passed over, unless they name what won', () => {
    const sent = { sentClickId: 't1', candidates: [touch(1, HOUR, { match: 'click_id' as const })] };
    const found = credit(ask({ ...purchase, ...sent, anchors: [anchor(2, DAY)], sender: sender(7) }));
    expect(found.losers).toMatchObject([
      {
        candidate: null,
        object: { id: 2 },
        reason: 'sent_click',
        text: 'Taboola ad A2, which earned the install before, got nothing for purchase: the click that was sent counts first',
      },
      {
        object: { id: 7 },
        text: 'Tiktok ad A7, which the sender names, got nothing for purchase: the click that was sent counts first',
      },
    ]);
    const agreed = credit(ask({ ...purchase, ...sent, anchors: [anchor(1, DAY)], sender: sender(1) }));
    expect(agreed.losers).toEqual([]);
  });

  it("is the click's ad, without a word, where the sender names that ad's campaign", () => {
    const campaign = {
      id: 100 as ObjectId,
      level: 'campaign',
      name: 'C',
      campaignId: 100 as ObjectId,
    } as const;
    const found = credit(ask({ candidates: [touch(1, HOUR)], sender: { ...sender(7), object: campaign } }));
    expect(found).toMatchObject({ by: 'click', warnings: [], losers: [] });
  });

  it('is the install before, or the sender, where the click that was sent came too early', () => {
    const early = { ...purchase, sentClickId: 't1', candidates: [touch(1, 31 * DAY, { match: 'click_id' })] };
    expect(credit(ask({ ...early, anchors: [anchor(2, 90 * DAY)] }))).toMatchObject({
      match: 'follows',
      followsId: 'conversion-2',
    });
    expect(credit(ask({ ...early, sender: sender(7) }))).toMatchObject({ by: 'sender', touchedAtMs: null });
  });

  it('is nobody else while the click that was sent is unknown or too old', () => {
    const found = credit(ask({ sentClickId: 'lost', candidates: [touch(1, HOUR)] }));
    expect(found).toMatchObject({ kind: 'unattributed', reason: 'unknown_click' });
    expect(found.losers).toMatchObject([{ reason: 'another_click_sent' }]);
    const old = touch(2, 30 * HOUR, { match: 'click_id' });
    const late = credit(ask({ sentClickId: 't2', candidates: [touch(1, HOUR), old] }));
    expect(late).toMatchObject({ kind: 'late', candidate: { id: 't2' } });
    expect(late.text).toBe('install came 30 h after the click, outside its window of 24 h');
  });

  it('bears clocks that differ by minutes, and says so', () => {
    const within = credit(ask({ candidates: [touch(1, -SKEW_MS)] }));
    expect(within).toMatchObject({ kind: 'attributed', warnings: ['clock_skew'] });
    const beyond = credit(ask({ candidates: [touch(1, -SKEW_MS - 1)] }));
    expect(beyond).toMatchObject({ kind: 'unattributed', losers: [{ reason: 'after_event' }] });
    const sent = credit(ask({ sentClickId: 't1', candidates: [touch(1, -HOUR, { match: 'click_id' })] }));
    expect(sent).toMatchObject({ kind: 'attributed', warnings: ['conversion_before_click'] });
  });
});

describe('what follows an install', () => {
  it('stays with it after every window, across devices, the newest one', () => {
    const anchors = [anchor(1, 400 * DAY), anchor(2, 100 * DAY), anchor(3, -DAY)];
    const found = credit(ask({ ...purchase, anchors, candidates: [touch(9, HOUR)] }));
    expect(found).toMatchObject({
      match: 'follows',
      followsId: 'conversion-2',
      object: { id: 2 },
      touchId: 'click-2',
    });
    expect(found.losers).toMatchObject([{ reason: 'earlier_credit' }]);
    expect(found.text).toBe('Taboola ad A2 drove purchase: it follows the install credited there');
  });

  it('keeps a trial and its payment on the ad that brought the user, and a re-engagement apart', () => {
    const trial = anchor(1, 29 * DAY, { event: 'trial' });
    const back = touch(5, 2 * DAY, { retargeting: true });
    const payment = credit(ask({ ...purchase, anchors: [trial], candidates: [back] }));
    expect(payment).toMatchObject({ track: 'acquisition', followsId: 'conversion-1', object: { id: 1 } });
    expect(payment.losers.map((loser) => loser.text)).toEqual([
      'Meta ad A5 got nothing for its click 48 h before purchase: it brought back a user whom another ad had won',
    ]);
    // Even where the tracker sends the retargeting click's id.
    const sent = credit(
      ask({ ...purchase, sentClickId: 't5', anchors: [trial], candidates: [{ ...back, match: 'click_id' }] }),
    );
    expect(sent).toMatchObject({ followsId: 'conversion-1' });
    const reengaged = credit(
      ask({ event: 'open', eventType: 're-engagement', anchors: [trial], candidates: [back] }),
    );
    expect(reengaged).toMatchObject({ track: 'retargeting', followsId: null, object: { id: 5 } });
  });

  it('follows a re-engagement where the sender says so, within its window', () => {
    const back = anchor(6, 10 * DAY, { event: 'open', track: 'retargeting' });
    const won = anchor(1, 90 * DAY);
    const found = credit(ask({ ...purchase, retargeting: true, anchors: [won, back] }));
    expect(found).toMatchObject({ track: 'retargeting', followsId: 'conversion-6' });
    const over = credit(
      ask({ ...purchase, retargeting: true, anchors: [{ ...back, atMs: T0 - 30 * DAY - 1 }] }),
    );
    expect(over.kind).toBe('unattributed');
    expect(credit(ask({ ...purchase, anchors: [won, back] }))).toMatchObject({ followsId: 'conversion-1' });
  });

  it('does not let one re-engagement follow another', () => {
    const back = anchor(6, DAY, { event: 'open', track: 'retargeting' });
    for (const eventType of ['re-engagement', 're-attribution'])
      expect(credit(ask({ event: 'open', eventType, anchors: [back] })).kind).toBe('unattributed');
  });

  it('holds a retargeting click apart even where nobody had won the user before', () => {
    expect(credit(ask({ ...purchase, candidates: [touch(1, HOUR, { retargeting: true })] }))).toMatchObject({
      track: 'retargeting',
    });
    expect(credit(ask({ candidates: [touch(1, HOUR, { retargeting: true })] }))).toMatchObject({
      track: 'acquisition',
    });
  });

  it('takes uninstalls and reinstalls back to the ad that brought the user, before any later click', () => {
    for (const eventType of ['uninstall', 'reinstall']) {
      const later = touch(9, HOUR, { match: 'click_id' });
      const found = credit(
        ask({
          event: eventType,
          eventType,
          sentClickId: 't9',
          anchors: [anchor(1, DAY)],
          candidates: [later],
        }),
      );
      expect(found).toMatchObject({ followsId: 'conversion-1' });
    }
    const alone = touch(9, 300 * DAY, { match: 'click_id' });
    const uninstall = ask({
      event: 'uninstall',
      eventType: 'uninstall',
      sentClickId: 't9',
      candidates: [alone],
    });
    expect(credit(uninstall)).toMatchObject({ kind: 'attributed', touchId: 't9' });
  });

  it('keeps a view what it was', () => {
    const found = credit(ask({ ...purchase, anchors: [anchor(1, DAY, { viewThrough: true })] }));
    expect(found).toMatchObject({ by: 'view', viewThrough: true });
  });
});

const hours = fc.integer({ min: -3, max: 60 });
const candidates = fc.uniqueArray(
  fc
    .record({
      id: fc.integer({ min: 1, max: 40 }),
      ago: hours,
      kind: fc.constantFrom<'click' | 'view'>('click', 'view'),
      match: fc.constantFrom<Match>('click_id', 'device', 'user'),
      windowHours: fc.option(fc.integer({ min: 0, max: 48 })),
      retargeting: fc.boolean(),
    })
    .map(({ id, ago, ...own }) => touch(id, ago * HOUR, own)),
  { maxLength: 6, selector: ({ id }) => id },
);
const inputs = fc
  .record({
    type: fc.constantFrom(
      'install',
      'reinstall',
      're-engagement',
      're-attribution',
      'uninstall',
      'event',
      'nonsense',
    ),
    sent: fc.boolean(),
    candidates,
    anchors: fc.uniqueArray(
      fc
        .tuple(
          fc.integer({ min: 1, max: 9 }),
          hours,
          fc.constantFrom('acquisition' as const, 'retargeting' as const),
        )
        .map(([id, ago, track]) => anchor(id, ago * HOUR, { track })),
      { maxLength: 3, selector: ({ conversionId }) => conversionId },
    ),
    sender: fc.option(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()).map(([id, view]) => sender(id, view)),
    ),
    retargeting: fc.boolean(),
  })
  .map(({ type, sent, ...own }) =>
    ask({ event: 'e', eventType: type, sentClickId: sent ? 'sent' : null, ...own }),
  );

/** What was decided, without the losers' order. */
function core(input: CreditInput) {
  const { losers, ...rest } = credit(input);
  return {
    ...rest,
    losers: losers.map((loser) => `${loser.candidate?.id} ${loser.reason} ${loser.text}`).toSorted(),
  };
}

describe('any facts', () => {
  it('are decided the same in whatever order they are found', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const turned = {
          ...input,
          candidates: input.candidates.toReversed(),
          anchors: input.anchors.toReversed(),
        };
        expect(core(turned)).toEqual(core(input));
      }),
      { numRuns: runs(1000) },
    );
  });

  it('leave each touch either the winner, the late one, or a loser with a sentence', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const found = credit(input);
        const told = found.losers.flatMap(({ candidate }) => (candidate ? [candidate.id] : []));
        if (found.kind === 'late') told.push(found.candidate.id);
        if (found.kind === 'attributed' && found.followsId === null && found.touchId !== null)
          told.push(found.touchId);
        expect(told.toSorted()).toEqual(input.candidates.map(({ id }) => id).toSorted());
        for (const { text } of [found, ...found.losers]) expect(text).not.toMatch(/NaN|undefined|null/);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('give the same winner when a loser is forgotten', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), (input, at) => {
        const found = credit(input);
        const loser = found.losers[at % Math.max(1, found.losers.length)];
        if (!loser?.candidate || found.kind !== 'attributed') return;
        const without = credit({
          ...input,
          candidates: input.candidates.filter((one) => one !== loser.candidate),
        });
        expect({ ...without, losers: [] }).toEqual({ ...found, losers: [] });
      }),
      { numRuns: runs(1000) },
    );
  });

  it('never let a view win over a click that could', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const found = credit(input);
        if (found.kind !== 'attributed' || found.followsId !== null || found.touchId === null) return;
        const winner = input.candidates.find(({ id }) => id === found.touchId);
        const beaten = found.losers.filter(({ reason }) => ['view_below_click', 'older'].includes(reason));
        for (const { candidate } of beaten) {
          if (!candidate) throw new Error('reasons of touches only');
          if (winner?.kind === 'view') expect(candidate.kind).toBe('view');
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  it('never credit an install to anything but a touch or the sender, and retargeting never to an install', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const found = credit(input);
        if (found.kind !== 'attributed') return;
        if (input.eventType === 'install') expect(found.followsId).toBeNull();
        const followed = input.anchors.find(({ conversionId }) => conversionId === found.followsId);
        if (followed) expect(followed.track).toBe(found.track);
      }),
    );
  });

  it('never throw, whatever the numbers', () => {
    fc.assert(
      fc.property(inputs, fc.double(), fc.double(), (input, atMs, windowHours) => {
        const odd = input.candidates.map((one, i) =>
          i % 2 ? { ...one, atMs: windowHours, windowHours } : one,
        );
        credit({ ...input, atMs, candidates: odd });
      }),
    );
  });
});
