import { credit } from '../../core/attribution-credit.ts';
import type { Credit, SenderClaim } from '../../core/attribution-facts.ts';
import type { Candidate } from '../../core/attribution-candidates.ts';
import type { LifeAmount } from '../../core/conversion-life.ts';
import { payoutOf } from '../../core/conversion-payout.ts';
import { namedByClick } from './clicks.ts';
import {
  eventAt,
  eventOf,
  type FoundTouch,
  type Lookups,
  namedBySender,
  personOfMessage,
  windowsOf,
} from './lookups.ts';
import type { Message } from './messages.ts';

/** Texts that people read hold no more of a transaction id than this. */
const SHOWN_TXID = 40;
/** Hexadecimal digits of a user's hash that people see: enough to tell two users apart in a list. */
const SHOWN_USER = 8;

/** Who earned a conversion, and what it pays by the table. */
export interface Spoken {
  readonly credit: Credit;
  /** The deepest id that what earned it names, or that the sender names where nothing did, which no sync has brought yet. */
  readonly missing: string | null;
  readonly payout: LifeAmount | null;
}

/**
 * Asks the one function that credits.
 *
 * @param message the conversion's first.
 * @param found its touches, as lookUp found them.
 * @param conversionId a trial does not follow itself; null for one that is not stored yet.
 */
export function speak(
  message: Message,
  found: readonly FoundTouch[],
  lookups: Lookups,
  conversionId: string | null,
): Spoken {
  const { event, eventType } = eventOf(message);
  const missing = new Map<string, string | null>();
  const candidates = found.map(({ row, match }): Candidate => {
    const named = lookups.find(namedByClick(row));
    missing.set(row.id, named.missing);
    return {
      id: row.id,
      kind: row.kind,
      match,
      atMs: row.clicked_at.getTime(),
      network: row.network,
      accountId: named.accountId,
      object: named.object,
      placement: row.placement,
      windowHours: null,
      retargeting: row.retargeting,
    };
  });
  const sender = senderClaim(message, lookups);
  const credited = credit({
    event,
    eventType,
    atMs: eventAt(message).getTime(),
    windows: windowsOf(lookups.ground, message),
    sentClickId: message.click_id,
    candidates,
    anchors: lookups.anchors.of(personOfMessage(message, found), conversionId),
    sender: sender.claim,
    retargeting: message.re_engagement,
    txid: message.txid === null || message.txid.length > SHOWN_TXID ? null : message.txid,
    user: message.user_hash === null ? null : message.user_hash.toString('hex').slice(0, SHOWN_USER),
  });
  return {
    credit: credited,
    missing: missingOf(credited, missing, sender.missing),
    payout: payoutFor(message, credited, found, lookups),
  };
}

function missingOf(
  credited: Credit,
  byTouch: ReadonlyMap<string, string | null>,
  bySender: string | null,
): string | null {
  if (credited.kind !== 'attributed' || credited.match === 'sender') return bySender;
  return credited.match === 'follows' ? null : (byTouch.get(credited.touchId ?? '') ?? null);
}

/** The sender's own ids speak only once one of them is known here: which account they mean is read from the object. */
function senderClaim(
  message: Message,
  lookups: Lookups,
): { readonly claim: SenderClaim | null; readonly missing: string | null } {
  const named = namedBySender(message);
  if (!named) return { claim: null, missing: null };
  const { accountId, object, missing } = lookups.find(named);
  const account = lookups.ground.accounts.get(accountId ?? '');
  if (!object || !account) return { claim: null, missing };
  const { view_through: viewThrough } = message;
  return { claim: { network: account.network, accountId: account.id, object, viewThrough }, missing };
}

function payoutFor(
  message: Message,
  credited: Credit,
  found: readonly FoundTouch[],
  { ground }: Lookups,
): LifeAmount | null {
  const table = ground.payoutsOf(message.workspace_id);
  if (table.length === 0 || credited.kind !== 'attributed') return null;
  const click = found.find(({ row }) => row.id === credited.touchId)?.row;
  const campaignId = credited.object?.campaignId ?? null;
  return payoutOf(table, {
    event: eventOf(message).event,
    linkId: click?.link_id ?? null,
    campaignId: campaignId === null ? null : String(campaignId),
    country: message.country ?? click?.country ?? null,
    atMs: eventAt(message).getTime(),
  });
}
