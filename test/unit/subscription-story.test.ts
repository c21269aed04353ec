import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/core/attribution-candidates.ts';
import { credit } from '../../src/core/attribution-credit.ts';
import type { Credit, CreditAnchor, CreditInput } from '../../src/core/attribution-facts.ts';
import { creditWindows } from '../../src/core/attribution-windows.ts';
import { isAnchor } from '../../src/core/attribution.ts';
import { readAmount } from '../../src/core/conversion-amount.ts';
import { beginLife, continueLife } from '../../src/core/conversion-life.ts';
import { relationOf } from '../../src/core/conversion-relation.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CLICKED = Date.parse('2026-03-01T10:00:00Z');
const TRIAL = CLICKED + 3 * HOUR;
const PAID = TRIAL + 29 * DAY;

function click(id: string, network: string, atMs: number, own: Partial<Candidate> = {}): Candidate {
  const object = { id: id.length as ObjectId, level: 'ad' as const, name: `of ${id}`, campaignId: null };
  return {
    id,
    kind: 'click',
    match: 'device',
    atMs,
    network,
    accountId: network,
    object,
    placement: null,
    windowHours: null,
    retargeting: false,
    ...own,
  };
}

function ask(event: string, eventType: string, atMs: number, own: Partial<CreditInput>): Credit {
  return credit({
    event,
    eventType,
    atMs,
    windows: creditWindows(event, eventType),
    sentClickId: null,
    candidates: [],
    anchors: [],
    sender: null,
    retargeting: false,
    txid: null,
    user: null,
    ...own,
  });
}

function asAnchor(found: Credit, event: string, eventType: string, atMs: number): CreditAnchor {
  if (found.kind !== 'attributed' || !isAnchor(event, eventType)) throw new Error('nothing to follow');
  return {
    conversionId: event,
    event,
    by: found.by === 'sender' ? 'sender' : 'click',
    network: 'taboola',
    accountId: found.accountId,
    object: found.object,
    clickId: found.touchId,
    clickedAtMs: found.touchedAtMs,
    placement: found.placement,
    atMs,
    track: found.track,
    viewThrough: found.viewThrough,
  };
}

describe('a trial at $0, a payment 29 days later, and a re-engagement between', () => {
  const native = click('native', 'taboola', CLICKED, { match: 'click_id' });
  const trial = ask('trial', 'event', TRIAL, { sentClickId: 'native', candidates: [native] });
  const anchor = asAnchor(trial, 'trial', 'event', TRIAL);
  const back = click('back', 'meta', TRIAL + 20 * DAY, { retargeting: true });
  const opened = TRIAL + 20 * DAY + HOUR;

  it('is earned by the native ad both times, with default settings', () => {
    expect(trial.text).toBe('Taboola ad of native drove trial 3 h after the click');
    const paid = ask('purchase', 'event', PAID, { anchors: [anchor], candidates: [back] });
    expect(paid).toMatchObject({
      kind: 'attributed',
      touchId: 'native',
      followsId: 'trial',
      track: 'acquisition',
    });
    expect(paid.losers).toMatchObject([{ candidate: { id: 'back' }, reason: 'retargeting_apart' }]);
  });

  it('keeps the re-engagement apart, on its own track', () => {
    const found = ask('open', 're-engagement', opened, { anchors: [anchor], candidates: [back] });
    expect(found).toMatchObject({ touchId: 'back', track: 'retargeting', followsId: null });
  });

  it('is two conversions, worth $0 and $13.99, and a chargeback takes the second alone', () => {
    const message = (
      key: string,
      atMs: number,
      amountMicros: number,
      status: 'approved' | 'reversed' = 'approved',
    ) => ({
      key,
      status,
      atMs,
      receivedAtMs: atMs,
      amount: readAmount({
        status,
        amountMicros: micros(amountMicros),
        deltaMicros: null,
        currency: 'USD',
        repeatsAdd: false,
      }),
    });
    const free = beginLife(message('t', TRIAL, 0), { micros: micros(5_000_000), currency: 'USD' });
    expect(free.life.state).toMatchObject({ conversions: 1, value: { micros: 0 } });
    const earlier = [{ id: 't', event: 'trial', amountMicros: 0, atMs: TRIAL, sourceId: 'mmp' }];
    const paid = { id: 'p', event: 'purchase', amountMicros: 13_990_000, atMs: PAID, sourceId: 'shop' };
    expect(relationOf(paid, earlier).text).toBe('the payment 29 days after the trial');
    const payment = beginLife(message('p', PAID, 13_990_000));
    const back2 = continueLife(payment.life, message('c', PAID + DAY, -13_990_000, 'reversed'));
    expect(back2).toMatchObject({
      kind: 'changed',
      change: { conversionsDelta: -1, valueDeltas: [{ micros: -13_990_000, currency: 'USD' }] },
    });
  });
});
