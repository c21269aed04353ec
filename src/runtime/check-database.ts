import pg from 'pg';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { maskUrl } from '../secrets.ts';

/**
 * Connects once, to say in plain words what is wrong with an address.
 *
 * @throws OperatorError `database_unreachable`, `database_refused` or `database_missing`.
 */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw explain(error, url);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function explain(error: unknown, url: string): OperatorError {
  const address = maskUrl(url);
  const code = codeOf(error) ?? '';
  switch (code) {
    case '28P01':
    case '28000':
      return new OperatorError(
        'database_refused',
        `PostgreSQL at ${address} refuses the user or the password`,
        {
          next: 'Correct user and password in DATABASE_URL; special characters in a password are percent-encoded (@ is %40).',
          cause: error,
        },
      );
    case '3D000':
      return new OperatorError('database_missing', `PostgreSQL at ${address} has no database of that name`, {
        next: 'Create it (`createdb <name>`), or correct the last part of DATABASE_URL.',
        cause: error,
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new OperatorError('database_unreachable', `the host of ${address} is unknown`, {
        next: 'Correct the host in DATABASE_URL.',
        cause: error,
      });
    case 'ECONNREFUSED':
      return new OperatorError('database_unreachable', `nothing listens at ${address}`, {
        next: 'Start that PostgreSQL, or correct host and port in DATABASE_URL. Without DATABASE_URL an embedded one is used.',
        cause: error,
      });
    default:
      return new OperatorError(
        'database_unreachable',
        `PostgreSQL at ${address} cannot be used: ${messageOf(error)}`,
        {
          next: 'Correct DATABASE_URL. Without it an embedded PostgreSQL is used.',
          cause: error,
        },
      );
  }
}
