import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveLine, LiveState } from '../../../src/contract/live.ts';
import { createLiveFeed, type LiveFacts, type LiveMessage } from '../../../src/http/live-feed.ts';

const state = { version: '1', wallNowMs: 0 } as unknown as LiveState;
const line = (id: string, text = id): LiveLine => ({
  id,
  kind: 'postback',
  wallAtMs: 1,
  atMs: 1,
  tone: 'plain',
  text,
  detail: null,
  badge: null,
  link: null,
});

let facts: LiveFacts;
let reads = 0;

function makeFeed(name = 'a') {
  return createLiveFeed({
    name,
    load: async () => {
      reads += 1;
      return { ...facts, state: { ...facts.state, wallNowMs: reads } };
    },
  });
}

function client() {
  const got: LiveMessage[] = [];
  return {
    got,
    send: (message: LiveMessage) => void got.push(message),
    events: () => got.map((one) => one.event),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  reads = 0;
  facts = { state, lines: [line('1')] };
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the feed', () => {
  it('reads nothing while nobody looks', async () => {
    const feed = makeFeed();
    feed.wake();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reads).toBe(0);
    const one = client();
    const leave = feed.subscribe(undefined, one.send);
    await vi.advanceTimersByTimeAsync(10);
    expect(one.events()).toEqual(['snapshot']);
    leave();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reads).toBe(1);
  });

  it('reads again after a wake, and a storm of wakes does not put that off', async () => {
    const feed = makeFeed();
    const one = client();
    feed.subscribe(undefined, one.send);
    await vi.advanceTimersByTimeAsync(10);
    facts = { ...facts, lines: [line('2'), line('1')] };
    for (let i = 0; i < 40; i++) {
      feed.wake();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(one.events()).toContain('lines');
    expect(reads).toBeLessThan(6);
  });

  it('starts again for the next client after the last one left in the middle of a wake', async () => {
    const feed = makeFeed();
    const first = client();
    const leave = feed.subscribe(undefined, first.send);
    await vi.advanceTimersByTimeAsync(10);
    feed.wake();
    leave();
    const second = client();
    feed.subscribe(undefined, second.send);
    await vi.advanceTimersByTimeAsync(10);
    expect(second.events()).toEqual(['snapshot']);
  });

  it('sends only what is new or changed, and nothing when only the clock moved', async () => {
    const feed = makeFeed();
    const one = client();
    feed.subscribe(undefined, one.send);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(one.events()).toEqual(['snapshot']);
    facts = { ...facts, lines: [line('2'), line('1', 'now judged')] };
    await vi.advanceTimersByTimeAsync(1_500);
    expect(one.events()).toEqual(['snapshot', 'lines']);
    expect(JSON.parse(one.got[1]!.data)).toHaveLength(2);
  });

  it('goes on where a client was, and starts over for one from another process or too far behind', async () => {
    const feed = makeFeed();
    const keeper = client();
    feed.subscribe(undefined, keeper.send);
    await vi.advanceTimersByTimeAsync(10);
    const seen = keeper.got[0]!.id;
    for (let i = 2; i < 5; i++) {
      facts = { ...facts, lines: [line(String(i)), ...facts.lines] };
      await vi.advanceTimersByTimeAsync(1_100);
    }
    const back = client();
    feed.subscribe(seen, back.send);
    const stranger = client();
    feed.subscribe('b-1', stranger.send);
    const liar = client();
    feed.subscribe('a-900', liar.send);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(back.events()).toEqual(['lines', 'lines', 'lines']);
    expect(stranger.events()).toEqual(['snapshot']);
    expect(liar.events()).toEqual(['snapshot']);
  });
});
