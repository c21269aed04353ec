import type { Badge } from '../contract/live.ts';

/** A small label; its words carry the meaning, the colour only helps. */
export function BadgeMark({ badge }: { readonly badge: Badge | null }) {
  return badge === null ? null : <span className={`badge tone-${badge.tone}`}>{badge.label}</span>;
}
