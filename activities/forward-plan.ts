import { keepConsent } from '../src/db/forwarding/consent.ts';
import { viaOfMessages } from '../src/db/forwarding/via.ts';
import { loadForForwarding } from '../src/db/forwarding/conversions.ts';
import { type DestinationRow, destinationsInUse } from '../src/db/forwarding/destinations.ts';
import {
  latestForwards,
  type NotedChange,
  type Plan,
  storePlans,
  takeNoted,
  toldAsRepeats,
} from '../src/db/forwarding/plans.ts';
import type { Db } from '../src/db/connection.ts';
import { outboundConversion } from '../src/outbound/conversion-facts.ts';
import type { OutboundConversion } from '../src/outbound/conversion.ts';
import type { Destination, SkipReason } from '../src/outbound/destination.ts';
import { planForward } from '../src/outbound/forward.ts';
import { readVia } from '../src/sources/via.ts';

const LARGEST = 500;

/** Not this destination's business at all: a row for each would only be noise. */
const NOT_ITS_BUSINESS: ReadonlySet<SkipReason> = new Set(['other_source', 'event_not_mapped']);

/**
 * Turns conversions that changed into what is to be told to whom, in one transaction with their leaving the inbox: each
 * change is planned exactly once.
 *
 * @param deps.open a stored destination's settings; secrets are not needed here.
 * @returns changes taken; 0 when none waited.
 */
export async function planNoted(
  deps: {
    readonly db: Db;
    readonly mark: string;
    readonly open: (row: DestinationRow) => Destination;
    /** Ids of destinations that cannot be read. */
    readonly skip: ReadonlySet<string>;
  },
  input: { readonly workspaceId: string; readonly nowMs: number },
): Promise<number> {
  const { workspaceId, nowMs } = input;
  return await deps.db.transaction().execute(async (trx) => {
    const rows = await destinationsInUse(trx, workspaceId, true);
    const noted = await takeNoted(trx, workspaceId, LARGEST);
    if (noted.length === 0 || rows.length === 0) return noted.length;
    const ids = [...new Set(noted.map((change) => change.conversionId))];
    await keepConsent(
      trx,
      noted.map((change) => ({ ...change, receivedAtMs: change.knownFromMs })),
    );
    const conversions = await loadForForwarding(trx, ids);
    const news = await changedByOthers(trx, noted, deps.mark);
    const latest = await latestForwards(trx, ids);
    const told = await toldAsRepeats(trx, ids);
    const plans: Plan[] = [];
    for (const destination of rows.filter((row) => !deps.skip.has(row.id)).map(deps.open)) {
      for (const facts of conversions.values()) {
        const place = `${destination.id} ${facts.id}`;
        const conversion = outboundConversion(facts, deps.mark, !news.has(facts.id));
        const plan = planOf(destination, conversion, latest.get(place), told.has(place));
        if (plan !== null) plans.push(plan);
      }
    }
    await storePlans(trx, { workspaceId, plans, nowMs });
    return noted.length;
  });
}

/** Conversions of which somebody else than ourselves brought news. */
async function changedByOthers(
  trx: Db,
  noted: readonly NotedChange[],
  mark: string,
): Promise<ReadonlySet<string>> {
  const via = await viaOfMessages(
    trx,
    noted.map((change) => ({ ...change, receivedAtMs: change.knownFromMs })),
  );
  return new Set(
    noted
      .filter(({ postbackId }) => !readVia(via.get(postbackId) ?? null).includes(mark))
      .map(({ conversionId }) => conversionId),
  );
}

/**
 * The plan for a conversion as it stands; null where nothing changes.
 *
 * @param toldAsRepeat another sender's report of the same install was told there already.
 */
export function planOf(
  destination: Destination,
  conversion: OutboundConversion,
  before: { readonly key: string; readonly state: string } | undefined,
  toldAsRepeat = false,
): Plan | null {
  const forward = planForward(destination, conversion);
  const common = {
    destinationId: destination.id,
    conversionId: conversion.id,
    currency: conversion.currency,
  };
  const skip = (reason: string, message: string): Plan => ({
    ...common,
    event: conversion.event,
    status: conversion.status,
    amountMicros: conversion.amountMicros,
    todo: { kind: 'skip', reason, message },
  });
  if (forward.kind === 'skipped') {
    if (NOT_ITS_BUSINESS.has(forward.reason)) return null;
    // What was planned before our own postback came back stands.
    if (forward.reason === 'came_from_us' && before !== undefined) return null;
    return skip(forward.reason, forward.message);
  }
  if (toldAsRepeat && (before === undefined || before.state === 'not_sent'))
    return skip('same_install_told', "Another sender's report of this install was told already.");
  // Told already, or on its way. What was not sent is looked at again: its click may have been found meanwhile.
  if (before?.key === forward.forwardKey && before.state !== 'not_sent') return null;
  return {
    ...common,
    event: forward.event,
    status: forward.status,
    amountMicros: forward.amountMicros,
    todo: { kind: 'send', key: forward.forwardKey },
  };
}
