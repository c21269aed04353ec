import { readableSpan } from './attribution-words.ts';

const HOUR_MS = 3_600_000;

/** What is known of the device or user before the message. Instants in ms since the epoch. */
export interface PersonHistory {
  /** Newest install, reinstall or re-attribution. */
  readonly installedAtMs: number | null;
  /** Newest event of any kind. */
  readonly seenAtMs: number | null;
}

export interface EventTypeQuestion {
  /** As the sender says, or "event" where it says nothing. */
  readonly eventType: string;
  readonly atMs: number;
  /** The sender, or the touch that would be credited, speaks of bringing back a user. */
  readonly retargeting: boolean;
  /** The app was opened: what a re-engagement begins with. */
  readonly opensApp: boolean;
  readonly history: PersonHistory;
}

export interface EventTypeSettings {
  /** After an install, installing again is no new user for so long. */
  readonly reattributionHours: number;
  /** Without a sign of a user for so long, bringing one back is an achievement. */
  readonly inactivityHours: number;
}

/** 90 days as AppsFlyer has it; seven days without a sign of the user, as Adjust and Branch have it. */
export const DEFAULT_EVENT_TYPES: EventTypeSettings = {
  reattributionHours: 90 * 24,
  inactivityHours: 7 * 24,
};

export type EventTypeReading =
  | { readonly kind: 'type'; readonly eventType: string; readonly text: string }
  /** Told again, by another sender: a measurement partner and the network report one install. */
  | { readonly kind: 'same_install'; readonly text: string };

/** Two senders date one install this far apart. */
const SAME_INSTALL_MS = 60_000;

/**
 * What an event is once the person's past is known. Installing again within the re-attribution window is no install: a reinstall,
 * or a re-attribution where retargeting brought it about. Opening the app for a retargeting touch after the inactivity gap is a
 * re-engagement. Everything else is what the sender says.
 */
export function readEventType(
  question: EventTypeQuestion,
  settings: EventTypeSettings = DEFAULT_EVENT_TYPES,
): EventTypeReading {
  const { eventType, atMs, history } = question;
  const asSent: EventTypeReading = { kind: 'type', eventType, text: `${eventType}, as sent` };
  if (eventType === 'install' && history.installedAtMs !== null) {
    const sinceMs = atMs - history.installedAtMs;
    if (Math.abs(sinceMs) <= SAME_INSTALL_MS) {
      return {
        kind: 'same_install',
        text: `the same install is known, dated ${readableSpan(Math.abs(sinceMs))} apart`,
      };
    }
    if (sinceMs < 0) return asSent;
    const again = `installed again after ${readableSpan(sinceMs)}`;
    if (sinceMs > settings.reattributionHours * HOUR_MS) {
      return { kind: 'type', eventType, text: `${again}: a new install, its re-attribution window is over` };
    }
    return question.retargeting
      ? { kind: 'type', eventType: 're-attribution', text: `${again}, brought back by an ad` }
      : { kind: 'type', eventType: 'reinstall', text: `${again}: no new user` };
  }
  if (eventType === 'event' && question.retargeting && question.opensApp && history.seenAtMs !== null) {
    const gapMs = atMs - history.seenAtMs;
    if (gapMs >= settings.inactivityHours * HOUR_MS) {
      const text = `came back for an ad after ${readableSpan(gapMs)} without a sign`;
      return { kind: 'type', eventType: 're-engagement', text };
    }
  }
  return asSent;
}
