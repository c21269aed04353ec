import type { AppleOutcome } from '../apple/outcome.ts';
import { readApple } from '../apple/read-apple.ts';
import type { Params } from '../params.ts';
import type { Explanation } from './read-anything.ts';

type Judged = Exclude<AppleOutcome, { readonly kind: 'not_apple' }>;

/** What Apple's own addresses would make of it, whatever app it is about; null for what is no postback of Apple's. */
export function appleOutcome(params: Params): Judged | null {
  const outcome = readApple(params.values);
  return outcome.kind === 'not_apple' ? null : outcome;
}

/**
 * An Apple postback as it is: nothing that a tracker's source would read, and no click id to miss. Its sender's further names
 * are what is not read.
 */
export function asApple(explanation: Explanation, params: Params, apple: Judged): Explanation {
  const mark = params.values.has('jws-string') ? 'jws-string' : 'ad-network-id';
  const others = 'signed' in apple ? Object.keys(apple.unsigned.others) : [];
  return {
    ...explanation,
    apple,
    source: {
      id: 'apple',
      title: mark === 'jws-string' ? 'AdAttributionKit' : 'SKAdNetwork',
      how: 'recognised',
      because: [mark],
    },
    postback: null,
    nearMisses: [],
    unread: others,
  };
}
