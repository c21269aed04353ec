import type { ValueReading } from '../../core/apple/conversion-values.ts';
import { type AppleTally, NO_TALLY } from '../../core/apple/source-identifiers.ts';
import type { AppleOutcome } from './outcome.ts';

/**
 * What one postback adds to the sums of its source. Nothing unless it counts; the caller has taken out repeats by postback
 * id. A later window adds its worth, not another install: what a value means is set per window.
 */
export function tallyOf(outcome: AppleOutcome, value: ValueReading): AppleTally {
  if (outcome.kind !== 'counts') return NO_TALLY;
  const one = (eventType: typeof outcome.eventType): number =>
    outcome.firstReport && outcome.eventType === eventType ? 1 : 0;
  const mapped = value.kind === 'mapped';
  return {
    installs: one('install'),
    reinstalls: one('reinstall'),
    reEngagements: one('re-engagement'),
    valued: mapped && outcome.firstReport ? 1 : 0,
    revenueMicros: mapped ? (value.revenueMicros ?? 0) : 0,
  };
}
