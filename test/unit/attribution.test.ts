import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  attributionWindowHours,
  type AttributionInput,
  type AnchorTouch,
  type ClickTouch,
  type KnownObject,
} from '../../src/core/attribution.ts';
import { clickIdTimeMs } from '../../src/core/click-id.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { newClickId } from '../../src/http/ids.ts';
import { clickIdAt } from '../support/ingest-facts.ts';

const HOUR = 3_600_000;
const T0 = Date.parse('2026-03-10T12:00:00Z');

function ad(id: number): KnownObject {
  return { id: id as ObjectId, level: 'ad', name: `ad ${id}`, campaignId: 100 as ObjectId };
}

function click(atMs: number, id = 1): ClickTouch {
  return {
    clickId: `click-${id}`,
    clickedAtMs: atMs,
    network: 'meta',
    accountId: 'acc',
    object: ad(id),
    placement: 'feed',
  };
}

function anchor(id: number): AnchorTouch {
  return {
    conversionId: 'install-1',
    event: 'install',
    by: 'click',
    network: 'meta',
    accountId: 'acc',
    object: ad(id),
    clickId: 'click-9',
    clickedAtMs: T0 - 90 * 24 * HOUR,
    placement: null,
  };
}

function ask(facts: Partial<AttributionInput>): AttributionInput {
  return {
    event: 'purchase',
    eventType: 'event',
    atMs: T0,
    windowHours: 24,
    sentClickId: 'x',
    click: null,
    deviceClick: null,
    anchor: null,
    sender: null,
    ...facts,
  };
}

describe('attribution', () => {
  it("has 24 hours for installs, 30 days for the rest, and the source's own by name before type", () => {
    expect(attributionWindowHours('install', 'install')).toBe(24);
    expect(attributionWindowHours('purchase', 'event')).toBe(720);
    expect(attributionWindowHours('purchase', 'event', { event: 5, purchase: 7 })).toBe(7);
    expect(attributionWindowHours('lead', 'event', { event: 5, purchase: 7 })).toBe(5);
  });

  it("counts a click exactly at the window's edge and not a millisecond later", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 0, max: 3 * HOUR }),
        (windowHours, beyond) => {
          const found = attribute(ask({ windowHours, click: click(T0 - windowHours * HOUR - beyond) }));
          expect(found.kind).toBe(beyond === 0 ? 'attributed' : 'late');
        },
      ),
    );
  });

  it('says in one sentence which ad drove what, and how long after', () => {
    const found = attribute(ask({ windowHours: 72, click: click(T0 - 48 * HOUR) }));
    expect(found.text).toBe('Meta ad ad 1 drove purchase 48 h after the click');
  });

  it('marks a conversion dated before its click, and credits it', () => {
    const found = attribute(ask({ click: click(T0 + HOUR) }));
    expect(found).toMatchObject({ kind: 'attributed', warnings: ['conversion_before_click'] });
  });

  it('lets the click win over the sender and records the difference', () => {
    const sender = { network: 'meta', accountId: 'acc', object: ad(2) };
    const found = attribute(ask({ click: click(T0 - HOUR), sender }));
    expect(found).toMatchObject({ by: 'click', object: { id: 1 }, warnings: ['sender_differs'] });
    expect(found.text).toContain('the sender names Meta ad ad 2 instead');
  });

  it("sees no difference in a sender that names the campaign of the click's ad", () => {
    const campaign = {
      id: 100 as ObjectId,
      level: 'campaign',
      name: 'c',
      campaignId: 100 as ObjectId,
    } as const;
    const found = attribute(
      ask({ click: click(T0 - HOUR), sender: { network: 'meta', accountId: 'acc', object: campaign } }),
    );
    expect(found).toMatchObject({ by: 'click', warnings: [] });
  });

  it('keeps what follows an install with the install, long after every window', () => {
    const late = attribute(ask({ click: click(T0 - 100 * HOUR), anchor: anchor(7) }));
    expect(late).toMatchObject({
      kind: 'attributed',
      object: { id: 7 },
      followsId: 'install-1',
      clickId: 'click-9',
    });
    const byDevice = attribute(ask({ sentClickId: null, deviceClick: click(T0 - HOUR), anchor: anchor(7) }));
    expect(byDevice).toMatchObject({ object: { id: 7 } });
  });

  it('never lets an install follow another', () => {
    const found = attribute(
      ask({ event: 'install', eventType: 'install', click: click(T0 - 100 * HOUR), anchor: anchor(7) }),
    );
    expect(found.kind).toBe('late');
  });

  it('uses the device only when no click id was sent', () => {
    expect(attribute(ask({ sentClickId: null, deviceClick: click(T0 - HOUR) }))).toMatchObject({
      by: 'click',
      clickId: 'click-1',
    });
    expect(attribute(ask({ sentClickId: 'lost', deviceClick: click(T0 - HOUR) }))).toMatchObject({
      reason: 'unknown_click',
    });
  });

  it('falls back to the sender when the click is unknown or too old', () => {
    const sender = { network: 'meta', accountId: 'acc', object: ad(2) };
    expect(attribute(ask({ sender }))).toMatchObject({ by: 'sender', object: { id: 2 }, clickedAtMs: null });
    expect(attribute(ask({ sender, click: click(T0 - 100 * HOUR) }))).toMatchObject({ by: 'sender' });
  });

  it('says what is missing when nothing speaks for an ad', () => {
    expect(attribute(ask({}))).toMatchObject({ kind: 'unattributed', reason: 'unknown_click' });
    expect(attribute(ask({ sentClickId: null }))).toMatchObject({ kind: 'unattributed', reason: 'no_click' });
  });
});

describe('our click ids', () => {
  it('tell when they were given out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (ms) => {
        expect(clickIdTimeMs(newClickId(ms))).toBe(ms);
        expect(clickIdTimeMs(clickIdAt(ms))).toBe(ms);
      }),
    );
  });

  it('are told from other texts', () => {
    for (const text of [
      '',
      'EAIaIQobChMI',
      '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
      clickIdAt(T0).toLowerCase(),
      `${clickIdAt(T0)}0`,
    ]) {
      expect(clickIdTimeMs(text)).toBeUndefined();
    }
  });
});
