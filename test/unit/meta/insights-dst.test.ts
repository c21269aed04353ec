import { describe, expect, it } from 'vitest';
import { dayBounds } from '../../../src/core/zone.ts';
import { hourOfLabel } from '../../../src/networks/meta/map.ts';
import { emptyBooks, record } from '../../../src/sandbox/books.ts';
import { samplePlan } from '../../../src/sandbox/market/sample-plan.ts';
import { insightRows } from '../../../src/sandbox/meta/insights.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';

const HOUR_MS = 3_600_000;
const HOURLY = 'hourly_stats_aggregated_by_advertiser_time_zone';
const account = { id: '1', name: '', token: '', urlTags: '', scopes: [] };
const zone = 'America/New_York';

/** A world in which one ad spent a dollar in every real hour of one local day. */
function dollarAnHour(date: string): { world: World; hours: number; endMs: number } {
  const { startMs, endMs } = dayBounds(date, zone);
  const fresh = createWorld({ seed: 1, plan: samplePlan(1), startMs });
  const books = emptyBooks(1, zone);
  for (let ms = startMs; ms < endMs; ms += HOUR_MS) {
    record(books, [{ ad: 0, fromMs: ms, spendMicros: 1_000_000, impressions: 100, clicks: 1 }]);
  }
  return { world: { ...fresh, books }, hours: (endMs - startMs) / HOUR_MS, endMs };
}

function report(date: string) {
  const { world, hours, endMs } = dollarAnHour(date);
  const rows = insightRows(world, account, {
    node: null,
    nowMs: endMs + 48 * HOUR_MS,
    params: {
      level: 'ad',
      fields: 'ad_id,spend',
      time_increment: '1',
      breakdowns: JSON.stringify([HOURLY]),
      time_range: JSON.stringify({ since: date, until: date }),
    },
  });
  return { hours, rows: rows.map((row) => ({ spend: Number(row['spend']), label: String(row[HOURLY]) })) };
}

describe('a day on which the clocks change', () => {
  it('has 25 hours under 24 labels in autumn, one of them double', () => {
    const { hours, rows } = report('2026-11-01');
    expect(hours).toBe(25);
    expect(rows).toHaveLength(24);
    expect(rows.find((row) => row.label.startsWith('01:'))?.spend).toBe(2);
    const read = rows.map((row) => hourOfLabel('2026-11-01', row.label, zone));
    expect(new Set(read).size).toBe(24);
    expect(rows.reduce((sum, row) => sum + row.spend, 0)).toBe(25);
  });

  it('has 23 hours in spring, none of them at two', () => {
    const { hours, rows } = report('2026-03-08');
    expect(hours).toBe(23);
    expect(rows).toHaveLength(23);
    expect(rows.some((row) => row.label.startsWith('02:'))).toBe(false);
    const read = rows.map((row) => hourOfLabel('2026-03-08', row.label, zone));
    expect(new Set(read).size).toBe(23);
  });

  it('has 24 in between', () => {
    expect(report('2026-11-02').rows).toHaveLength(24);
  });
});
