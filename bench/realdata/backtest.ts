/** One backtest on real data: its own small file, pure from the texts it is given to its figures. */
export interface Backtest {
  /** As it is named on the command line and in the last line's JSON. */
  readonly name: string;
  /** The data's folder, and its files. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly title: string;
  run(read: (file: string) => string): Outcome;
}

export interface Outcome {
  readonly tables: readonly Table[];
  /** What the figures show, in sentences. */
  readonly shows: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Four significant digits, whole numbers whole. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

/** "−3.2 %", with its sign where it is a difference. */
export function percent(share: number, sign = false): string {
  const text = `${Math.abs(share * 100).toFixed(1)} %`;
  return share < 0 ? `−${text}` : sign ? `+${text}` : text;
}

/** A table in Markdown, columns of equal width. */
export function tableText({ caption, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? String(rounded(cell)) : cell)),
  );
  const widths = columns.map((_, index) => Math.max(3, ...cells.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, index) => (row[index] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`${caption}:`, '', line(head), rule, ...body.map(line)].join('\n');
}
