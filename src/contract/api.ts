/** What the API is asked and answers, beside the live stream (live.ts). Every answer is JSON; instants are ms since the epoch unless named otherwise. */
import { z } from 'zod';
import { adSetRowSchema, clockSchema, engineSchema } from './live.ts';

/** Any failing request: a stable code, and a sentence that says what is wrong and what to do. */
export const apiErrorSchema = z.object({
  status: z.enum(['refused', 'failed']),
  reason: z.string(),
  message: z.string(),
});
export type ApiError = z.infer<typeof apiErrorSchema>;

const workspaceId = z.string().min(1).max(200).optional();
const error = 'it must be a whole number from 1 to 1000';
const limit = z.coerce.number({ error }).int(error).min(1, error).max(1_000, error).default(100);

export const workspaceQuerySchema = z.object({ workspace: workspaceId });
export const objectsQuerySchema = z.object({ workspace: workspaceId, limit });
export const decisionsQuerySchema = z.object({
  workspace: workspaceId,
  limit,
  object: z.coerce.number().int().positive().optional(),
  /** Keeps are left out unless asked for. */
  keeps: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

export const clockAnswerSchema = clockSchema;

export const statusAnswerSchema = z.object({
  version: z.string(),
  database: z.enum(['up', 'away']),
  engine: engineSchema,
  workspaces: z.array(
    z.object({ id: z.string(), name: z.string(), simulated: z.boolean(), halted: z.string().nullable() }),
  ),
});
export type StatusAnswer = z.infer<typeof statusAnswerSchema>;

export const objectsAnswerSchema = z.object({
  workspace: z.string(),
  event: z.string().nullable(),
  adSets: z.array(adSetRowSchema),
  total: z.number(),
});
export type ObjectsAnswer = z.infer<typeof objectsAnswerSchema>;

export const decisionAnswerSchema = z.object({
  id: z.string(),
  objectId: z.number(),
  object: z.string(),
  level: z.string(),
  network: z.string(),
  strategy: z.string(),
  rule: z.string().nullable(),
  verdict: z.string(),
  reason: z.string(),
  sentence: z.string(),
  mode: z.string(),
  outcome: z.string().nullable(),
  outcomeDetail: z.string().nullable(),
  undoes: z.string().nullable(),
  /** Workspace time. */
  decidedAtMs: z.number(),
});
export const decisionsAnswerSchema = z.object({
  workspace: z.string(),
  decisions: z.array(decisionAnswerSchema),
});
export type DecisionsAnswer = z.infer<typeof decisionsAnswerSchema>;

/** How postbacks arrive in a workspace: what waits, who is silent, what went wrong in the last 24 hours. */
export const healthAnswerSchema = z.object({
  workspace: z.string(),
  status: z.enum(['ok', 'trouble']),
  /** Stored and not judged, in the whole installation. */
  inbox: z.object({ waiting: z.number(), oldestSeconds: z.number() }),
  silent: z.array(
    z.object({ source: z.string(), lastMs: z.number(), usualQuietMs: z.number(), words: z.string() }),
  ),
  /** What was odd about clicks in the last 24 hours, by link. */
  oddClicks: z.array(
    z.object({
      link: z.string(),
      code: z.string(),
      count: z.number(),
      lastMs: z.number(),
      what: z.string(),
      next: z.string(),
    }),
  ),
  errors: z.array(
    z.object({
      source: z.string(),
      kind: z.enum(['refused', 'not_counted', 'warning']),
      code: z.string(),
      count: z.number(),
      /** By the hour, oldest first. */
      overTime: z.array(z.number()),
      lastMs: z.number(),
      detail: z.string().nullable(),
      what: z.string(),
      next: z.string(),
    }),
  ),
});
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;
