import {
  type AttributionInput,
  attributionWindowHours,
  type ClickTouch,
  type Touch,
} from '../../core/attribution.ts';
import type { Db } from '../connection.ts';
import type { Ground } from './accounts.ts';
import { type Anchors, loadAnchors } from './anchors.ts';
import { type ClickAnswer, type ClickRow, findClicks, namedByClick } from './clicks.ts';
import { type Convert, loadConvert } from './exchange.ts';
import type { Message } from './messages.ts';
import { type FindObject, type NamedIds, objectFinder } from './object-finder.ts';

/** Everything a batch needs from the database; the rest is thinking. */
export interface Lookups {
  readonly ground: Ground;
  /** In the order of the messages. */
  readonly clicks: readonly ClickAnswer[];
  readonly find: FindObject;
  readonly anchors: Anchors;
  readonly convert: Convert;
}

/** Reads, set-based, what the messages need to be judged. */
export async function lookUp(trx: Db, ground: Ground, messages: readonly Message[]): Promise<Lookups> {
  const clicks = await findClicks(
    trx,
    messages.map((m) => ({
      workspaceId: m.workspace_id,
      clickId: m.click_id,
      deviceId: m.device_id,
      atMs: eventAt(m).getTime(),
      windowHours: windowHoursOf(ground, m),
    })),
  );
  const found = clicks.flatMap(({ byId, byDevice }) => [byId, byDevice]).filter((click) => click !== null);
  const senders = messages.map(namedBySender).filter((named) => named !== null);
  return {
    ground,
    clicks,
    find: await objectFinder(trx, ground, [...found.map(namedByClick), ...senders]),
    anchors: await loadAnchors(
      trx,
      [...new Set(messages.map((m) => m.workspace_id))],
      [...new Set(messages.map((m) => m.device_id))].filter((id) => id !== null),
      [...new Set([...found.map((click) => click.id), ...messages.map((m) => m.click_id)])].filter(
        (id) => id !== null,
      ),
    ),
    convert: await loadConvert(
      trx,
      ground,
      messages.map((m) => m.currency),
    ),
  };
}

/** When the event happened: as the sender says, else when it was received. */
export function eventAt(message: Message): Date {
  return message.event_at ?? message.received_at;
}

/** The event's name; a sender that names none tells of "the" conversion. */
export function eventName(message: Message): string {
  return message.event ?? 'conversion';
}

/** What speaks for one message. */
export interface Touches {
  readonly input: AttributionInput;
  /** The deepest id the click, or the sender, names that no sync has brought yet. */
  readonly clickMissing: string | null;
  readonly senderMissing: string | null;
}

export function touchesOf(message: Message, lookups: Lookups, answer: ClickAnswer): Touches {
  const { ground, find, anchors } = lookups;
  const atMs = eventAt(message).getTime();
  const row = answer.byId ?? answer.byDevice;
  const click = row ? clickTouch(row, find) : null;
  const sender = senderTouch(message, lookups);
  return {
    input: {
      event: eventName(message),
      eventType: message.event_type ?? 'event',
      atMs,
      windowHours: windowHoursOf(ground, message),
      sentClickId: message.click_id,
      click: answer.byId ? (click?.touch ?? null) : null,
      deviceClick: answer.byDevice ? (click?.touch ?? null) : null,
      anchor: anchors.find(
        message.workspace_id,
        message.device_id,
        [row?.id ?? null, message.click_id],
        atMs,
      ),
      sender: sender.touch,
    },
    clickMissing: click?.missing ?? null,
    senderMissing: sender.missing,
  };
}

/** A click with the object it names. */
export function clickTouch(
  row: ClickRow,
  find: FindObject,
): { readonly touch: ClickTouch; readonly missing: string | null } {
  const { accountId, object, missing } = find(namedByClick(row));
  const touch = {
    clickId: row.id,
    clickedAtMs: row.clicked_at.getTime(),
    network: row.network,
    placement: row.placement,
    accountId,
    object,
  };
  return { touch, missing };
}

/** The sender's own ids speak only once one of them is known here: which account they mean is read from the object. */
export function senderTouch(
  message: Message,
  lookups: Pick<Lookups, 'find' | 'ground'>,
): { readonly touch: Touch | null; readonly missing: string | null } {
  const named = namedBySender(message);
  if (!named) return { touch: null, missing: null };
  const { accountId, object, missing } = lookups.find(named);
  const account = lookups.ground.accounts.get(accountId ?? '');
  if (!object || !account) return { touch: null, missing };
  return { touch: { network: account.network, accountId: account.id, object }, missing };
}

/** The ids by which the sender attributes, or null when it names none. */
export function namedBySender(message: Message): NamedIds | null {
  const ids = message.sender_ids;
  if (!ids || (!ids.ad && !ids.adset && !ids.campaign)) return null;
  return {
    workspaceId: message.workspace_id,
    accountId: null,
    network: null,
    ad: ids.ad || null,
    adset: ids.adset || null,
    campaign: ids.campaign || null,
  };
}

function windowHoursOf(ground: Ground, message: Message): number {
  return attributionWindowHours(
    eventName(message),
    message.event_type ?? 'event',
    ground.windowsOf(message.source_id),
  );
}
