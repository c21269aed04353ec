import { z } from 'zod';
import { nearestWord } from '../core/nearest-word.ts';
import type { Destination } from './destination.ts';

const word = z.string().trim().min(1).max(200);
const digits = z
  .string()
  .transform((text) => text.replaceAll('-', ''))
  .pipe(z.string().regex(/^\d{1,20}$/, 'is digits, as the account page shows them'));
/** Where a network's interface is: http or https, nothing behind the path, no password. */
const address = z
  .string()
  .trim()
  .max(500)
  .refine((text) => isPlainAddress(text), 'is an address such as https://gateway.example.com/meta')
  .transform((text) => text.replace(/\/+$/, ''));
const texts = z.record(z.string(), z.string());

const FORWARDING = {
  sources: z.array(word).min(1).nullable().default(null),
  events: z.record(word, word).nullable().default(null),
  stages: z.enum(['approved', 'every', 'zero-until-approved']).default('approved'),
  consent: z.enum(['required', 'unless-denied']).default('unless-denied'),
  repeatsBy: z.enum(['conversion-id', 'txid']).default('conversion-id'),
};

const PEOPLE = { userIds: z.enum(['any', 'email']).default('any') };

/** What an operator may say about each kind; what is left out gets the careful default. */
const SCHEMAS = {
  template: z.strictObject({
    ...FORWARDING,
    url: z.string().min(1).max(4_000),
    method: z.enum(['GET', 'POST']).default('GET'),
    headers: texts.default({}),
    body: z
      .union([
        z.strictObject({ kind: z.literal('form'), template: z.string() }),
        z.strictObject({ kind: z.literal('json'), members: texts }),
      ])
      .nullable()
      .default(null),
    needed: z.array(word).default([]),
    keepEmpty: z.array(word).default([]),
    statusWords: z
      .partialRecord(z.enum(['pending', 'hold', 'approved', 'rejected', 'reversed']), z.string())
      .default({}),
    success: z
      .strictObject({
        statuses: z.array(z.number().int().min(200).max(299)).min(1).nullable().default(null),
        body: z
          .strictObject({ begins: z.string(), repeats: z.array(word).default([]) })
          .nullable()
          .default(null),
      })
      .default({ statuses: null, body: null }),
    loopMark: z.enum(['parameter', 'header']).default('parameter'),
  }),
  meta: z.strictObject({
    ...FORWARDING,
    baseUrl: address.default('https://graph.facebook.com'),
    pixelId: digits,
    apiVersion: z
      .string()
      .regex(/^v\d{1,3}\.\d$/, 'is a version such as v26.0')
      .default('v26.0'),
    actionSource: z.enum(['website', 'app', 'system_generated']).default('website'),
    testEventCode: word.nullable().default(null),
    ...PEOPLE,
  }),
  tiktok: z.strictObject({
    ...FORWARDING,
    baseUrl: address.default('https://business-api.tiktok.com'),
    eventSource: z.enum(['web', 'app', 'offline', 'crm']).default('web'),
    eventSourceId: word,
    testEventCode: word.nullable().default(null),
    ...PEOPLE,
  }),
  google: z.strictObject({
    ...FORWARDING,
    baseUrl: address.default('https://datamanager.googleapis.com'),
    tokenUrl: address.default('https://oauth2.googleapis.com/token'),
    accountId: digits,
    loginAccountId: digits.nullable().default(null),
    eventSource: z.enum(['WEB', 'APP', 'IN_STORE', 'PHONE', 'MESSAGE', 'OTHER']).default('WEB'),
    ...PEOPLE,
  }),
  microsoft: z.strictObject({
    ...FORWARDING,
    // Microsoft's sandbox is campaign.api.sandbox.bingads.microsoft.com with tokens of its own.
    baseUrl: address.default('https://campaign.api.bingads.microsoft.com'),
    tokenUrl: address.default('https://login.microsoftonline.com/common/oauth2/v2.0/token'),
    customerId: digits,
    accountId: digits,
  }),
} as const;

function isPlainAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return !/[?#{}]/.test(text) && url.username === '' && url.password === '';
}

export type DestinationKind = Destination['kind'];

export const DESTINATION_KINDS: readonly DestinationKind[] = [
  'template',
  'meta',
  'tiktok',
  'google',
  'microsoft',
];

/** @returns the kind, or undefined for a text that is none. */
export function readKind(text: string): DestinationKind | undefined {
  return DESTINATION_KINDS.find((kind) => kind === text);
}

/** Names of the settings that every destination has. */
export const FORWARDING_NAMES: readonly string[] = Object.keys(FORWARDING);

/** Names of a kind's own settings, without those that every destination has. */
export function settingNames(kind: DestinationKind): readonly string[] {
  return Object.keys(SCHEMAS[kind].shape).filter((name) => !Object.hasOwn(FORWARDING, name));
}

/** Those among them that have no default. */
export function requiredSettings(kind: DestinationKind): readonly string[] {
  const shape: Readonly<Record<string, z.ZodType>> = SCHEMAS[kind].shape;
  return settingNames(kind).filter((name) => shape[name]?.safeParse(undefined).success === false);
}

export type DestinationReading =
  | { readonly ok: true; readonly destination: Destination }
  /** Each says which setting is wrong and what it should be. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * A destination from what is stored, or was typed, about it.
 *
 * @param given.settings everything but id, name and secrets; defaults fill what is missing.
 */
export function readDestination(given: {
  readonly id: string;
  readonly name: string;
  readonly kind: DestinationKind;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}): DestinationReading {
  const { id, name, secrets, settings } = given;
  const own = { id, name, secrets };
  switch (given.kind) {
    case 'template': {
      const read = SCHEMAS.template.safeParse(settings);
      if (!read.success) return { ok: false, problems: problemsOf(read.error, given.kind) };
      // zod writes optional members as possibly undefined; absent is what is meant.
      const statusWords = Object.fromEntries(
        Object.entries(read.data.statusWords).filter(([, text]) => text !== undefined),
      );
      return { ok: true, destination: { kind: 'template', ...own, ...read.data, statusWords } };
    }
    case 'meta': {
      const read = SCHEMAS.meta.safeParse(settings);
      if (!read.success) return { ok: false, problems: problemsOf(read.error, given.kind) };
      return { ok: true, destination: { kind: 'meta', ...own, ...read.data } };
    }
    case 'tiktok': {
      const read = SCHEMAS.tiktok.safeParse(settings);
      if (!read.success) return { ok: false, problems: problemsOf(read.error, given.kind) };
      return { ok: true, destination: { kind: 'tiktok', ...own, ...read.data } };
    }
    case 'google': {
      const read = SCHEMAS.google.safeParse(settings);
      if (!read.success) return { ok: false, problems: problemsOf(read.error, given.kind) };
      return { ok: true, destination: { kind: 'google', ...own, ...read.data } };
    }
    case 'microsoft': {
      const read = SCHEMAS.microsoft.safeParse(settings);
      if (!read.success) return { ok: false, problems: problemsOf(read.error, given.kind) };
      return { ok: true, destination: { kind: 'microsoft', ...own, ...read.data } };
    }
  }
}

function problemsOf(error: z.ZodError, kind: DestinationKind): readonly string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownSetting(name, kind));
    const at = issue.path.join('.');
    if (issue.code === 'invalid_value') return [`${at} is one of ${issue.values.join(', ')}`];
    if (issue.message.endsWith('received undefined')) return [`${at} is missing`];
    return [`${at}: ${issue.message}`];
  });
}

function unknownSetting(name: string, kind: DestinationKind): string {
  const names = Object.keys(SCHEMAS[kind].shape);
  const near = nearestWord(name, names);
  return `there is no setting "${name}"; ${near === null ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`;
}
