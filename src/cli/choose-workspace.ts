import type { Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';

/**
 * The workspace a source or link belongs to: the one named, else the only real one, else the only one there is.
 *
 * @throws OperatorError `which_workspace` when that leaves a doubt.
 */
export async function chooseWorkspace(
  db: Db,
  wanted: string | undefined,
): Promise<{ readonly id: string; readonly currency: string }> {
  const rows = await db
    .selectFrom('workspace')
    .select(['id', 'currency', 'simulated'])
    .orderBy('id')
    .execute();
  const real = rows.filter((row) => !row.simulated);
  const found =
    wanted === undefined ? (real.length > 0 ? real : rows) : rows.filter((row) => row.id === wanted);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const names = rows.map((row) => row.id).join(', ') || 'none';
  throw new OperatorError(
    'which_workspace',
    wanted === undefined
      ? `it is not clear which workspace is meant (there are: ${names})`
      : `there is no workspace "${wanted}" (there are: ${names})`,
    {
      next:
        found.length === 0
          ? 'Make one: ./bidloop workspace add "My shop" --currency USD --time-zone Europe/Berlin'
          : 'Name one with --workspace.',
    },
  );
}

/** Our address for others, and a remark when nobody outside this machine can reach it. */
export function publicAddress(
  publicUrl: string | null,
  pageUrl: string,
): { readonly base: string; readonly remark: string | null } {
  if (publicUrl !== null) return { base: publicUrl, remark: null };
  return {
    base: pageUrl,
    remark: `Nobody outside this machine reaches ${pageUrl}: neither visitors nor a tracker's servers. Give this machine a public https address (a domain with a reverse proxy, or a tunnel), set PUBLIC_URL to it, restart, and run this command's "show" again for the address to paste.`,
  };
}
