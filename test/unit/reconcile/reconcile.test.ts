import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import type {
  RecordedConversion,
  ReconcileInput,
  ReportedConversion,
} from '../../../src/core/reconcile/facts.ts';
import { reconcile } from '../../../src/core/reconcile/reconcile.ts';
import { sumByReason } from '../../../src/core/reconcile/words.ts';

const NOON = Date.UTC(2026, 10, 10, 12);
const DAY_MS = 86_400_000;
const usd = (major: number) => ({ micros: micros(Math.round(major * 1e6)), currency: 'USD' });

const row = (part: Partial<ReportedConversion>): ReportedConversion => ({
  line: 2,
  key: null,
  clickId: null,
  txid: null,
  event: null,
  status: null,
  amount: null,
  atMs: NOON,
  ...part,
});
const recorded = (part: Partial<RecordedConversion>): RecordedConversion => ({
  id: 'c-1',
  keys: [],
  clickIds: [],
  txid: null,
  event: 'purchase',
  status: 'approved',
  amount: null,
  atMs: NOON,
  counted: true,
  reason: null,
  ...part,
});
const compare = (part: Partial<ReconcileInput>) =>
  reconcile({
    reported: [],
    recorded: [],
    refused: [],
    fromMs: NOON - 5 * DAY_MS,
    toMs: NOON + 5 * DAY_MS,
    sourceSinceMs: 0,
    ...part,
  });
const reasons = (part: Partial<ReconcileInput>) =>
  compare(part).differences.map(({ reason, detail }) => `${reason}: ${detail}`);

describe('a report beside the record', () => {
  it('agrees where both say the same, by key, order number or click', () => {
    const result = compare({
      reported: [row({ key: 'k1', amount: usd(12.5) }), row({ txid: 'o-2' }), row({ clickId: 'click-3' })],
      recorded: [
        recorded({ id: 'c-1', keys: ['k1'], amount: usd(12.5) }),
        recorded({ id: 'c-2', txid: 'o-2' }),
        recorded({ id: 'c-3', clickIds: ['click-3'] }),
      ],
    });
    expect(result).toEqual({ agreed: 3, differences: [] });
  });

  it('names what differs, the gravest first', () => {
    const ours = recorded({ txid: 'o-1', amount: usd(10) });
    const one = (part: Partial<ReportedConversion>, is: Partial<RecordedConversion> = {}) =>
      reasons({ reported: [row({ txid: 'o-1', ...part })], recorded: [{ ...ours, ...is }] });
    expect(one({ amount: usd(12) })).toEqual(['amount: 12 USD, here 10 USD']);
    expect(one({ amount: { ...usd(10), currency: 'EUR' } })).toEqual(['currency: 10 EUR, here 10 USD']);
    expect(one({ amount: usd(12) }, { amount: null })).toEqual(['amount: 12 USD, here none']);
    expect(one({ event: 'lead', amount: usd(12) })).toEqual(['event: lead, here purchase']);
    expect(one({ status: 'reversed', amount: usd(12) })).toEqual(['status: reversed, here approved']);
    expect(one({ amount: usd(12) }, { counted: false, reason: 'unknown_click' })).toEqual([
      'not_counted: unknown_click',
    ]);
    // Rejected on both sides: whatever else differs is worth nothing.
    expect(one({ status: 'rejected', amount: usd(12) }, { status: 'reversed', counted: false })).toEqual([]);
  });

  it('tells what was refused from what never came, and both from what came before the source', () => {
    const raw = 'POST /p/shop?txid=order%2D4711&sum=1\n\n{"click_id":"01HZXYZ"}';
    const refused = [{ id: 'p', reason: 'amount_unparsed', detail: '', raw }];
    expect(reasons({ reported: [row({ txid: 'order-4711' })], refused })).toEqual([
      'refused: amount_unparsed',
    ]);
    expect(reasons({ reported: [row({ clickId: '01HZXYZ' })], refused })).toEqual([
      'refused: amount_unparsed',
    ]);
    // Part of an id is another id.
    expect(reasons({ reported: [row({ txid: 'order-47' })], refused })[0]).toMatch(/^never_arrived/);
    expect(reasons({ reported: [row({ txid: 'order-9' })], sourceSinceMs: NOON + 1 })[0]).toMatch(
      /^before_source/,
    );
  });

  it('a row that stands twice is told once as that, a click with two orders is two', () => {
    const orders = [recorded({ id: 'c-1', txid: 'o-1' }), recorded({ id: 'c-2', txid: 'o-2' })];
    const named = (txid: string, line: number) => row({ txid, event: 'purchase', clickId: 'k', line });
    expect(reasons({ reported: [named('o-1', 2), named('o-2', 3)], recorded: orders })).toEqual([]);
    expect(
      reasons({ reported: [named('o-1', 2), named('o-2', 3), named('o-1', 4)], recorded: orders }),
    ).toEqual(['repeated_in_report: line 2']);
  });

  it('what only the record has is missing in the report, or lies at its edge', () => {
    const only = [
      recorded({ id: 'c-1' }),
      recorded({ id: 'c-2', atMs: NOON - 5 * DAY_MS + 1 }),
      recorded({ id: 'c-3', atMs: NOON - 6 * DAY_MS }),
      recorded({ id: 'c-4', counted: false, reason: 'unknown_click' }),
    ];
    expect(reasons({ recorded: only })).toEqual(['edge_of_report: approved', 'not_in_report: approved']);
  });

  it('sums by reason, money as report less record', () => {
    const result = compare({
      reported: [
        row({ txid: 'o-1', amount: usd(12) }),
        row({ txid: 'o-2', amount: usd(5) }),
        row({ txid: 'o-3', amount: usd(7.5) }),
      ],
      recorded: [recorded({ txid: 'o-1', amount: usd(10) }), recorded({ id: 'c-9', amount: usd(3) })],
    });
    expect(sumByReason(result).map(({ text }) => text)).toEqual([
      '2 never arrived here (12.5 USD): nothing with its ids is on record',
      '1 have another amount (2 USD): 12 USD, here 10 USD',
      '1 count here and are not in the report (-3 USD): approved',
    ]);
  });
});

describe('any report and any record', () => {
  const name = fc.constantFrom('a', 'b', 'c', null);
  const event = fc.constantFrom('purchase', 'lead');
  const amount = fc.option(fc.integer({ min: 0, max: 3 }).map(usd));
  const atMs = fc.integer({ min: NOON - 7 * DAY_MS, max: NOON + 7 * DAY_MS });
  const reportRow = fc.record({
    key: name,
    clickId: name,
    txid: name,
    event: fc.option(event),
    status: fc.constantFrom('approved' as const, 'rejected' as const, null),
    amount,
    atMs: fc.option(atMs),
  });
  const recordRow = fc.record({
    keys: fc.subarray(['a', 'b', 'c']),
    clickIds: fc.subarray(['a', 'b', 'c']),
    txid: name,
    event,
    status: fc.constantFrom('approved' as const, 'pending' as const, 'rejected' as const),
    amount,
    atMs,
    counted: fc.boolean(),
    reason: fc.constant(null),
  });

  it('every row has one place, every conversion at most one', () => {
    fc.assert(
      fc.property(fc.array(reportRow, { maxLength: 12 }), fc.array(recordRow, { maxLength: 12 }), (a, b) => {
        const rows = a.map((part, index) => row({ ...part, line: index + 2 }));
        const { agreed, differences } = compare({
          reported: rows,
          recorded: b.map((part, index) => recorded({ ...part, id: `c-${index}` })),
        });
        const ofReport = differences.filter(({ reported }) => reported !== null);
        expect(agreed + ofReport.length).toBe(rows.length);
        const ids = differences.flatMap(({ recorded: one }) => (one === null ? [] : [one.id]));
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('a report that is the record itself agrees but for what does not count', () => {
    fc.assert(
      fc.property(fc.array(recordRow, { maxLength: 12 }), (given) => {
        const ours = given.map((part, index) =>
          recorded({ ...part, id: `c-${index}`, keys: [`k-${index}`], txid: `o-${index}` }),
        );
        const rows = ours.map(
          ({ keys: [key = null], txid, event: what, status, amount: sum, atMs: at }, index) =>
            row({ line: index + 2, key, txid, event: what, status, amount: sum, atMs: at }),
        );
        const told = compare({ reported: rows, recorded: ours }).differences;
        expect(
          told.every(({ reason, recorded: one }) => reason === 'not_counted' && one?.counted === false),
        ).toBe(true);
      }),
    );
  });
});
