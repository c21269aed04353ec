/** One point of a scatter plot: shares on both axes. */
export interface Point {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly ours: boolean;
}

const WIDTH = 720;
const HEIGHT = 440;
const LEFT = 64;
const BOTTOM = 52;
const TOP = 34;
const RIGHT = 64;
/** Where a label may stand beside its point, nearest first. */
const NUDGES = [4, -9, 17, -22, 30, -35, 43] as const;

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
  const x = (value: number): number => LEFT + value * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + ((yTo - Math.min(yTo, Math.max(yFrom, value))) / (yTo - yFrom)) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (let tick = 0; tick <= 10; tick += 2)
    parts.push(
      `<line class="grid" x1="${x(tick / 10)}" x2="${x(tick / 10)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${x(tick / 10)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick * 10} %</text>`,
    );
  for (let tick = Math.ceil(yFrom * 5); tick <= yTo * 5; tick += 1)
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick / 5)}" y2="${y(tick / 5)}"/>`,
      `<text x="${LEFT - 8}" y="${y(tick / 5) + 4}" text-anchor="end">${tick * 20} %</text>`,
    );
  const taken: { readonly x: number; readonly y: number }[] = [];
  for (const point of points.toSorted((a, b) => b.y - a.y)) {
    const [px, py] = [x(point.x), y(point.y)];
    const free = (at: number): boolean =>
      !taken.some((other) => Math.abs(other.x - px) < 44 && Math.abs(other.y - at) < 12);
    const labelY = py + (NUDGES.find((nudge) => free(py + nudge)) ?? 4);
    taken.push({ x: px, y: labelY });
    const mark = point.ours ? ' class="ours"' : '';
    parts.push(
      `<circle${mark} cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="5"/>`,
      `<text${mark} x="${(px + 9).toFixed(1)}" y="${labelY.toFixed(1)}">${escape(point.label)}</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(options.title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #555 } .title { font-size: 14px; font-weight: 600 }
circle { fill: #8a8f98 } .grid { stroke: #8884; stroke-width: 1 }
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
