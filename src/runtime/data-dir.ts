import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { decodeKey, type Config } from '../config.ts';
import { removePostgresHome } from './postgres-home.ts';
import { codeOf, messageOf, OperatorError } from '../errors.ts';

/**
 * Makes sure the data directory exists and can be written. Others may pass through it (the embedded PostgreSQL has a
 * user of its own) and not look into it.
 *
 * @throws OperatorError `data_dir_not_writable`.
 */
export function prepareDataDir(dataDir: string): void {
  try {
    makeFolder(path.resolve(dataDir));
    // What lies in a folder that was somebody else's is never deleted by --fresh.
    if (readdirSync(dataDir).length === 0) writeFileSync(path.join(dataDir, MARKER), MARKER_TEXT);
    accessSync(dataDir, constants.W_OK | constants.X_OK);
    const probe = path.join(dataDir, 'writable');
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    const why =
      codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EEXIST'
        ? 'something else lies there'
        : messageOf(error);
    throw new OperatorError(
      'data_dir_not_writable',
      `the data directory ${dataDir} cannot be written: ${why}`,
      {
        next: 'Make it writable for this user, or set BIDLOOP_DATA_DIR to a folder that is.',
        cause: error,
      },
    );
  }
}

/** Step by step: Node's own recursive mkdir never returns where a parent exists and takes no folders (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o711 });
}

const MARKER = 'README.txt';
const MARKER_TEXT =
  'Data of Bidloop: databases, keys, logs. `npm start -- --fresh` deletes this folder and begins anew.\n';

/**
 * Deletes everything in the data directory. Whatever runs on it has ended.
 *
 * @throws OperatorError when the folder was not made by us.
 */
export function emptyDataDir(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  if (readdirSync(dataDir).length > 0 && !existsSync(path.join(dataDir, MARKER))) {
    throw new OperatorError(
      'not_our_data_dir',
      `${dataDir} holds files that are not Bidloop's; it is not deleted`,
      {
        next: 'Set BIDLOOP_DATA_DIR to a folder of its own.',
      },
    );
  }
  removePostgresHome(dataDir);
  for (const entry of readdirSync(dataDir))
    rmSync(path.join(dataDir, entry), { recursive: true, force: true });
}

/**
 * The key that stored secrets are encrypted with: BIDLOOP_SECRET_KEY, else the data directory's key file.
 *
 * @throws OperatorError when there is none, or the file holds no key.
 */
export function loadSecretKey(config: Pick<Config, 'secretKey' | 'dataDir'>): Buffer {
  if (config.secretKey !== null) return config.secretKey;
  const file = keyFile(config.dataDir);
  if (!existsSync(file)) {
    throw new OperatorError('no_secret_key', 'there is no key to encrypt tokens with', {
      next: 'Set BIDLOOP_SECRET_KEY (openssl rand -base64 32), or start once with `npm start`, which makes one in the data directory.',
    });
  }
  const key = decodeKey(readFileSync(file, 'utf8'));
  if (key !== null) return key;
  throw new OperatorError('bad_secret_key', `${file} holds no key of 32 bytes`, {
    next: 'Put the key back that was in it: what is stored cannot be read without. Only if nothing is stored yet, remove the file.',
  });
}

/** As {@link loadSecretKey}, making a key file at the first start. */
export function ensureSecretKey(config: Pick<Config, 'secretKey' | 'dataDir'>): Buffer {
  const file = keyFile(config.dataDir);
  if (config.secretKey === null && !existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  }
  return loadSecretKey(config);
}

function keyFile(dataDir: string): string {
  return path.join(dataDir, 'secret.key');
}
