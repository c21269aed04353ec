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

/** True for what later events of the same person are credited by: an install or trial, and what brought a user back. */
export function isAnchor(event: string, eventType: string): boolean {
  return ['install', 're-engagement', 're-attribution'].includes(eventType) || isTrial(event);
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

/** An attributed install or trial of the same device or click. */
export interface AnchorTouch extends Touch {
  readonly conversionId: string;
  readonly event: string;
  readonly by: 'click' | 'sender';
  readonly clickId: string | null;
  readonly clickedAtMs: number | null;
  readonly placement: string | null;
}

export type AttributionWarning = 'conversion_before_click' | 'clock_skew' | 'sender_differs';
