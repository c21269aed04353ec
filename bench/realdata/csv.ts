/** A text that is not the table it should be. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly code = 'csv';
}

/**
 * Rows of a CSV without line breaks inside its cells, as arrays in the order of `columns`. A quoted cell may hold commas.
 *
 * @throws CsvError naming the missing column, or the line that has another number of cells than the header.
 */
export function readCsv(text: string, columns: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split(/\r?\n/);
  const header = (lines[0] ?? '').split(',');
  const places = columns.map((column) => {
    const place = header.indexOf(column);
    if (place === -1) throw new CsvError(`no column "${column}"; there is: ${header.join(', ')}`);
    return place;
  });
  const rows: string[][] = [];
  for (let number = 1; number < lines.length; number += 1) {
    const line = lines[number] ?? '';
    if (line === '') continue;
    const cells = line.includes('"') ? quotedCells(line) : line.split(',');
    if (cells.length !== header.length)
      throw new CsvError(`line ${number + 1} has ${cells.length} cells, the header ${header.length}`);
    rows.push(places.map((place) => cells[place] ?? ''));
  }
  return rows;
}

/** `a,"b, c","say ""d"" "` as its cells. */
function quotedCells(line: string): string[] {
  // Every second piece stands between quotes; commas there are text. Two quotes in a row meet as an empty piece.
  const pieces = line.split('"');
  const plain = pieces.map((piece, index) => (index % 2 === 0 ? piece.replaceAll(',', '\n') : piece));
  return plain
    .join('"')
    .split('\n')
    .map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

/** @throws CsvError when the cell is no finite number. */
export function numberOf(cell: string | undefined): number {
  const value = cell === undefined || cell.trim() === '' ? NaN : Number(cell);
  if (!Number.isFinite(value)) throw new CsvError(`"${cell ?? ''}" is no number`);
  return value;
}
