import { MEASUREMENT_LINES } from './wire/measurement.ts';
import { NETWORK_LINES } from './wire/networks.ts';
import { OTHER_LINES } from './wire/others.ts';
import { SHOP_LINES } from './wire/shops-and-bodies.ts';
import { TRACKER_LINES } from './wire/trackers.ts';
import type { WireLine } from './wire/wire-line.ts';

/** Written from the vendors' own parameter lists (see docs/sources.md for where each is documented). */
export const WIRE_LINES: readonly WireLine[] = [
  ...SHOP_LINES,
  ...MEASUREMENT_LINES,
  ...TRACKER_LINES,
  ...NETWORK_LINES,
  ...OTHER_LINES,
];
