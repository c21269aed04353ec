import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DUPLICATE_POLICIES, type DuplicatePolicy, readAmount } from '../../src/core/conversion-amount.ts';
import {
  beginLife,
  continueLife,
  type Life,
  type LifeAmount,
  type LifeChange,
  type LifeMessage,
  lifeOf,
  MAX_MESSAGES,
} from '../../src/core/conversion-life.ts';
import type { ConversionStatus } from '../../src/core/conversion.ts';
import { micros } from '../../src/core/money.ts';
import { runs } from '../support/property-runs.ts';

const STATUSES = ['pending', 'hold', 'approved', 'rejected', 'reversed'] as const;

interface Said {
  readonly amount?: number | null;
  readonly delta?: number | null;
  readonly currency?: string;
  readonly receivedAtMs?: number;
  readonly key?: string;
  readonly repeatsAdd?: boolean;
}

/** A message dated `atMs`, received at once unless said otherwise. */
function message(status: ConversionStatus | null, atMs: number | null, said: Said = {}): LifeMessage {
  const { amount = null, delta = null, currency = 'USD' } = said;
  return {
    key: said.key ?? `${status} ${atMs} ${amount} ${delta} ${said.receivedAtMs ?? ''}`,
    status,
    atMs,
    receivedAtMs: said.receivedAtMs ?? atMs ?? 0,
    amount: readAmount({
      status,
      amountMicros: amount === null ? null : micros(amount),
      deltaMicros: delta === null ? null : micros(delta),
      currency,
      repeatsAdd: said.repeatsAdd ?? false,
    }),
  };
}

/** Takes messages one by one, as ingest does. */
function live(
  [first, ...rest]: readonly LifeMessage[],
  payout: LifeAmount | null = null,
): { life: Life; changes: readonly LifeChange[] } {
  if (!first) throw new Error('no message');
  const begun = beginLife(first, payout);
  const changes = begun.kind === 'changed' ? [begun.change] : [];
  let { life } = begun;
  for (const next of rest) {
    const step = continueLife(life, next, payout);
    life = step.life;
    if (step.kind === 'changed') changes.push(step.change);
  }
  return { life, changes };
}

function sums(changes: readonly LifeChange[]): Record<string, bigint> {
  const byCurrency: Record<string, bigint> = {};
  for (const { micros: amount, currency } of changes.flatMap((change) => change.valueDeltas)) {
    const sum = (byCurrency[`${currency}`] ?? 0n) + BigInt(amount);
    if (sum === 0n) delete byCurrency[`${currency}`];
    else byCurrency[`${currency}`] = sum;
  }
  return byCurrency;
}

describe('the life of a conversion', () => {
  it('goes pending, approved, reversed, each change a delta dated by its receipt', () => {
    const { life, changes } = live([
      message('pending', 1, { amount: 5, receivedAtMs: 11 }),
      message('approved', 2, { amount: 7, receivedAtMs: 12 }),
      message('reversed', 3, { receivedAtMs: 13 }),
    ]);
    expect(life.state).toMatchObject({
      status: 'reversed',
      conversions: 0,
      value: { micros: 0 },
      face: { micros: 7 },
    });
    expect(changes).toEqual([
      {
        knownFromMs: 11,
        status: 'pending',
        conversionsDelta: 1,
        valueDeltas: [{ micros: 5, currency: 'USD' }],
      },
      {
        knownFromMs: 12,
        status: 'approved',
        conversionsDelta: 0,
        valueDeltas: [{ micros: 2, currency: 'USD' }],
      },
      {
        knownFromMs: 13,
        status: 'reversed',
        conversionsDelta: -1,
        valueDeltas: [{ micros: -7, currency: 'USD' }],
      },
    ]);
  });

  it('is not counted on hold, and is again when the hold ends', () => {
    const held = [message('approved', 1, { amount: 5 }), message('hold', 2)];
    expect(live(held).life.state).toMatchObject({ status: 'hold', conversions: 0, value: { micros: 0 } });
    const { state } = live([...held, message('approved', 3)]).life;
    expect(state).toMatchObject({ status: 'approved', conversions: 1, value: { micros: 5 } });
  });

  it('is never taken back by "pending", however late it is dated', () => {
    const { life, changes } = live([
      message('approved', 1, { amount: 5 }),
      message('pending', 9, { amount: 4 }),
    ]);
    expect(life.state).toMatchObject({ status: 'approved', value: { micros: 5 } });
    expect(changes).toHaveLength(1);
  });

  it('reads differences beside a total once, and alone as what is added or taken', () => {
    const total = [message('approved', 1, { amount: 20 }), message('approved', 2, { amount: 15, delta: -5 })];
    expect(live(total).life.state.value.micros).toBe(15);
    const alone = [message('approved', 1, { amount: 20 }), message('approved', 2, { delta: -5 })];
    expect(live(alone).life.state).toMatchObject({ conversions: 1, value: { micros: 15 } });
  });

  it('takes a negative amount for a correction, and for a reversal once nothing is left', () => {
    const part = [message('approved', 1, { amount: 20 }), message('approved', 2, { amount: -5 })];
    expect(live(part).life.state).toMatchObject({
      status: 'approved',
      conversions: 1,
      value: { micros: 15 },
    });
    const whole = [message('approved', 1, { amount: 20 }), message('approved', 2, { amount: -20 })];
    expect(live(whole).life.state).toMatchObject({
      status: 'reversed',
      conversions: 0,
      value: { micros: 0 },
    });
    const chargeback = [message('approved', 1, { amount: 20 }), message('reversed', 2, { amount: -20 })];
    expect(live(chargeback).life.state).toMatchObject({
      status: 'reversed',
      value: { micros: 0 },
      face: { micros: 20 },
    });
  });

  it('keeps a correction that comes alone as value without a conversion, until its conversion comes', () => {
    const alone = live([message('approved', 5, { amount: -4 })]);
    expect(alone.life.state).toMatchObject({ status: 'approved', conversions: 0, value: { micros: -4 } });
    const both = live([message('approved', 5, { amount: -4 }), message('approved', 1, { amount: 10 })]);
    expect(both.life.state).toMatchObject({ conversions: 1, value: { micros: 6 } });
    expect(both.changes.map((change) => change.conversionsDelta)).toEqual([0, 1]);
  });

  it('goes by stage where every message is dated with the event, whichever arrived first', () => {
    const pending = message('pending', 1, { amount: 3, receivedAtMs: 30 });
    const approved = message('approved', 1, { amount: 4, receivedAtMs: 20 });
    const reversed = message('reversed', 1, { receivedAtMs: 10 });
    expect(live([approved, pending]).life.state).toMatchObject({ status: 'approved', value: { micros: 4 } });
    expect(live([reversed, approved, pending]).life.state).toMatchObject({
      status: 'reversed',
      face: { micros: 4 },
    });
  });

  describe('a refund without a status', () => {
    const bought = message('approved', 1, { amount: 20 });

    it('takes away what it says, and all of it when it meets what there is, each as a dated change', () => {
      const { life, changes } = live([bought, message(null, 5, { amount: -5 })]);
      expect(life.state).toMatchObject({ status: 'approved', conversions: 1, value: { micros: 15 } });
      expect(changes[1]).toEqual({
        knownFromMs: 5,
        status: 'approved',
        conversionsDelta: 0,
        valueDeltas: [{ micros: -5, currency: 'USD' }],
      });
      const all = live([bought, message(null, 5, { amount: -5 }), message(null, 6, { amount: -15 })]);
      expect(all.life.state).toMatchObject({ status: 'reversed', conversions: 0, value: { micros: 0 } });
      expect(all.changes[2]).toMatchObject({
        conversionsDelta: -1,
        valueDeltas: [{ micros: -15, currency: 'USD' }],
      });
      expect(all.life.state.warnings).toEqual([]);
    });

    it('never goes below zero without a word', () => {
      const { state } = live([bought, message(null, 5, { amount: -25 })]).life;
      expect(state).toMatchObject({
        status: 'reversed',
        value: { micros: 0 },
        warnings: ['refund_exceeds_amount'],
      });
      const alone = live([message(null, 5, { amount: -5 })]).life.state;
      expect(alone).toMatchObject({
        status: 'approved',
        conversions: 0,
        value: { micros: -5 },
        warnings: ['refund_without_conversion'],
      });
    });

    it('leaves the status to those who say one', () => {
      const pending = message('pending', 1, { amount: 20 });
      const refund = message(null, 5, { amount: -5 });
      expect(live([refund, pending]).life.state).toMatchObject({ status: 'pending', value: { micros: 15 } });
      const rejected = message('rejected', 2);
      expect(live([pending, rejected, refund]).life.state).toMatchObject({ status: 'rejected' });
    });
  });

  it('begins anew with each total: what was taken away before is in it', () => {
    const { state } = live([
      message('approved', 1, { amount: 20 }),
      message('approved', 2, { delta: -5 }),
      message('approved', 3, { amount: 0 }),
    ]).life;
    expect(state).toMatchObject({ status: 'approved', conversions: 1, value: { micros: 0 } });
  });

  it('adds up where the source is set to', () => {
    const add = { repeatsAdd: true };
    const { state } = live([
      message('approved', 1, { amount: 10, ...add }),
      message('approved', 2, { amount: 3, ...add }),
    ]).life;
    expect(state).toMatchObject({ conversions: 1, value: { micros: 13 } });
  });

  it('happened at the earliest date of its messages, an undated one counting from its receipt', () => {
    const undated = message('approved', null, { receivedAtMs: 7 });
    expect(live([undated]).life.state.beganAtMs).toBe(7);
    expect(live([undated, message('reversed', 9), message('pending', 3)]).life.state.beganAtMs).toBe(3);
  });

  it('comes back from a reversal with the amount it had', () => {
    const { state } = live([
      message('approved', 1, { amount: 8 }),
      message('reversed', 2, { amount: 0 }),
      message('approved', 3),
    ]).life;
    expect(state).toMatchObject({ status: 'approved', value: { micros: 8 } });
  });

  it('keeps its amount on record when a reversal names another, and takes that one where none is known', () => {
    const part = [message('approved', 1, { amount: 20 }), message('reversed', 2, { amount: 5 })];
    expect(live(part).life.state).toMatchObject({ value: { micros: 0 }, face: { micros: 20 } });
    expect(live([...part, message('approved', 3)]).life.state.value.micros).toBe(20);
    const first = [message('rejected', 1, { amount: 5 }), message('approved', 2)];
    expect(live(first).life.state.value.micros).toBe(5);
  });

  it('takes the payout of the table where no amount came, never where 0 came', () => {
    const payout = { micros: micros(30), currency: 'EUR' };
    expect(live([message('approved', 1)], payout).life.state.value).toEqual(payout);
    expect(live([message('approved', 1, { amount: 0 })], payout).life.state.value).toEqual({
      micros: 0,
      currency: 'USD',
    });
    const corrected = live(
      [message('approved', 1), message('approved', 2, { amount: -10, currency: 'EUR' })],
      payout,
    );
    expect(corrected.life.state).toMatchObject({ conversions: 1, value: { micros: 20, currency: 'EUR' } });
    const named = live([message('pending', 1), message('approved', 2, { amount: 12 })], payout);
    expect(sums(named.changes)).toEqual({ USD: 12n });
  });

  it('does not add differences in another currency, and says so', () => {
    const { state } = live([
      message('approved', 1, { amount: 20 }),
      message('approved', 2, { amount: -5, currency: 'EUR' }),
    ]).life;
    expect(state).toMatchObject({
      value: { micros: 20, currency: 'USD' },
      warnings: ['delta_currency_differs'],
    });
  });

  it('tells why a message changed nothing', () => {
    const { life } = live([message('approved', 5, { amount: 5 }), message('reversed', 9)]);
    const late = continueLife(life, message('approved', 6, { amount: 5 }));
    expect(late).toMatchObject({ kind: 'unchanged', reason: 'older_status' });
    const again = continueLife(life, message('reversed', 12));
    expect(again).toMatchObject({ kind: 'unchanged', reason: 'duplicate_conversion' });
  });

  it('stops reading after two hundred messages', () => {
    const flood = Array.from({ length: MAX_MESSAGES + 1 }, (_, i) => message('approved', i, { amount: i }));
    expect(live(flood).life.state.value.micros).toBe(MAX_MESSAGES - 1);
    expect(live(flood).life.messages).toHaveLength(MAX_MESSAGES);
  });
});

const amounts = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);
const anyMessage = fc
  .record({
    status: fc.constantFrom<ConversionStatus | null>(...STATUSES, null),
    atMs: fc.option(fc.integer({ min: 0, max: 6 })),
    receivedAtMs: fc.integer({ min: 0, max: 9 }),
    amount: fc.option(amounts),
    delta: fc.option(amounts),
    currency: fc.constantFrom('USD', 'EUR'),
    repeatsAdd: fc.boolean(),
  })
  .map(({ status, atMs, ...said }) => message(status, atMs, said));
const messages = fc.uniqueArray(anyMessage, { minLength: 1, maxLength: 7, selector: ({ key }) => key });
const payouts = fc.option(
  fc.record({ micros: fc.integer({ min: 0, max: 9 }).map(micros), currency: fc.constantFrom('USD', 'EUR') }),
);

describe('any messages of one conversion', () => {
  it('end in the same state in whatever order they are taken', () => {
    const orders = messages.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        payouts,
      ),
    );
    fc.assert(
      fc.property(orders, ([list, shuffled, payout]) => {
        const one = live(list, payout).life.state;
        const [first, ...rest] = shuffled;
        expect(live(shuffled, payout).life.state).toEqual(one);
        if (first) expect(lifeOf([first, ...rest], payout)).toEqual(one);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('have deltas that add up to what counts now, per currency, and to the conversions', () => {
    fc.assert(
      fc.property(messages, payouts, (list, payout) => {
        const { life, changes } = live(list, payout);
        const { value } = life.state;
        expect(sums(changes)).toEqual(
          value.micros === 0 ? {} : { [`${value.currency}`]: BigInt(value.micros) },
        );
        const conversions = changes.reduce((sum, change) => sum + change.conversionsDelta, 0);
        expect(conversions).toBe(life.state.conversions);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('change nothing when they are repeated', () => {
    fc.assert(
      fc.property(messages, fc.nat(), payouts, (list, at, payout) => {
        const { life } = live(list, payout);
        const repeated = life.messages[at % life.messages.length];
        if (!repeated) throw new Error('no message');
        const step = continueLife(life, repeated, payout);
        expect(step).toEqual({ kind: 'unchanged', life, reason: 'duplicate_conversion' });
      }),
    );
  });

  it('are worth nothing while they do not count', () => {
    fc.assert(
      fc.property(messages, (list) => {
        const { status, conversions, value } = live(list).life.state;
        if (status !== 'pending' && status !== 'approved')
          expect([conversions, value.micros]).toEqual([0, 0]);
        if (conversions === 1) expect(value.micros).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('never go below zero without a word', () => {
    fc.assert(
      fc.property(messages, (list) => {
        const { value, warnings } = live(list).life.state;
        if (value.micros < 0) expect(warnings).toContain('refund_without_conversion');
      }),
      { numRuns: runs(1000) },
    );
  });

  it('never throw, whatever the dates', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyMessage, fc.double(), fc.double()), { minLength: 1 }), (list) => {
        live(list.map(([one, atMs, receivedAtMs], i) => ({ ...one, atMs, receivedAtMs, key: String(i) })));
      }),
    );
  });
});

/** Payouts of 0 or more, told by one sender that repeats itself; with null where it names no amount. */
const told = fc
  .array(fc.option(fc.nat(20), { freq: 5 }), { minLength: 1, maxLength: 8 })
  .map((amounts) => amounts.map((amount, at) => ({ amount, at })));

describe('what a further message does, by the policy of its source', () => {
  const of = (
    policy: DuplicatePolicy,
    list: readonly { readonly amount: number | null; readonly at: number }[],
  ): Life => {
    const asSaid = list.map(({ amount, at }) =>
      message('approved', at, { amount, key: `${at}`, repeatsAdd: policy === 'add' }),
    );
    const [first, ...rest] = asSaid;
    if (!first) throw new Error('no message');
    let { life } = beginLife(first);
    for (const next of rest) ({ life } = continueLife(life, next, null, policy));
    return life;
  };
  const named = (list: readonly { readonly amount: number | null }[]): readonly number[] =>
    list.flatMap(({ amount }) => (amount === null ? [] : [amount]));

  it('updates to the last amount named, ignores all after the first, or adds them up; it is one conversion', () => {
    fc.assert(
      fc.property(told, (list) => {
        expect(of('update', list).state.value.micros).toBe(named(list).at(-1) ?? 0);
        expect(of('ignore', list).state.value.micros).toBe(list[0]?.amount ?? 0);
        expect(of('ignore', list).messages).toHaveLength(1);
        expect(of('add', list).state.value.micros).toBe(named(list).reduce((sum, one) => sum + one, 0));
        for (const policy of DUPLICATE_POLICIES) expect(of(policy, list).state.conversions).toBe(1);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('ignores a later status with everything else, and says so', () => {
    const { life } = live([message('pending', 1, { amount: 5 })]);
    const step = continueLife(life, message('approved', 2, { amount: 9 }), null, 'ignore');
    expect(step).toEqual({ kind: 'unchanged', life, reason: 'duplicates_ignored' });
  });
});
