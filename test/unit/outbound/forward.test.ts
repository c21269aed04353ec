import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import type { MetaDestination } from '../../../src/outbound/destination.ts';
import { planForward } from '../../../src/outbound/forward.ts';
import { FORWARDING, HOMES, conversion, template } from './support.ts';

const STATUSES = ['pending', 'hold', 'approved', 'rejected', 'reversed'] as const;

const meta: MetaDestination = {
  ...FORWARDING,
  kind: 'meta',
  ...HOMES.meta,
  apiVersion: 'v26.0',
  pixelId: '1',
  actionSource: 'system_generated',
  testEventCode: null,
};

const sentAt = (stages: 'approved' | 'every' | 'zero-until-approved') =>
  STATUSES.map((status) => {
    const plan = planForward(template({ stages }), conversion({ status }));
    return plan.kind === 'forward' ? `${status} ${plan.amountMicros}` : `${status} –`;
  });

describe('which stages go out', () => {
  it('approved alone, or each, or each with nothing paid until approved', () => {
    expect(sentAt('approved')).toEqual([
      'pending –',
      'hold –',
      'approved 42500000',
      'rejected –',
      'reversed –',
    ]);
    expect(sentAt('every')).toEqual(STATUSES.map((status) => `${status} 42500000`));
    expect(sentAt('zero-until-approved')).toEqual([
      'pending 0',
      'hold 0',
      'approved 42500000',
      'rejected 0',
      'reversed 0',
    ]);
  });

  it('a network with its own interface is told once, when approved, whatever the setting', () => {
    for (const stages of ['approved', 'every', 'zero-until-approved'] as const) {
      const kinds = STATUSES.map((status) => {
        const plan = planForward({ ...meta, stages }, conversion({ status }));
        return plan.kind === 'forward' ? 'sent' : plan.reason;
      });
      expect(kinds).toEqual([
        'stage_not_forwarded',
        'stage_not_forwarded',
        'sent',
        'cannot_take_back',
        'cannot_take_back',
      ]);
    }
  });

  it('a test conversion never', () => {
    expect(planForward(template(), conversion({ excluded: 'test' }))).toMatchObject({
      reason: 'test_conversion',
    });
    expect(planForward(template(), conversion({ excluded: 'fraud' }))).toMatchObject({ reason: 'excluded' });
  });
});

describe('which events go out', () => {
  it('those that have a name there, under that name', () => {
    const events = { purchase: 'Purchase' };
    expect(planForward(template({ events }), conversion())).toMatchObject({ event: 'Purchase' });
    expect(planForward(template({ events }), conversion({ event: 'lead' }))).toMatchObject({
      reason: 'event_not_mapped',
    });
    expect(planForward(template({ events }), conversion({ event: 'constructor' })).kind).toBe('skipped');
    expect(planForward(template(), conversion({ event: 'lead' }))).toMatchObject({ event: 'lead' });
  });

  it('of the sources that were chosen', () => {
    expect(planForward(template({ sources: ['other'] }), conversion())).toMatchObject({
      reason: 'other_source',
    });
    expect(planForward(template({ sources: ['shop'] }), conversion()).kind).toBe('forward');
  });
});

describe('consent', () => {
  const said = (adUserData: boolean | null, adPersonalization: boolean | null) =>
    conversion({ consent: { adUserData, adPersonalization } });
  const google = {
    ...FORWARDING,
    kind: 'google',
    ...HOMES.google,
    accountId: '1',
    loginAccountId: null,
    eventSource: 'WEB',
  } as const;

  it('a refusal is obeyed everywhere', () => {
    for (const destination of [template(), meta, google])
      expect(planForward(destination, said(false, null))).toMatchObject({ reason: 'no_consent' });
  });

  it('who cannot be told of a refusal of personal ads gets nothing; who can is told', () => {
    expect(planForward(meta, said(true, false))).toMatchObject({ reason: 'no_consent' });
    expect(planForward(google, said(true, false)).kind).toBe('forward');
    expect(planForward(template(), said(true, false)).kind).toBe('forward');
  });

  it('where it is required, silence is not consent', () => {
    for (const destination of [template(), meta, google]) {
      expect(planForward(destination, said(null, null)).kind).toBe('forward');
      const strict = { ...destination, consent: 'required' } as const;
      expect(planForward(strict, said(null, null))).toMatchObject({ reason: 'no_consent' });
      expect(planForward(strict, said(true, true)).kind).toBe('forward');
    }
    expect(planForward({ ...meta, consent: 'required' }, said(true, null))).toMatchObject({
      reason: 'no_consent',
    });
  });
});

describe('keys', () => {
  it('the receiver sees one id for the whole life of a conversion', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATUSES), fc.nat(), (status, amount) => {
        const plan = planForward(
          template({ stages: 'every' }),
          conversion({ status, amountMicros: micros(amount) }),
        );
        expect(plan).toMatchObject({ idempotencyValue: '01HCONV' });
      }),
    );
  });

  it("is ours, since trackers number each click's stages 1, 2, 3; the sender's where that is chosen", () => {
    const id = (repeatsBy: 'conversion-id' | 'txid', changes: Parameters<typeof conversion>[0]) => {
      const plan = planForward(template({ repeatsBy }), conversion(changes));
      return plan.kind === 'forward' ? plan.idempotencyValue : '';
    };
    expect(id('conversion-id', { id: 'c-1', txid: '1' })).not.toBe(
      id('conversion-id', { id: 'c-2', txid: '1' }),
    );
    expect(id('txid', { txid: 'ORDER-9' })).toBe('ORDER-9');
    expect(id('txid', { txid: null })).toBe('01HCONV');
  });

  it('each stage goes out once: the same one again has the same key, another has another', () => {
    const key = (...changes: Parameters<typeof conversion>) => {
      const plan = planForward(template({ stages: 'every' }), conversion(...changes));
      return plan.kind === 'forward' ? plan.forwardKey : '';
    };
    const keys = [key(), key({ status: 'reversed' }), key({ amountMicros: micros(1) }), key({ id: 'other' })];
    expect(new Set(keys).size).toBe(4);
    expect(key()).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it('where only approved ones go out, a changed amount is not sent again', () => {
    const key = (amount: number) => {
      const plan = planForward(template(), conversion({ amountMicros: micros(amount) }));
      return plan.kind === 'forward' ? plan.forwardKey : '';
    };
    expect(key(1)).toBe(key(2));
  });
});
