/** What the page knows, and how each message of the stream changes it. Pure, so that it is tested without a browser. */
import {
  LIVE_LINES,
  type LiveEventName,
  type LiveLine,
  type LiveState,
  liveLinesSchema,
  liveSnapshotSchema,
  liveStateSchema,
} from '../contract/live.ts';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** The browser tries again by itself. */
  | { readonly kind: 'lost' }
  /** The server will not talk to us; the sentence says why. */
  | { readonly kind: 'refused'; readonly sentence: string };

export interface PageModel {
  readonly connection: Connection;
  readonly state: LiveState | null;
  readonly lines: readonly LiveLine[];
  /** Server wall time minus browser time, ms. */
  readonly clockSkewMs: number;
  /** A message could not be read: the server is of another version than this page. */
  readonly outdated: boolean;
}

export const EMPTY_PAGE: PageModel = {
  connection: { kind: 'connecting' },
  state: null,
  lines: [],
  clockSkewMs: 0,
  outdated: false,
};

/** Puts new lines in and changed ones in their place; newest first, the oldest fall off. */
export function mergeLines(known: readonly LiveLine[], news: readonly LiveLine[]): readonly LiveLine[] {
  const byId = new Map(known.map((line) => [line.id, line]));
  for (const line of news) byId.set(line.id, line);
  return [...byId.values()]
    .sort((a, b) => b.wallAtMs - a.wallAtMs || (a.id < b.id ? 1 : -1))
    .slice(0, LIVE_LINES);
}

/**
 * Applies one message.
 *
 * @param data the message as received, JSON text.
 * @param browserNowMs the browser's wall time at receipt, ms.
 * @returns the new model; marked outdated when the message is not one that this page can read.
 */
export function applyMessage(
  model: PageModel,
  event: LiveEventName,
  data: string,
  browserNowMs: number,
): PageModel {
  const json: unknown = parseJson(data);
  switch (event) {
    case 'snapshot': {
      const read = liveSnapshotSchema.safeParse(json);
      if (!read.success) return { ...model, outdated: true };
      return { ...withState(model, read.data.state, browserNowMs), lines: read.data.lines };
    }
    case 'state': {
      const read = liveStateSchema.safeParse(json);
      return read.success ? withState(model, read.data, browserNowMs) : { ...model, outdated: true };
    }
    case 'lines': {
      const read = liveLinesSchema.safeParse(json);
      return read.success
        ? { ...model, lines: mergeLines(model.lines, read.data) }
        : { ...model, outdated: true };
    }
  }
}

function withState(model: PageModel, state: LiveState, browserNowMs: number): PageModel {
  return { ...model, state, clockSkewMs: state.wallNowMs - browserNowMs, outdated: false };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
