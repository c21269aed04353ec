import type { EngineView } from '../contract/live.ts';
import type { Status } from '../runtime/status-file.ts';
import { minutesAndSeconds } from './sentences.ts';

/** How far the engine's start has come, as its starter tells it; absent where every process is started by hand. */
export interface EngineFacts {
  readonly ready: boolean;
  /** What is being done right now, in plain words. */
  readonly doing: string | null;
  /** Wall seconds until ready, as far as anyone can say. */
  readonly secondsLeft: number | null;
  /** 0 to 1. */
  readonly progress: number | null;
  /** What a person must do before it goes on. */
  readonly problem: string | null;
  /** Address of Temporal UI, without a slash at the end. */
  readonly temporalUi: string | null;
}

/** Postbacks that are stored and not judged. */
export interface Backlog {
  readonly rows: number;
  /** Wall seconds the oldest has waited. */
  readonly oldestSeconds: number;
}

/** A healthy worker empties the inbox within a second; this much later people should know that none does. */
const SLOW_SECONDS = 20;

/** What the page says about the engine, with the newcomer's question in mind: is what arrives safe, and when is it judged? */
export function engineView(facts: EngineFacts | null, backlog: Backlog): EngineView {
  if (facts !== null && !facts.ready) {
    const when =
      facts.problem !== null
        ? 'The optimizer cannot start yet.'
        : facts.secondsLeft !== null
          ? `Optimizer ready in about ${minutesAndSeconds(facts.secondsLeft)}.`
          : 'The optimizer is getting ready.';
    return {
      ready: false,
      sentence: `Postbacks are kept safely, not yet judged. ${when}`,
      detail: facts.problem ?? facts.doing,
      progress: facts.progress,
      problem: facts.problem !== null,
    };
  }
  if (backlog.rows > 0 && backlog.oldestSeconds > SLOW_SECONDS) {
    const count = `${backlog.rows.toLocaleString('en-US')} ${backlog.rows === 1 ? 'waits' : 'wait'}`;
    return {
      ready: false,
      sentence: `Postbacks are kept safely, but ${count}, the oldest for ${minutesAndSeconds(backlog.oldestSeconds)}.`,
      detail:
        'No worker is judging them. See what runs with `./bidloop status`; start a worker with `./bidloop work`.',
      progress: null,
      problem: true,
    };
  }
  return {
    ready: true,
    sentence: 'Postbacks are judged as they arrive.',
    detail: null,
    progress: null,
    problem: false,
  };
}

/** "it ended by itself" → "It ended by itself." */
function sentenceOf(words: string): string {
  return words === '' ? '' : `${words[0]?.toUpperCase() ?? ''}${words.slice(1).replace(/[.]$/, '')}.`;
}

/** A starter that has not written for this long is gone, and what it wrote last says nothing about now. */
const STALE_MS = 120_000;
/** What the bar counts down from before anyone knows better, seconds. */
const USUAL_SECONDS = 60;

/**
 * Reads the starter's status in this page's terms.
 *
 * The bar goes from the longest wait announced to none, and stands rather than run backwards when an estimate grows.
 */
export function createEngineReader(readStatus: () => Status | null, wallNowMs: () => number) {
  let longest = USUAL_SECONDS;
  let furthest = 0;
  return function engineFacts(): EngineFacts | null {
    const status = readStatus();
    if (status === null) return null;
    const { state, text, next, secondsLeft } = status.optimizer;
    const temporalUi = status.links.temporalUi?.replace(/\/+$/, '') ?? null;
    if (state === 'ready')
      return { ready: true, doing: null, secondsLeft: null, progress: null, problem: null, temporalUi };
    if (wallNowMs() - status.updatedAtMs > STALE_MS) return null;
    longest = Math.max(longest, secondsLeft ?? 0);
    if (secondsLeft !== null)
      furthest = Math.max(furthest, 1 - Math.max(0, Math.min(secondsLeft, longest)) / longest);
    return {
      ready: false,
      doing: text === '' ? null : text,
      secondsLeft,
      progress: secondsLeft === null ? null : furthest,
      problem:
        state === 'unavailable' ? [sentenceOf(text), next].filter((one) => one !== '').join(' ') : null,
      temporalUi,
    };
  };
}
