import { z } from 'zod';
import type { ScoreView } from '../contract/live.ts';
import { formatMoney, micros } from '../core/money.ts';

/** The sandbox's answer, as much of it as the page needs. Profit = value of conversions − spend. */
export const sandboxScoreSchema = z.object({
  accounts: z.array(
    z.object({
      label: z.string(),
      withBidloopMicros: z.number().int(),
      leftAloneMicros: z.number().int(),
    }),
  ),
});
export type SandboxScore = z.infer<typeof sandboxScoreSchema>;

/** The score in words: "+$1,240", whole units, because cents say nothing here. Null without accounts. */
export function scoreView({ accounts }: SandboxScore, currency: string): ScoreView | null {
  const [first] = accounts;
  if (first === undefined) return null;
  const signed = (value: number) => {
    const text = formatMoney(micros(Math.abs(Math.round(value / 1e6) * 1e6)), currency).replace(/\.00$/, '');
    return Math.abs(value) < 500_000 ? text : `${value < 0 ? '−' : '+'}${text}`;
  };
  return {
    accounts: accounts.map((account) => {
      const difference = account.withBidloopMicros - account.leftAloneMicros;
      return {
        label: account.label,
        profit: signed(account.withBidloopMicros),
        difference: signed(difference),
        ahead: difference >= 500_000,
      };
    }),
    // The same market for all of them: an account behind the others by a second shows no other figure.
    leftAlone: { profit: signed(first.leftAloneMicros), difference: signed(0) },
  };
}

/** The market is asked at most this often, whoever looks. */
const EVERY_MS = 2_000;

/**
 * Reads the sandbox's score, remembering it between askings. Null while the sandbox does not answer: a score is a
 * nicety that must never hold the page up.
 *
 * @param baseUrl address of the sandbox network; only its origin is used.
 */
export function createScoreReader(wallNowMs: () => number, request: typeof fetch = fetch) {
  const known = new Map<string, { readonly atMs: number; readonly score: ScoreView | null }>();
  return async function readScore(baseUrl: string, currency: string): Promise<ScoreView | null> {
    const origin = new URL(baseUrl).origin;
    const last = known.get(origin);
    if (last !== undefined && wallNowMs() - last.atMs < EVERY_MS) return last.score;
    let score: ScoreView | null = null;
    try {
      const response = await request(`${origin}/_sandbox/score`, { signal: AbortSignal.timeout(800) });
      const read = sandboxScoreSchema.safeParse(await response.json());
      if (read.success) score = scoreView(read.data, currency);
    } catch {
      score = null;
    }
    known.set(origin, { atMs: wallNowMs(), score });
    return score;
  };
}
