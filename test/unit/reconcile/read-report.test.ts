import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generic } from '../../../src/sources/profiles/generic.ts';
import { readReport, type ReportContext } from '../../../src/sources/report/read-report.ts';

const context = (part: Partial<ReportContext> = {}): ReportContext => ({
  sourceId: 'shop',
  profile: generic,
  settings: { currency: 'USD' },
  columns: {},
  nowMs: Date.UTC(2026, 10, 23),
  ...part,
});

function rowsOf(text: string, part: Partial<ReportContext> = {}) {
  const report = readReport(text, context(part));
  if (!report.ok) throw new Error(report.message);
  return report;
}

describe("a sender's report", () => {
  it('is read by its headings, whatever separates its columns', () => {
    for (const separator of [',', ';', '\t', '|']) {
      const text = [
        ['Click ID', 'Order ID', 'Conversion Time', 'Status', 'Payout', 'Currency', 'Manager'],
        ['01HZ', 'o-1', '2026-11-10 12:00:00', 'approved', '12.50', 'EUR', 'Ann'],
      ]
        .map((cells) => cells.join(separator))
        .join('\r\n');
      const { rows, columns, unread } = rowsOf(`\uFEFF${text}\r\n`);
      expect(unread).toEqual([]);
      expect(rows).toMatchObject([
        {
          line: 2,
          clickId: '01HZ',
          txid: 'o-1',
          status: 'approved',
          amount: { micros: 12_500_000, currency: 'EUR' },
          atMs: Date.UTC(2026, 10, 10, 12),
        },
      ]);
      expect(columns.get('Manager')).toBeNull();
      expect(columns.get('Conversion Time')).toBe('eventTime');
    }
  });

  it('takes the columns that are named before what their headings say, and the zone of the source', () => {
    const text = 'Ref,When,Sum\nabc-123456,2026-11-10 12:00,"1,250.00"\n';
    const { rows } = rowsOf(text, {
      columns: { Ref: 'txid', When: 'eventTime', Sum: 'amount' },
      settings: { currency: 'USD', zone: 'America/New_York', commaThousands: true },
    });
    expect(rows).toMatchObject([
      { txid: 'abc-123456', key: null, amount: { micros: 1_250_000_000 }, atMs: Date.UTC(2026, 10, 10, 17) },
    ]);
  });

  it('says what no row can be read for, and goes on with the others', () => {
    const { rows, unread } = rowsOf('click_id,amount\nc1,12\n,5\nc3,twelve\n');
    expect(rows).toHaveLength(1);
    expect(unread).toMatchObject([
      { line: 3, reason: 'missing_click_id' },
      { line: 4, reason: 'amount_unparsed' },
    ]);
    expect(readReport('', context())).toEqual({ ok: false, message: 'it has no rows' });
    expect(readReport('click_id,amount\n', context())).toEqual({ ok: false, message: 'it has no rows' });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        readReport(text, context());
        readReport(`click_id,amount,time\n${text}`, context());
      }),
    );
  });
});
