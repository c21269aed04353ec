import { attributionWindowHours, ownHours } from './attribution.ts';

/** Hours within which a touch may be credited with one event. */
export interface CreditWindows {
  readonly clickHours: number;
  readonly viewHours: number;
  /** How long events after a re-engagement are counted with it. */
  readonly reengagementHours: number;
}

/** A source's own windows in hours, by event name or event type; the name wins. */
export interface OwnWindows {
  readonly clicks?: Readonly<Record<string, number>>;
  readonly views?: Readonly<Record<string, number>>;
  readonly reengagementHours?: number;
}

/** Where a source sets nothing: views a day (AppsFlyer, AppMetrica, Apple and Meta alike); re-engagement 30 days. */
export const DEFAULT_WINDOWS = { viewHours: 24, reengagementHours: 30 * 24 } as const;

/** The windows of one event. */
export function creditWindows(event: string, eventType: string, own: OwnWindows = {}): CreditWindows {
  const views = own.views ?? {};
  return {
    clickHours: attributionWindowHours(event, eventType, own.clicks),
    viewHours: ownHours(views, event) ?? ownHours(views, eventType) ?? DEFAULT_WINDOWS.viewHours,
    reengagementHours: own.reengagementHours ?? DEFAULT_WINDOWS.reengagementHours,
  };
}
