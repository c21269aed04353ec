import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import { NetworkError } from '../../../src/networks/ad-network.ts';
import { classOf, errorOf, usageOf } from '../../../src/networks/meta/errors.ts';
import {
  changeParams,
  hourOfLabel,
  levers,
  mapAdset,
  readMajor,
  readMinor,
  readStatus,
  writeMinor,
} from '../../../src/networks/meta/map.ts';
import { reportedUntil } from '../../../src/networks/meta/meta.ts';
import { adsetSchema } from '../../../src/networks/meta/schema.ts';

const label = (hour: number): string =>
  `${String(hour).padStart(2, '0')}:00:00 - ${String(hour).padStart(2, '0')}:59:59`;

describe("Meta's money", () => {
  it('counts cents, and whole units for the currencies that Meta counts so', () => {
    expect(readMinor('5000', 'USD')).toBe(50_000_000);
    expect(readMinor(1850, 'EUR')).toBe(18_500_000);
    expect(readMinor('5000', 'JPY')).toBe(5_000_000_000);
    // ISO 4217 gives the dinar three decimals and the forint two; Meta does not follow it.
    expect(readMinor('5000', 'BHD')).toBe(50_000_000);
    expect(readMinor('5000', 'HUF')).toBe(5_000_000_000);
    expect(writeMinor(micros(50_000_000), 'USD')).toBe(5000);
    expect(writeMinor(micros(5_000_000_000), 'JPY')).toBe(5000);
  });

  it('reads zero and absence as none', () => {
    expect(readMinor('0', 'USD')).toBeNull();
    expect(readMinor(undefined, 'USD')).toBeNull();
  });

  it('rounds down and refuses more than one percent', () => {
    expect(writeMinor(micros(1_329_999), 'USD')).toBe(132);
    expect(() => writeMinor(micros(19_999), 'USD')).toThrow(/more than 1 %/);
    expect(() => writeMinor(micros(1_320_000), 'JPY')).toThrow(NetworkError);
    expect(() => writeMinor(micros(4_000), 'USD')).toThrow(NetworkError);
  });

  it('survives the way out and back for every whole amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.constantFrom('USD', 'JPY', 'EUR', 'KRW'),
        (count, currency) => {
          const amount = readMinor(count, currency);
          expect(amount && writeMinor(amount, currency)).toBe(count);
        },
      ),
    );
  });

  it('reads report spend as decimal text in major units', () => {
    expect(readMajor('12.34')).toBe(12_340_000);
    expect(readMajor('5000')).toBe(5_000_000_000);
    expect(() => readMajor('1,234.00')).toThrow(/not a number/);
  });
});

describe("Meta's hours", () => {
  const zone = 'America/New_York';
  it('are local to the account', () => {
    expect(hourOfLabel('2026-11-10', label(10), zone)).toBe(Date.UTC(2026, 10, 10, 15));
    expect(hourOfLabel('2026-07-10', label(10), zone)).toBe(Date.UTC(2026, 6, 10, 14));
    expect(hourOfLabel('2026-11-10', label(10), 'Asia/Kolkata')).toBe(Date.UTC(2026, 10, 10, 4, 30));
  });

  it('put a doubled autumn hour at its first occurrence and a skipped spring hour at the next', () => {
    expect(hourOfLabel('2026-11-01', label(1), zone)).toBe(Date.UTC(2026, 10, 1, 5));
    expect(hourOfLabel('2026-11-01', label(2), zone)).toBe(Date.UTC(2026, 10, 1, 7));
    expect(hourOfLabel('2026-03-08', label(2), zone)).toBe(Date.UTC(2026, 2, 8, 7));
    expect(hourOfLabel('2026-03-08', label(3), zone)).toBe(Date.UTC(2026, 2, 8, 7));
  });

  it('refuse a label that is none', () => {
    expect(() => hourOfLabel('2026-11-01', 'noon', zone)).toThrow(/not one/);
  });

  it('count as reported twenty minutes after their end', () => {
    const ten = Date.UTC(2026, 10, 10, 15);
    expect(reportedUntil(ten + 19 * 60_000, zone)).toBe(ten - 3_600_000);
    expect(reportedUntil(ten + 20 * 60_000, zone)).toBe(ten);
  });
});

describe("Meta's objects", () => {
  it('offer a bid only under a cap, a budget only where it sits', () => {
    const base = { level: 'adset', dailyBudgetMicros: micros(1), lifetimeBudgetMicros: null } as const;
    expect(levers({ ...base, bidStrategy: 'auto' })).toEqual(['status', 'budget']);
    expect(levers({ ...base, bidStrategy: 'bid_cap' })).toEqual(['status', 'bid', 'budget']);
    expect(levers({ ...base, bidStrategy: 'cost_cap', dailyBudgetMicros: null })).toEqual(['status', 'bid']);
    expect(levers({ ...base, bidStrategy: 'auto', dailyBudgetMicros: null })).toEqual(['status']);
    expect(levers({ ...base, level: 'ad', bidStrategy: null })).toEqual(['status']);
  });

  it('read a number and a string of money in one object, and pass unknown fields', () => {
    const read = adsetSchema.parse({
      id: '120210000000000101',
      name: 'LAL 2%',
      status: 'ACTIVE',
      effective_status: 'CAMPAIGN_PAUSED',
      campaign_id: '120210000000000001',
      bid_strategy: 'COST_CAP',
      bid_amount: 1850,
      daily_budget: '7500',
      invented_next_year: { a: 1 },
    });
    expect(mapAdset(read, 'USD')).toMatchObject({
      networkId: '120210000000000101',
      status: 'active',
      delivery: 'campaign_paused',
      bidStrategy: 'cost_cap',
      bidMicros: 18_500_000,
      dailyBudgetMicros: 75_000_000,
      lifetimeBudgetMicros: null,
      campaignNetworkId: '120210000000000001',
    });
  });

  it('never take an id as a number, nor an unknown status as running', () => {
    expect(
      adsetSchema.safeParse(
        JSON.parse(
          '{"id":120210000000000101,"status":"ACTIVE","effective_status":"ACTIVE","campaign_id":"1"}',
        ),
      ).success,
    ).toBe(false);
    expect(readStatus('SOMETHING_NEW')).toBe('paused');
  });

  it('are changed by absolute values', () => {
    expect(changeParams({ kind: 'pause' }, 'USD')).toEqual({ status: 'PAUSED' });
    expect(changeParams({ kind: 'resume' }, 'USD')).toEqual({ status: 'ACTIVE' });
    expect(changeParams({ kind: 'set_bid', toMicros: micros(1_329_000) }, 'USD')).toEqual({
      bid_amount: 132,
    });
    expect(
      changeParams({ kind: 'set_budget', toMicros: micros(75_000_000), budget: 'daily' }, 'USD'),
    ).toEqual({ daily_budget: 7500 });
  });
});

describe("Meta's errors", () => {
  it.each([
    [{ code: 190 }, 'AUTH_DEAD'],
    [{ code: 102 }, 'AUTH_DEAD'],
    [{ code: 10 }, 'PERMISSION'],
    [{ code: 200 }, 'PERMISSION'],
    [{ code: 294 }, 'PERMISSION'],
    [{ code: 100, error_subcode: 33 }, 'GONE'],
    [{ code: 17, error_subcode: 2446079, is_transient: true }, 'RATE'],
    [{ code: 4 }, 'RATE'],
    [{ code: 613, error_subcode: 1487742 }, 'RATE'],
    [{ code: 80004 }, 'RATE'],
    [{ code: 613, error_subcode: 1487632 }, 'EDIT_QUOTA'],
    [{ code: 17, error_subcode: 1885172 }, 'EDIT_QUOTA'],
    [{ code: 1 }, 'TRANSIENT'],
    [{ code: 2 }, 'TRANSIENT'],
    [{ code: 999, is_transient: true }, 'TRANSIENT'],
    [{ code: 100 }, 'INVALID'],
    [{ code: 100, error_subcode: 1885204 }, 'INVALID'],
    [{ code: 2635 }, 'INVALID'],
  ] as const)('%o is %s', (error, expected) => {
    expect(classOf(error)).toBe(expected);
  });

  it("are unknown for a write and transient for a read when the body is not Meta's", () => {
    const answer = { status: 502, headers: {}, body: '<html>502</html>' };
    expect(errorOf(answer, { what: 'POST 1', write: true }).errorClass).toBe('UNKNOWN_RESULT');
    expect(errorOf(answer, { what: 'GET 1', write: false }).errorClass).toBe('TRANSIENT');
  });

  it.each([
    [{ code: 1 }, 500],
    [{ code: 2, is_transient: true }, 503],
    [{}, 500],
  ])('%o with HTTP %i leaves the result of a write unknown, and a read to be repeated', (error, status) => {
    const answer = { status, headers: {}, body: { error } };
    expect(errorOf(answer, { what: 'POST 1', write: true })).toMatchObject({
      errorClass: 'UNKNOWN_RESULT',
      message: expect.stringContaining('read the live value before trying again') as unknown,
    });
    expect(errorOf(answer, { what: 'GET 1', write: false }).errorClass).toBe('TRANSIENT');
  });

  it('say how long to wait', () => {
    const body = { error: { message: 'm', code: 17 } };
    const headers = {
      'x-business-use-case-usage': JSON.stringify({
        '1': [{ call_count: 100, estimated_time_to_regain_access: 7 }],
      }),
    };
    expect(errorOf({ status: 400, headers, body }, { what: 'GET 1', write: false }).retryAfterMs).toBe(
      7 * 60_000,
    );
    expect(errorOf({ status: 400, headers: {}, body }, { what: 'GET 1', write: false }).retryAfterMs).toBe(
      300_000,
    );
    expect(
      usageOf({ 'x-app-usage': 'not json', 'x-ad-account-usage': '{"acc_id_util_pct":9.67}' }).percent,
    ).toBe(9.67);
  });
});
