import type { Candidate } from './attribution-candidates.ts';
import { credit } from './attribution-credit.ts';
import type { Level, ObjectId } from './object.ts';

/** Hours after the click in which an event still counts, where a source sets nothing else. */
export const DEFAULT_WINDOW_HOURS = { install: 24, other: 30 * 24 } as const;

/**
 * Hours of an event's attribution window.
 *
 * @param own a source's own windows, by event name or event type; the name wins.
 */
export function attributionWindowHours(
  event: string,
  eventType: string,
  own: Readonly<Record<string, number>> = {},
): number {
  return (
    ownHours(own, event) ??
    ownHours(own, eventType) ??
    (eventType === 'install' ? DEFAULT_WINDOW_HOURS.install : DEFAULT_WINDOW_HOURS.other)
  );
}

/** Hours under a name; event names come from outside, and "constructor" is one that every object has. */
export function ownHours(hours: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(hours, name) ? hours[name] : undefined;
}

/** True for what later events of the same person are credited by: the install, or the trial. */
export function isAnchor(event: string, eventType: string): boolean {
  return eventType === 'install' || isTrial(event);
}

/** A conversion that a payment may follow, and that is worth what the payment will be: its name says so. */
export function isTrial(event: string): boolean {
  return /trial/i.test(event);
}

/** The deepest object that a click or a sender names and that is known here. */
export interface KnownObject {
  readonly id: ObjectId;
  readonly level: Level;
  readonly name: string;
  readonly campaignId: ObjectId | null;
}

/** Where a touch leads: the account when it is known, and the object in it when a sync has brought it. */
export interface Touch {
  readonly network: string;
  readonly accountId: string | null;
  readonly object: KnownObject | null;
}

export interface ClickTouch extends Touch {
  readonly clickId: string;
  readonly clickedAtMs: number;
  readonly placement: string | null;
}

/** An attributed install or trial of the same device or click. */
export interface AnchorTouch extends Touch {
  readonly conversionId: string;
  readonly event: string;
  readonly by: 'click' | 'sender';
  readonly clickId: string | null;
  readonly clickedAtMs: number | null;
  readonly placement: string | null;
}

/** Everything that speaks for one conversion. */
export interface AttributionInput {
  readonly event: string;
  readonly eventType: string;
  /** Event time, or receipt when the sender gave none; ms since the epoch. */
  readonly atMs: number;
  readonly windowHours: number;
  /** Click id as sent. */
  readonly sentClickId: string | null;
  /** The click under that id, ours or the network's. */
  readonly click: ClickTouch | null;
  /** The device's last click at or before the event; looked at only when no click id was sent. */
  readonly deviceClick: ClickTouch | null;
  readonly anchor: AnchorTouch | null;
  /** What the sender's own ids name. */
  readonly sender: Touch | null;
}

export type AttributionWarning = 'conversion_before_click' | 'clock_skew' | 'sender_differs';

/** `text` is one sentence for people. */
export type Attribution =
  | {
      readonly kind: 'attributed';
      readonly by: 'click' | 'sender';
      readonly accountId: string | null;
      readonly object: KnownObject | null;
      readonly clickId: string | null;
      readonly clickedAtMs: number | null;
      readonly placement: string | null;
      readonly followsId: string | null;
      readonly warnings: readonly AttributionWarning[];
      readonly text: string;
    }
  | { readonly kind: 'late'; readonly click: ClickTouch; readonly text: string }
  | {
      readonly kind: 'unattributed';
      readonly reason: 'unknown_click' | 'no_click';
      readonly text: string;
    };

/**
 * Who earned a conversion: `credit` for what is looked up today, one click, one anchor and the sender's word. The device's last
 * click counts only when no click id was sent.
 */
export function attribute(input: AttributionInput): Attribution {
  const sent = input.sentClickId !== null;
  const click = sent ? input.click : input.deviceClick;
  const credited = credit({
    event: input.event,
    eventType: input.eventType,
    atMs: input.atMs,
    windows: {
      clickHours: input.windowHours,
      viewHours: 0,
      probabilisticHours: 0,
      reengagementHours: 0,
    },
    sentClickId: input.sentClickId,
    candidates: click === null ? [] : [asCandidate(click, sent ? 'click_id' : 'device')],
    anchors:
      input.anchor === null
        ? []
        : [{ ...input.anchor, atMs: input.atMs, track: 'acquisition', viewThrough: false }],
    sender: input.sender && { ...input.sender, viewThrough: false },
    retargeting: false,
    txid: null,
    user: null,
  });
  switch (credited.kind) {
    case 'attributed': {
      const { accountId, object, placement, followsId, text } = credited;
      return {
        kind: 'attributed',
        by: credited.by === 'sender' ? 'sender' : 'click',
        accountId,
        object,
        clickId: credited.touchId,
        clickedAtMs: credited.touchedAtMs,
        placement,
        followsId,
        warnings: credited.warnings,
        text,
      };
    }
    case 'late':
      // Nothing but a click can be late here.
      return click === null
        ? unattributed('no_click', credited.text)
        : { kind: 'late', click, text: credited.text };
    case 'unattributed':
      return unattributed(credited.reason, credited.text);
  }
}

function asCandidate(click: ClickTouch, match: 'click_id' | 'device'): Candidate {
  return {
    id: click.clickId,
    kind: 'click',
    match,
    atMs: click.clickedAtMs,
    network: click.network,
    accountId: click.accountId,
    object: click.object,
    placement: click.placement,
    windowHours: null,
    retargeting: false,
  };
}

const unattributed = (reason: 'unknown_click' | 'no_click', text: string): Attribution => ({
  kind: 'unattributed',
  reason,
  text,
});
