import { pino, type Logger } from 'pino';

export type { Logger };

/** Where secrets stand in what we log. */
const SECRET_PATHS = [
  'token',
  'key',
  'password',
  'secret',
  'credentials',
  'authorization',
  'access_token',
  'secretKey',
];

/**
 * One wide JSON line per unit of work on stdout. `up` keeps it in the data directory; by itself it is for a collector.
 * An error line means that a person must act.
 */
export function createLog(options: { readonly level: string; readonly name: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    base: { name: options.name, pid: process.pid },
    redact: {
      paths: [
        ...SECRET_PATHS,
        ...SECRET_PATHS.map((path) => `*.${path}`),
        'req.headers.authorization',
        'req.headers["x-bidloop-key"]',
      ],
      censor: '…',
    },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
