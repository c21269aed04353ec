import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generic } from '../../../src/sources/profiles/generic.ts';
import { readReport, type ReportContext } from '../../../src/sources/report/read-report.ts';
import { decodeReport } from '../../../src/sources/report/report-shape.ts';

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

  it('stands below a title, has units in its headings, a line of totals, and lines are those of the file', () => {
    const text = [
      'Conversions, all',
      'Generated 2026-11-20,,,',
      '',
      'Transaction ID,Click ID,Payout (EUR),Conversion time (UTC)',
      'o-1,c1,"1,299.50",2026-11-10 12:00:00',
      '',
      'o-2,c2,"1,250",2026-11-10 13:00:00',
      'Total,,"2,549.50",',
    ].join('\n');
    const { rows, notes, columns } = rowsOf(text, {
      settings: { currency: 'USD', zone: 'America/New_York' },
    });
    expect(rows).toMatchObject([
      { line: 5, txid: 'o-1', amount: { micros: 1_299_500_000, currency: 'EUR' } },
      // That commas part thousands is seen from the other row.
      { line: 7, txid: 'o-2', amount: { micros: 1_250_000_000 }, atMs: Date.UTC(2026, 10, 10, 13) },
    ]);
    expect(columns.get('Payout (EUR)')).toBe('amount');
    expect(notes.join(' ')).toMatch(/line 4.*EUR.*UTC.*totals/);
  });

  it.each([
    ['11/23/2026 10:00', '11/10/2026 12:30', 'month, day', Date.UTC(2026, 10, 10, 12, 30)],
    ['23/11/2026 10:00', '11/10/2026 12:30', 'day, month', Date.UTC(2026, 9, 11, 12, 30)],
    ['10.11.2026 10:00', '11.10.2026 12:30', 'day, month', Date.UTC(2026, 9, 11, 12, 30)],
  ])('dates of a column say which number is the month: %s', (one, other, words, atMs) => {
    const { rows, notes } = rowsOf(`Order ID;Order Date\no-1;${one}\no-2;${other}\n`);
    expect(rows[1]?.atMs).toBe(atMs);
    expect(notes.join()).toContain(words);
  });

  it('asks where every date could be both, and does as it is told', () => {
    const text = 'order_id,date\no-1,11/10/2026\no-2,12/10/2026\n';
    const open = rowsOf(text);
    expect(open.rows.map(({ atMs }) => atMs)).toEqual([null, null]);
    expect(open.notes.join()).toContain('--date-order');
    const told = rowsOf(text, { settings: { currency: 'USD', dateOrder: 'mdy' } });
    expect(told.rows[0]?.atMs).toBe(Date.UTC(2026, 10, 10));
    expect(told.notes).toEqual([]);
  });

  it('names status words that nobody mapped', () => {
    const { notes } = rowsOf('click_id,status\nc1,bestätigt\nc2,approved\n');
    expect(notes).toEqual([
      'Nobody said what these statuses mean: bestätigt. Say it: ./bidloop source set shop --status "bestätigt=approved"',
    ]);
  });

  it('may part day and time of day, as payment services do', () => {
    const text =
      '"Date","Time","Gross","Currency","Transaction ID"\n"10/23/2026","14:05:00","1.234,50","EUR","t-1"\n';
    const { rows } = rowsOf(text);
    expect(rows).toMatchObject([
      { atMs: Date.UTC(2026, 9, 23, 14, 5), amount: { micros: 1_234_500_000, currency: 'EUR' } },
    ]);
  });

  it('comes in the encodings of spreadsheets', () => {
    const text = 'click_id\ttxid\tstatus\nc1\tgrün-1\tapproved\n';
    const utf16 = Buffer.from(`\uFEFF${text}`, 'utf16le');
    for (const bytes of [Buffer.from(text), utf16, Buffer.from(utf16).swap16(), Buffer.from(text, 'latin1')])
      expect(rowsOf(decodeReport(bytes)).rows).toMatchObject([{ clickId: 'c1', txid: 'grün-1' }]);
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
