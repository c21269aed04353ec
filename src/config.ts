import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nearestWord } from './core/nearest-word.ts';
import { isAllowEntry } from './outbound/guard.ts';

/** The project's folder; relative settings start here, wherever a command is run from. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));

const port = z.coerce.number().int().min(1).max(65_535);
const portOrPick = z.coerce.number().int().min(0).max(65_535);
const webAddress = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

interface Setting<S extends z.ZodType> {
  readonly schema: S;
  /** What a right value is, to follow "must be". */
  readonly mustBe: string;
  readonly example: string;
}

function setting<S extends z.ZodType>(schema: S, mustBe: string, example: string): Setting<S> {
  return { schema, mustBe, example };
}

/** Every setting. `.env.example` explains them to the operator; a test keeps the two together. */
const SETTINGS = {
  DATABASE_URL: setting(
    z
      .url({ protocol: /^postgres(ql)?$/ })
      .nullable()
      .default(null),
    'the address of a PostgreSQL database',
    'postgres://bidloop:secret@db.example.com:5432/bidloop',
  ),
  TEMPORAL_ADDRESS: setting(
    z
      .string()
      .regex(/^[^\s/:]+:\d{1,5}$/)
      .nullable()
      .default(null),
    'host:port of a Temporal server',
    'temporal.example.com:7233',
  ),
  TEMPORAL_NAMESPACE: setting(
    z.string().regex(/^\S+$/).default('default'),
    'a Temporal namespace',
    'default',
  ),
  TEMPORAL_API_KEY: setting(
    z.string().nullable().default(null),
    'an API key; with it the connection uses TLS',
    'eyJhbGciOi…',
  ),
  PUBLIC_URL: setting(
    webAddress.nullable().default(null),
    'the http(s) address under which trackers reach this machine',
    'https://bids.example.com',
  ),
  BIDLOOP_DATA_DIR: setting(z.string().default('.bidloop'), 'a folder', '/var/lib/bidloop'),
  BIDLOOP_SECRET_KEY: setting(
    z
      .string()
      .transform((text, context) => decodeKey(text) ?? context.addIssue('key') ?? z.NEVER)
      .nullable()
      .default(null),
    '32 random bytes in base64 or hex',
    'the output of: openssl rand -base64 32',
  ),
  BIDLOOP_HTTP_HOST: setting(
    z
      .string()
      .regex(/^[^\s/]+$/)
      .default('127.0.0.1'),
    'an address of this machine to listen on',
    '0.0.0.0',
  ),
  BIDLOOP_HTTP_PORT: setting(port.default(8080), 'a port from 1 to 65535', '8080'),
  BIDLOOP_API_TOKEN: setting(
    z.string().min(16).nullable().default(null),
    'a token of 16 characters or more',
    'the output of: openssl rand -hex 16',
  ),
  BIDLOOP_FALLBACK_URL: setting(
    webAddress.nullable().default(null),
    'an http(s) address for visitors whose link is unknown',
    'https://shop.example.com',
  ),
  BIDLOOP_OUTBOUND_ALLOW: setting(
    z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
      .refine((entries) => entries.every(isAllowEntry))
      .default([]),
    'host names and networks, parted by commas',
    'backend.internal,10.20.0.0/16',
  ),
  BIDLOOP_SANDBOX_PORT: setting(port.default(8090), 'a port from 1 to 65535', '8090'),
  BIDLOOP_TEMPORAL_PORT: setting(port.default(7233), 'a port from 1 to 65535', '7233'),
  BIDLOOP_TEMPORAL_UI_PORT: setting(port.default(8233), 'a port from 1 to 65535', '8233'),
  BIDLOOP_POSTGRES_PORT: setting(
    portOrPick.default(0),
    'a port from 1 to 65535, or 0 to have a free one picked',
    '0',
  ),
  BIDLOOP_STRATEGIES_DIR: setting(z.string().default('strategies'), 'a folder', 'strategies'),
  BIDLOOP_RAW_DAYS: setting(
    z.coerce.number().int().min(0).max(36_500).default(90),
    'a number of days, or 0 to keep everything',
    '90',
  ),
  BIDLOOP_LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'one of trace, debug, info, warn, error, fatal, silent',
    'info',
  ),
  BIDLOOP_MARKET_RATE: setting(
    z.coerce.number().min(1).max(3_600).default(60),
    'how many times faster than the wall the sample market runs, 1 to 3600',
    '60',
  ),
  BIDLOOP_MARKET_SEED: setting(
    z.coerce.number().int().min(0).max(0xffff_ffff).default(1),
    'a whole number from 0 to 4294967295',
    '1',
  ),
} as const;

type SettingName = keyof typeof SETTINGS;
type Values = { [N in SettingName]: z.output<(typeof SETTINGS)[N]['schema']> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** What the environment asks for, checked; paths are absolute. */
export interface Config {
  /** Null: the embedded PostgreSQL of the data directory. */
  readonly databaseUrl: string | null;
  /** Null: a server of our own. */
  readonly temporalAddress: string | null;
  readonly temporalNamespace: string;
  readonly temporalApiKey: string | null;
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** 32 bytes; null: the key file of the data directory. */
  readonly secretKey: Buffer | null;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly apiToken: string | null;
  readonly fallbackUrl: string | null;
  /** Host names and networks beyond the public internet to which conversions may go. */
  readonly outboundAllow: readonly string[];
  readonly sandboxPort: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
  /** 0: a free one, remembered in the data directory. */
  readonly postgresPort: number;
  readonly strategiesDir: string;
  /** Days that clicks and postbacks are kept as received; 0 for ever. */
  readonly rawDays: number;
  readonly logLevel: Values['BIDLOOP_LOG_LEVEL'];
  readonly marketRate: number;
  readonly marketSeed: number;
}

export interface ConfigProblem {
  readonly name: string;
  readonly message: string;
}

/** The environment is not usable; every problem is named, not only the first. */
export class ConfigError extends Error {
  readonly code = 'bad_config';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `  ${problem.name}: ${problem.message}`);
    super(
      `the environment has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the settings from the environment. An empty variable counts as not set, an unknown one that begins with
 * BIDLOOP_ as a slip of the pen.
 *
 * @throws ConfigError with all problems at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const { schema, mustBe, example } = SETTINGS[name];
    const text = env[name]?.trim();
    const result = schema.safeParse(text === '' ? undefined : text);
    if (result.success) values[name] = result.data;
    else problems.push({ name, message: `must be ${mustBe}, for example ${example}${shown(name, text)}` });
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('BIDLOOP_') || name in SETTINGS) continue;
    const meant = nearestWord(name, SETTING_NAMES);
    problems.push({
      name,
      message: `is not a setting${meant === null ? '; see .env.example' : `; did you mean ${meant}?`}`,
    });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Each value came out of the schema of its name.
  return toConfig(values as Values);
}

/** Ports of Node programs are seldom secrets; keys, tokens and addresses with passwords are. */
function shown(name: SettingName, text: string | undefined): string {
  return text === undefined || /KEY|TOKEN|DATABASE_URL/.test(name) ? '' : ` (it is ${JSON.stringify(text)})`;
}

function toConfig(values: Values): Config {
  return {
    databaseUrl: values.DATABASE_URL,
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
    temporalApiKey: values.TEMPORAL_API_KEY,
    publicUrl: values.PUBLIC_URL,
    dataDir: path.resolve(PROJECT_ROOT, values.BIDLOOP_DATA_DIR),
    secretKey: values.BIDLOOP_SECRET_KEY,
    httpHost: values.BIDLOOP_HTTP_HOST,
    httpPort: values.BIDLOOP_HTTP_PORT,
    apiToken: values.BIDLOOP_API_TOKEN,
    fallbackUrl: values.BIDLOOP_FALLBACK_URL,
    outboundAllow: values.BIDLOOP_OUTBOUND_ALLOW,
    sandboxPort: values.BIDLOOP_SANDBOX_PORT,
    temporalPort: values.BIDLOOP_TEMPORAL_PORT,
    temporalUiPort: values.BIDLOOP_TEMPORAL_UI_PORT,
    postgresPort: values.BIDLOOP_POSTGRES_PORT,
    strategiesDir: path.resolve(PROJECT_ROOT, values.BIDLOOP_STRATEGIES_DIR),
    rawDays: values.BIDLOOP_RAW_DAYS,
    logLevel: values.BIDLOOP_LOG_LEVEL,
    marketRate: values.BIDLOOP_MARKET_RATE,
    marketSeed: values.BIDLOOP_MARKET_SEED,
  };
}

/** 32 bytes written in hex or base64, or null. */
export function decodeKey(text: string): Buffer | null {
  const compact = text.trim();
  if (/^[0-9a-f]{64}$/i.test(compact)) return Buffer.from(compact, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(compact)) return null;
  const key = Buffer.from(compact, 'base64');
  return key.length === 32 ? key : null;
}
