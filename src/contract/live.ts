/**
 * What the live page is told. The server makes every sentence and formats every amount, so that the page, the
 * terminal and a script that reads the stream say the same words; the page only lays them out.
 */
import { z } from 'zod';

/** How a line or a badge should feel; the page chooses the colour. */
export const toneSchema = z.enum(['good', 'bad', 'warn', 'plain', 'quiet']);
export type Tone = z.infer<typeof toneSchema>;

export const badgeSchema = z.object({ label: z.string(), tone: toneSchema });
export type Badge = z.infer<typeof badgeSchema>;

/** One sentence of the feed. The same `id` may come again with other words: a postback that is judged later, a decision that is carried out. */
export const liveLineSchema = z.object({
  id: z.string(),
  kind: z.enum(['postback', 'decision']),
  /** Order of the feed, wall ms. */
  wallAtMs: z.number(),
  /** Workspace time, ms: what the reader is shown. */
  atMs: z.number(),
  tone: toneSchema,
  text: z.string(),
  /** Why, or what to do next; null when the sentence says it all. */
  detail: z.string().nullable(),
  badge: badgeSchema.nullable(),
  /** The record of it in Temporal UI. */
  link: z.string().nullable(),
});
export type LiveLine = z.infer<typeof liveLineSchema>;

/** The workspace clock as numbers, so that the page can let it run by itself between messages. */
export const clockSchema = z.object({
  workspaceId: z.string(),
  /** Workspace time at `wallOriginMs`. */
  originMs: z.number(),
  wallOriginMs: z.number(),
  /** Workspace ms per wall ms. */
  rate: z.number(),
  /** Workspace time at which the clock stands, or null while it runs. */
  stoppedAtMs: z.number().nullable(),
});
export type ClockView = z.infer<typeof clockSchema>;

/** One ad set with what is set, what it did today and what the engine last concluded about it. Amounts are ready to read. */
export const adSetRowSchema = z.object({
  id: z.number(),
  name: z.string(),
  campaign: z.string().nullable(),
  network: z.string(),
  /** Its ad account, where the workspace has several. */
  account: z.string().nullable(),
  status: badgeSchema,
  /** Where it stands with an autopilot: "probation", "held back"; null elsewhere. */
  stage: badgeSchema.nullable(),
  /** "$1.32 bid cap", "automatic". */
  bid: z.string(),
  /** "$400.00 a day". */
  budget: z.string().nullable(),
  spend: z.string(),
  conversions: z.number(),
  /** null while undefined: no conversion, no spend, or conversions that must not be believed yet. */
  cpa: z.string().nullable(),
  roas: z.string().nullable(),
  /** What was concluded last: "keeps", "paused", … with its reason; null before the first evaluation. */
  verdict: z
    .object({
      label: z.string(),
      tone: toneSchema,
      reason: z.string(),
      /** The number that would have changed it. */
      nearest: z.string().nullable(),
      /** How far an autopilot's evidence has come towards a pause. */
      evidence: z.object({ words: z.string(), share: z.number().min(0).max(1) }).nullable(),
      atMs: z.number(),
    })
    .nullable(),
});
export type AdSetRow = z.infer<typeof adSetRowSchema>;

/** Whether facts are being judged yet, in a sentence and a bar. */
export const engineSchema = z.object({
  ready: z.boolean(),
  /** "Postbacks are kept safely, not yet judged. The optimizer is ready in about 2:40." */
  sentence: z.string(),
  /** What is being prepared right now, in plain words. */
  detail: z.string().nullable(),
  /** 0 to 1, or null while nobody can say. */
  progress: z.number().min(0).max(1).nullable(),
  /** Something stands in the way that a person must remove. */
  problem: z.boolean(),
});
export type EngineView = z.infer<typeof engineSchema>;

/** Profit so far of each ad account beside that of the same market left alone. Only simulated workspaces have one. */
export const scoreSchema = z.object({
  accounts: z.array(
    z.object({
      /** Who looks after it: "rules", "autopilot". */
      label: z.string(),
      profit: z.string(),
      /** Profit more than left alone: "+$1,240". */
      difference: z.string(),
      ahead: z.boolean(),
    }),
  ),
  /** The market that nobody touches; its difference is 0. */
  leftAlone: z.object({ profit: z.string(), difference: z.string() }),
});
export type ScoreView = z.infer<typeof scoreSchema>;

/** Everything of the page but the feed. Sent whole whenever a part of it changed. */
export const liveStateSchema = z.object({
  version: z.string(),
  workspace: z
    .object({
      id: z.string(),
      name: z.string(),
      timeZone: z.string(),
      currency: z.string(),
      simulated: z.boolean(),
      /** Ad accounts connected. */
      accounts: z.number(),
    })
    .nullable(),
  /** Every workspace of this installation, for changing between them. */
  workspaces: z.array(z.object({ id: z.string(), name: z.string() })),
  /** The server's wall time when this was made: the page corrects its own clock by it. */
  wallNowMs: z.number(),
  clock: clockSchema.nullable(),
  engine: engineSchema,
  /** Why the facts below are missing or old: the database does not answer, or there is no such workspace. */
  outage: z.string().nullable(),
  /** What may not be changed right now, and why; null when nobody pulled the brake. */
  halted: z.string().nullable(),
  /** Which ad accounts' conversions fail to arrive, one sentence each: nothing is decided by them meanwhile. */
  silent: z.array(z.string()),
  score: scoreSchema.nullable(),
  /** The event that conversions, CPA and ROAS in the table are about: "purchase". */
  event: z.string().nullable(),
  adSets: z.array(adSetRowSchema),
  /** What an autopilot does not know yet of an ad account, and that it waits longer for that. By account's name. */
  learning: z.array(z.object({ account: z.string(), text: z.string() })),
  /** Ad sets beyond those sent. */
  moreAdSets: z.number(),
  links: z.array(z.object({ label: z.string(), url: z.string() })),
});
export type LiveState = z.infer<typeof liveStateSchema>;

/** First message to every client, and again when it has missed more than is kept. Lines newest first. */
export const liveSnapshotSchema = z.object({ state: liveStateSchema, lines: z.array(liveLineSchema) });
export type LiveSnapshot = z.infer<typeof liveSnapshotSchema>;

/** New and changed lines, newest first. */
export const liveLinesSchema = z.array(liveLineSchema);

/** The names of the stream's messages: `snapshot` (LiveSnapshot), `lines` (LiveLine[]), `state` (LiveState). */
export const LIVE_EVENTS = ['snapshot', 'lines', 'state'] as const;
export type LiveEventName = (typeof LIVE_EVENTS)[number];

/** Lines a page keeps, and a snapshot holds. */
export const LIVE_LINES = 60;
