import type { Match } from '../../core/attribution-candidates.ts';
import { type CreditWindows, creditWindows } from '../../core/attribution-windows.ts';
import { isTrial } from '../../core/attribution.ts';
import type { Db } from '../connection.ts';
import type { Ground } from './accounts.ts';
import { loadPersons, type PersonKeys, type Persons, type PersonWanted } from './anchors.ts';
import { type ClickRow, findClicks, namedByClick } from './clicks.ts';
import { type Convert, loadConvert } from './exchange.ts';
import type { Message } from './messages.ts';
import { type FindObject, type NamedIds, objectFinder } from './object-finder.ts';
import { findPersonClicks } from './person-clicks.ts';

/** A touch of ours that may have led to a conversion, and by what the two are one person's. */
export interface FoundTouch {
  readonly row: ClickRow;
  readonly match: Match;
}

/** Everything a batch needs from the database; the rest is thinking. */
export interface Lookups extends Persons {
  readonly ground: Ground;
  /** In the order of the messages. */
  readonly touches: readonly (readonly FoundTouch[])[];
  readonly find: FindObject;
  readonly convert: Convert;
}

/** Reads, set-based, what the messages need to be judged. */
export async function lookUp(
  trx: Db,
  ground: Ground,
  messages: readonly Message[],
  clicksAhead: ReadonlyMap<string, ClickRow> = new Map(),
): Promise<Lookups> {
  const touches = await loadTouches(trx, ground, messages, clicksAhead);
  const named = touches.flatMap((found) => found.map(({ row }) => namedByClick(row)));
  const senders = messages.map(namedBySender).filter((ids) => ids !== null);
  return {
    ground,
    touches,
    find: await objectFinder(trx, ground, [...named, ...senders]),
    ...(await loadPersons(
      trx,
      messages.map((message, index) => wantedOf(ground, message, touches[index] ?? [])),
    )),
    convert: await loadConvert(trx, ground, [
      ...messages.map((m) => m.currency),
      ...new Set(messages.flatMap((m) => ground.payoutsOf(m.workspace_id).map((payout) => payout.currency))),
    ]),
  };
}

/** Where a click id was sent, only the click under it can be credited: nobody else's is looked for. */
async function loadTouches(
  trx: Db,
  ground: Ground,
  messages: readonly Message[],
  clicksAhead: ReadonlyMap<string, ClickRow>,
): Promise<readonly (readonly FoundTouch[])[]> {
  const sent = messages.flatMap((message, index) =>
    message.click_id === null
      ? []
      : [
          {
            index,
            question: {
              workspaceId: message.workspace_id,
              clickId: message.click_id,
              atMs: eventAt(message).getTime(),
            },
          },
        ],
  );
  const clicks = await findClicks(
    trx,
    sent.map(({ question }) => question),
    clicksAhead,
  );
  const byIndex = new Map(sent.map(({ index }, i) => [index, clicks[i] ?? null]));
  const persons = await findPersonClicks(
    trx,
    messages.map((message) => {
      if (message.click_id !== null) return null;
      const windows = windowsOf(ground, message);
      return {
        workspaceId: message.workspace_id,
        deviceId: message.device_id,
        userHash: message.user_hash,
        atMs: eventAt(message).getTime(),
        windowHours:
          eventOf(message).eventType === 'uninstall'
            ? Infinity
            : Math.max(windows.clickHours, windows.viewHours),
      };
    }),
  );
  return messages.map((_, index) => {
    const click = byIndex.get(index);
    return click ? [{ row: click, match: 'click_id' }] : (persons[index] ?? []);
  });
}

/**
 * Whose conversions are to be read for a message. An install of a device may be the one that another sender reports of the click
 * that will earn it.
 */
function wantedOf(ground: Ground, message: Message, found: readonly FoundTouch[]): PersonWanted {
  const person = personOfMessage(message, found);
  const { event, eventType } = eventOf(message);
  if (eventType === 'install')
    return { ...person, clickIds: [...person.clickIds, ...found.map(({ row }) => row.id)], pays: false };
  const mayPay = message.amount_micros !== null || ground.payoutsOf(message.workspace_id).length > 0;
  return { ...person, pays: eventType === 'event' && !message.test && (mayPay || isTrial(event)) };
}

/** By what a message's conversion is somebody's. */
export function personOfMessage(message: Message, found: readonly FoundTouch[]): PersonKeys {
  const own = found.find(({ match }) => match === 'click_id')?.row.id ?? null;
  return {
    workspaceId: message.workspace_id,
    deviceId: message.device_id,
    userHash: message.user_hash,
    clickIds: [own, message.click_id],
  };
}

/** When the event happened: as the sender says, else when it was received. */
export function eventAt(message: Message): Date {
  return message.event_at ?? message.received_at;
}

/**
 * The event's name and type; a sender that names none tells of "the" conversion. An install that the sender itself tells apart
 * from a first one has no name by which it could be counted as one.
 */
export function eventOf(message: Pick<Message, 'event' | 'event_type' | 're_engagement'>): {
  readonly event: string;
  readonly eventType: string;
} {
  const event = message.event ?? 'conversion';
  const eventType = message.event_type ?? 'event';
  if (eventType === 'install' && message.re_engagement)
    return { event: 're-attribution', eventType: 're-attribution' };
  const toldApart = eventType !== 'install' && eventType !== 'event' && event.toLowerCase() === 'install';
  return { event: toldApart ? eventType : event, eventType };
}

/** The ids, or names, by which the sender attributes; null when it names none. */
export function namedBySender(message: Message): NamedIds | null {
  const ids = message.sender_ids;
  if (!ids || (!ids['ad'] && !ids['adset'] && !ids['campaign'])) return null;
  return {
    workspaceId: message.workspace_id,
    accountId: null,
    network: null,
    ad: ids['ad'] || null,
    adset: ids['adset'] || null,
    campaign: ids['campaign'] || null,
    orNames: true,
  };
}

export function windowsOf(ground: Ground, message: Message): CreditWindows {
  const { event, eventType } = eventOf(message);
  return creditWindows(event, eventType, ground.windowsOf(message.source_id));
}
