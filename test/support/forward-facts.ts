import { randomBytes } from 'node:crypto';
import { addDestination } from '../../src/db/forwarding/destinations.ts';
import type { Db } from '../../src/db/connection.ts';
import { sealSecrets } from '../../src/destination-access.ts';
import type { DestinationKind } from '../../src/outbound/destination-settings.ts';
import { ownMark } from '../../src/own-addresses.ts';
import { MINUTE_MS } from './forwarder.ts';
import { addClick, addPostback, type PostbackFacts, type SeededAccount, T0 } from './ingest-facts.ts';
import type { IngestFixture } from './ingest-fixture.ts';
import type { Receiver } from './receiver.ts';
import { SECRET_KEY } from './seed-account.ts';

/** A destination: one that takes postbacks by URL, or another kind with its settings. @returns its id. */
export async function seedDestination(
  db: Db,
  facts: {
    readonly workspaceId: string;
    readonly url?: string;
    readonly kind?: DestinationKind;
    readonly nowMs: number;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly secrets?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const id = `d-${randomBytes(4).toString('hex')}`;
  const secrets = facts.secrets ?? {};
  await addDestination(db, {
    id,
    workspaceId: facts.workspaceId,
    kind: facts.kind ?? 'template',
    name: 'Partner',
    settings: { ...(facts.url === undefined ? {} : { url: facts.url }), ...facts.settings },
    secretsSealed: sealSecrets(SECRET_KEY, id, secrets),
    secretNames: Object.keys(secrets),
    enabled: true,
    nowMs: facts.nowMs,
  });
  return id;
}

/** Paths and queries that a receiver was called by; each must carry our mark, which is left out here. */
export function addressesSaid(receiver: Receiver, from = 0): readonly string[] {
  const mark = `bidloop_via=${ownMark(SECRET_KEY)}`;
  return receiver.requests.slice(from).map(({ url }) => {
    if (!url.includes(mark)) throw new Error(`${url} does not carry our mark`);
    return url.replace(new RegExp(`[?&]${mark}`), '');
  });
}

/** Forwards of a destination with their attempts, oldest first. */
export async function forwardsOf(db: Db, destinationId: string) {
  const forwards = await db
    .selectFrom('forward')
    .selectAll()
    .where('destination_id', '=', destinationId)
    .orderBy('seq')
    .execute();
  if (forwards.length === 0) return [];
  const attempts = await db
    .selectFrom('forward_attempt')
    .selectAll()
    .where(
      'forward_key',
      'in',
      forwards.map((one) => one.key),
    )
    .orderBy('id')
    .execute();
  return forwards.map((one) => ({ ...one, log: attempts.filter((a) => a.forward_key === one.key) }));
}

/** A click and its purchase, drained into a conversion. */
export async function addPurchase(
  fixture: IngestFixture,
  shop: SeededAccount,
  facts: Partial<PostbackFacts> = {},
): Promise<void> {
  const click = await addClick(fixture.db, shop, { atMs: T0, ad: 'a1', networkClickId: 'IwAR-1' });
  await addPostback(fixture.db, shop, {
    atMs: T0 + 5 * MINUTE_MS,
    clickId: click,
    amount: 42.5,
    key: `order-${click}`,
    ...facts,
  });
  await fixture.drain();
}
