import { placeLabels } from './labels.ts';

/** One point of a scatter plot: shares on both axes. */
export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly ours: boolean;
}

const WIDTH = 720;
const HEIGHT = 500;
const LEFT = 64;
const BOTTOM = 52;
const TOP = 34;
const RIGHT = 48;
/** By the square root, so that the good end, where decisions differ by hundredths, has room. */
const TICKS = [0, 1, 5, 10, 20, 40, 60, 80, 100] as const;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A scatter plot as an SVG file of its own, readable on light and dark pages. */
export function scatter(options: {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly Point[];
  readonly yFrom: number;
  readonly yTo: number;
}): string {
  const { points, yFrom, yTo } = options;
  const x = (value: number): number => LEFT + Math.sqrt(value) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + ((yTo - Math.min(yTo, Math.max(yFrom, value))) / (yTo - yFrom)) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (const tick of TICKS)
    parts.push(
      `<line class="grid" x1="${x(tick / 100).toFixed(1)}" x2="${x(tick / 100).toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${x(tick / 100).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick} %</text>`,
    );
  for (let tick = Math.ceil(yFrom * 5); tick <= yTo * 5; tick += 1)
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick / 5)}" y2="${y(tick / 5)}"/>`,
      `<text x="${LEFT - 8}" y="${y(tick / 5) + 4}" text-anchor="end">${tick * 20} %</text>`,
    );
  // The engine's labels come first: they stand nearest.
  const marks = points
    .toSorted((a, b) => Number(b.ours) - Number(a.ours) || b.y - a.y)
    .map((point) => ({ ...point, x: x(point.x), y: y(point.y) }));
  const places = placeLabels(marks, {
    left: LEFT - 8,
    right: WIDTH - 2,
    top: TOP - 6,
    bottom: HEIGHT - BOTTOM,
  });
  const [lines, labels]: [string[], string[]] = [[], []];
  for (const [at, mark] of marks.entries()) {
    const kind = mark.ours ? ' class="ours"' : '';
    labels.push(`<circle${kind} cx="${mark.x.toFixed(1)}" cy="${mark.y.toFixed(1)}" r="5"/>`);
    const place = places[at];
    if (place === undefined) continue;
    if (place.leader)
      lines.push(
        `<line class="leader" x1="${mark.x.toFixed(1)}" y1="${mark.y.toFixed(1)}" x2="${place.x.toFixed(1)}" y2="${(place.y - 4).toFixed(1)}"/>`,
      );
    labels.push(
      `<text${kind} x="${place.x.toFixed(1)}" y="${place.y.toFixed(1)}" text-anchor="${place.anchor}">${escape(mark.label)}</text>`,
    );
  }
  parts.push(...lines, ...labels);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(options.title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #555 } .title { font-size: 14px; font-weight: 600 }
circle { fill: #8a8f98 } .grid { stroke: #8884; stroke-width: 1 } .leader { stroke: #8889; stroke-width: 1 }
circle.ours { fill: #1a7f5a } text.ours { fill: #1a7f5a; font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #bbb } circle.ours { fill: #4cc38a } text.ours { fill: #4cc38a } }
</style>
<text class="title" x="${LEFT}" y="20">${escape(options.title)}</text>
${parts.join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(options.xTitle)}</text>
<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(options.yTitle)}</text>
</svg>
`;
}
