import { describe, expect, it } from 'vitest';
import { relationOf, type RelatedConversion } from '../../src/core/conversion-relation.ts';

const DAY = 86_400_000;
const earlier = (
  id: string,
  event: string,
  amountMicros: number | null,
  atMs: number,
  sourceId = 'shop',
): RelatedConversion => ({ id, event, amountMicros, atMs, sourceId });
const sale = (atMs: number, event = 'purchase') => earlier('now', event, 13_990_000, atMs);

describe('what a conversion is to those before it on its click', () => {
  it('is the payment 29 days after the trial', () => {
    const trial = earlier('t', 'trial_started', 0, 0);
    expect(relationOf(sale(29 * DAY), [trial])).toEqual({
      relation: 'payment_after_trial',
      ofId: 't',
      text: 'the payment 29 days after the trial_started',
    });
    const free = earlier('f', 'purchase', 0, 0);
    expect(relationOf(sale(DAY), [free])).toMatchObject({ relation: 'payment_after_trial', ofId: 'f' });
  });

  it('is a rebill after a payment of the same event, of the newest one', () => {
    const all = [
      earlier('t', 'trial', 0, 0),
      earlier('p1', 'purchase', 13_990_000, 29 * DAY),
      earlier('p2', 'purchase', 13_990_000, 59 * DAY),
      earlier('p4', 'purchase', 13_990_000, 99 * DAY),
    ];
    expect(relationOf(sale(89 * DAY), all)).toMatchObject({ relation: 'rebill', ofId: 'p2' });
  });

  it('is an upsell after a payment of another event', () => {
    const paid = earlier('p', 'purchase', 5, 0);
    expect(relationOf(sale(90_000, 'warranty'), [paid])).toEqual({
      relation: 'upsell',
      ofId: 'p',
      text: 'an upsell, 90 s after the purchase',
    });
  });

  it('follows a trial that anybody reports, and no payment of another sender: it may be the same one', () => {
    const trial = earlier('t', 'trial', 0, 0, 'mmp');
    const told = earlier('p', 'purchase', 13_990_000, 29 * DAY, 'mmp');
    expect(relationOf(sale(29 * DAY), [trial, told])).toMatchObject({
      relation: 'payment_after_trial',
      ofId: 't',
    });
    expect(relationOf(sale(29 * DAY), [told])).toMatchObject({ relation: 'first' });
  });

  it('follows none of the same instant that follows it', () => {
    const [one, two] = [earlier('1', 'purchase', 5, 0), earlier('2', 'purchase', 5, 0)];
    expect(relationOf(two, [one])).toMatchObject({ relation: 'rebill', ofId: '1' });
    expect(relationOf(one, [two])).toMatchObject({ relation: 'first' });
  });

  it('is the first where nothing was paid before, and where nothing is paid now', () => {
    const lead = earlier('l', 'lead', null, 0);
    expect(relationOf(sale(DAY), [lead])).toMatchObject({ relation: 'first', ofId: null });
    expect(relationOf({ ...sale(DAY), amountMicros: 0 }, [earlier('p', 'purchase', 5, 0)])).toMatchObject({
      relation: 'first',
    });
    expect(relationOf(sale(0), [earlier('later', 'purchase', 5, DAY)])).toMatchObject({ relation: 'first' });
  });
});
