import type { Level } from './object.ts';

const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  campaign: 'campaign',
  adset: 'ad set',
  ad: 'ad',
  creative: 'creative',
};

/** "Meta ad Yoga 15s"; "a Meta ad that no sync has brought yet" until it is known. */
export function touchLabel(touch: {
  readonly network: string;
  readonly object: { readonly level: Level; readonly name: string } | null;
}): string {
  const network = touch.network.charAt(0).toUpperCase() + touch.network.slice(1);
  if (!touch.object) return `a ${network} ad that no sync has brought yet`;
  return `${network} ${LEVEL_WORDS[touch.object.level]} ${touch.object.name}`;
}

/** A length of time in ms for people: "40 s", "12 min", "48 h", "12 days". */
export function readableSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds <= 72 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
