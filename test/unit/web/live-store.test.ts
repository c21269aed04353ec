import { describe, expect, it } from 'vitest';
import { LIVE_LINES, type LiveLine } from '../../../src/contract/live.ts';
import { applyMessage, EMPTY_PAGE, mergeLines } from '../../../src/web/live-store.ts';

const line = (id: string, wallAtMs: number, text = id): LiveLine => ({
  id,
  kind: 'postback',
  wallAtMs,
  atMs: wallAtMs,
  tone: 'plain',
  text,
  detail: null,
  badge: null,
  link: null,
});

describe('what the page knows', () => {
  it('puts a changed line in its old place, newest first', () => {
    const merged = mergeLines([line('b', 2), line('a', 1)], [line('c', 3), line('a', 1, 'judged')]);
    expect(merged.map((one) => one.text)).toEqual(['c', 'b', 'judged']);
  });

  it('keeps a bounded number of lines, dropping the oldest', () => {
    const many = Array.from({ length: LIVE_LINES + 30 }, (_, at) => line(`l${at}`, at));
    const merged = mergeLines([], many);
    expect(merged).toHaveLength(LIVE_LINES);
    expect(merged.at(-1)?.wallAtMs).toBe(30);
  });

  it('says that it is outdated when a message cannot be read, and keeps what it knew', () => {
    const known = { ...EMPTY_PAGE, lines: [line('a', 1)] };
    for (const data of ['{"wrong":1}', 'not json']) {
      for (const event of ['snapshot', 'state', 'lines'] as const) {
        const after = applyMessage(known, event, data, 0);
        expect(after.outdated).toBe(true);
        expect(after.lines).toEqual(known.lines);
      }
    }
  });
});
