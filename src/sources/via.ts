/**
 * How postbacks between installations of Bidloop say where they have been: marks, the oldest first, parted by commas. In
 * the query, since a relay that copies the query keeps it, and in a header, for those who drop parameters they do not know.
 */
export const VIA_PARAM = 'bidloop_via';
export const VIA_HEADER = 'x-bidloop-via';

/** A longer way than any real one; the newest marks count. */
const MOST = 16;
const MARK = /^[0-9a-f]{12}$/;

/** The marks in a text, without what is none and without repeats. */
export function readVia(text: string | null): readonly string[] {
  if (text === null) return [];
  const marks = text.split(/[\s,]+/).filter((one) => MARK.test(one));
  return [...new Set(marks)].slice(-MOST);
}

/** Several such texts as one, as it is sent and kept; null for no mark at all. */
export function joinVia(...texts: readonly (string | null)[]): string | null {
  const marks = readVia(texts.filter((text) => text !== null).join(','));
  return marks.length === 0 ? null : marks.join(',');
}
