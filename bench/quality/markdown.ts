/** A figure without its leading zero; a dash where there is none. */
export const f = (value: number | null | undefined, places = 2): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? '–'
    : value
        .toFixed(places)
        .replace(/^(-?)0\./, '$1.')
        .replace('-', '−');

/** A table whose first column is text and whose others are figures. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, at) => (at === 0 ? '---' : '--:')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
