import { readableSpan, touchLabel } from './attribution-words.ts';
import type { Level, ObjectId } from './object.ts';

const HOUR_MS = 3_600_000;

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
    own[event] ??
    own[eventType] ??
    (eventType === 'install' ? DEFAULT_WINDOW_HOURS.install : DEFAULT_WINDOW_HOURS.other)
  );
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

export type AttributionWarning = 'conversion_before_click' | 'sender_differs';

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
 * Who earned a conversion. The click under the sent id, within the event's window (inclusive); else what an attributed
 * install or trial of the same person earned, without a window; else the ids the sender names; without a click id the
 * device's last click comes before those. Where click and sender name different objects, the click wins and the
 * sentence says so.
 */
export function attribute(input: AttributionInput): Attribution {
  const follows = input.eventType === 'install' ? null : input.anchor;
  const click = input.sentClickId === null ? (follows ? null : input.deviceClick) : input.click;
  if (click && input.atMs - click.clickedAtMs <= input.windowHours * HOUR_MS) return byClick(input, click);
  if (follows) return byAnchor(input, follows);
  if (input.sender) return bySender(input, input.sender);
  if (click) {
    const age = readableSpan(input.atMs - click.clickedAtMs);
    const text = `${input.event} came ${age} after the click, outside its window of ${readableSpan(input.windowHours * HOUR_MS)}`;
    return { kind: 'late', click, text };
  }
  if (input.sentClickId !== null) {
    return {
      kind: 'unattributed',
      reason: 'unknown_click',
      text: `no click is known under the id "${input.sentClickId}"`,
    };
  }
  return {
    kind: 'unattributed',
    reason: 'no_click',
    text: `no click id was sent and nothing else names an ad`,
  };
}

function byClick(input: AttributionInput, click: ClickTouch): Attribution {
  const warnings: AttributionWarning[] = [];
  const ageMs = input.atMs - click.clickedAtMs;
  let text =
    ageMs < 0
      ? `${touchLabel(click)} gets ${input.event}, although it is dated ${readableSpan(-ageMs)} before the click`
      : `${touchLabel(click)} drove ${input.event} ${readableSpan(ageMs)} after the click`;
  if (ageMs < 0) warnings.push('conversion_before_click');
  if (input.sentClickId === null) text += ', matched by device';
  if (input.sender && differs(input.sender, click)) {
    warnings.push('sender_differs');
    text += `; the sender names ${touchLabel(input.sender)} instead`;
  }
  return {
    kind: 'attributed',
    by: 'click',
    accountId: click.accountId,
    object: click.object,
    clickId: click.clickId,
    clickedAtMs: click.clickedAtMs,
    placement: click.placement,
    followsId: null,
    warnings,
    text,
  };
}

function byAnchor(input: AttributionInput, anchor: AnchorTouch): Attribution {
  return {
    kind: 'attributed',
    by: anchor.by,
    accountId: anchor.accountId,
    object: anchor.object,
    clickId: anchor.clickId,
    clickedAtMs: anchor.clickedAtMs,
    placement: anchor.placement,
    followsId: anchor.conversionId,
    warnings: [],
    text: `${touchLabel(anchor)} drove ${input.event}: it follows the ${anchor.event} credited there`,
  };
}

function bySender(input: AttributionInput, sender: Touch): Attribution {
  return {
    kind: 'attributed',
    by: 'sender',
    accountId: sender.accountId,
    object: sender.object,
    clickId: null,
    clickedAtMs: null,
    placement: null,
    followsId: null,
    warnings: [],
    text: `${touchLabel(sender)} drove ${input.event}, as the sender says`,
  };
}

/** Objects differ only where both are known; a sender that names the click's campaign while the click names its ad agrees. */
function differs(sender: Touch, click: Touch): boolean {
  if (!sender.object || !click.object) return false;
  return sender.object.id !== click.object.id && sender.object.id !== click.object.campaignId;
}
