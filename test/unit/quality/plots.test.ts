import { describe, expect, it } from 'vitest';
import { placeLabels } from '../../../bench/quality/labels.ts';
import { scatter } from '../../../bench/quality/plots.ts';

const WITHIN = { left: 0, right: 700, top: 0, bottom: 500 };

describe('labels of a plot', () => {
  it('stand beside their marks, none on another, where many marks crowd', () => {
    const marks = Array.from({ length: 14 }, (_, at) => ({
      x: 300 + 9 * (at % 4),
      y: 200 + 7 * Math.floor(at / 4),
      label: `P${at}`,
    }));
    const places = placeLabels(marks, WITHIN);
    const boxes = places.map(({ x, y, anchor }, at) => {
      const width = 7.4 * (marks[at]?.label.length ?? 0);
      const left = anchor === 'start' ? x : x - width;
      return { left, right: left + width, top: y - 10, bottom: y + 2 };
    });
    for (const [at, one] of boxes.entries()) {
      for (const other of boxes.slice(at + 1))
        expect(
          one.left >= other.right - 1e-9 ||
            other.left >= one.right - 1e-9 ||
            one.top >= other.bottom - 1e-9 ||
            other.top >= one.bottom - 1e-9,
        ).toBe(true);
      for (const { x, y } of marks)
        expect(x > one.left && x < one.right && y > one.top && y < one.bottom).toBe(false);
    }
    expect(places.some(({ leader }) => leader)).toBe(true);
  });

  it('stay within the plot, on the left of a mark at its right end', () => {
    const [place] = placeLabels([{ x: 695, y: 3, label: 'never' }], WITHIN);
    expect(place).toMatchObject({ anchor: 'end' });
    expect(place?.x).toBeLessThanOrEqual(695);
  });
});

describe('a scatter plot', () => {
  it('names its axes and marks, and escapes what it shows', () => {
    const svg = scatter({
      title: 'kept & lost',
      xTitle: 'x <1',
      yTitle: 'y',
      yFrom: 0,
      yTo: 1,
      points: [
        { label: 'G', x: 0.04, y: 0.9, ours: true },
        { label: 'A', x: 1, y: 0.1, ours: false },
      ],
    });
    expect(svg).toContain('kept &amp; lost');
    expect(svg).toContain('x &lt;1');
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).toMatch(/<text class="ours"[^>]*>G<\/text>/);
    // A fifth of the way: the square root of .04.
    expect(svg).toMatch(/<circle class="ours" cx="185\.6"/);
  });
});
