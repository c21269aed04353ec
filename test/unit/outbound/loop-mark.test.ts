import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import { planForward } from '../../../src/outbound/forward.ts';
import { ownMark } from '../../../src/own-addresses.ts';
import { joinVia, readVia } from '../../../src/sources/via.ts';
import { CONTEXT, conversion, MARK, template } from './support.ts';

const OTHER = 'aaaaaaaaaaaa';
const built = (url: string, via: readonly string[] = [], loopMark: 'parameter' | 'header' = 'parameter') =>
  buildRequest(template({ url, loopMark }), conversion({ via }), CONTEXT);

describe('the mark by which a postback of ours is known when it comes back', () => {
  it('stands in the query and in a header, behind those of the installations before us', () => {
    expect(built('https://p.example.net/pb?c={click_id}', [OTHER])).toMatchObject({
      url: `https://p.example.net/pb?c=c0ffee&bidloop_via=${OTHER}%2C${MARK}`,
      headers: { 'x-bidloop-via': `${OTHER},${MARK}` },
    });
    for (const url of ['https://p.example.net/pb', 'https://p.example.net/pb?c={click.none}'])
      expect(built(url)).toMatchObject({ url: `https://p.example.net/pb?bidloop_via=${MARK}` });
  });

  it('stands in the header alone where the receiver wants no other parameter', () => {
    expect(built('https://p.example.net/pb', [], 'header')).toMatchObject({
      url: 'https://p.example.net/pb',
      headers: { 'x-bidloop-via': MARK },
    });
  });

  it('keeps what came back from going out again', () => {
    expect(planForward(template(), conversion({ cameFromUs: true }))).toMatchObject({
      reason: 'came_from_us',
    });
    expect(planForward(template(), conversion({ via: [OTHER] })).kind).toBe('forward');
  });

  it('is the same for the same key, another for another, and does not tell the key', () => {
    const key = Buffer.alloc(32, 7);
    expect(ownMark(key)).toBe(ownMark(Buffer.from(key)));
    expect(ownMark(key)).not.toBe(ownMark(Buffer.alloc(32, 8)));
    expect(readVia(ownMark(key))).toEqual([ownMark(key)]);
  });
});

describe('marks as senders write them', () => {
  it('are read from whatever came, without repeats and without an end to it', () => {
    expect(readVia(null)).toEqual([]);
    expect(readVia('{bidloop_via}, 0B1D100B0B1D, x')).toEqual([]);
    expect(readVia(`${OTHER}, ${MARK},${OTHER}`)).toEqual([OTHER, MARK]);
    expect(joinVia(null, '')).toBeNull();
    expect(joinVia(OTHER, null, MARK)).toBe(`${OTHER},${MARK}`);
  });

  it('our own is the last and never dropped, however many strangers put before it', () => {
    const mark = fc.stringMatching(/^[0-9a-f]{12}$/);
    fc.assert(
      fc.property(fc.array(fc.oneof(mark, fc.string()), { maxLength: 60 }), (before) => {
        const sent = joinVia(before.filter((one) => one !== MARK).join(','), MARK);
        expect(readVia(sent).at(-1)).toBe(MARK);
        expect(sent?.length).toBeLessThanOrEqual(16 * 13);
      }),
    );
  });
});
