import {
  byRecency,
  type Candidate,
  type Loser,
  loserOf,
  type LosingReason,
  REASONS,
} from './attribution-candidates.ts';
import type { CreditAnchor, CreditInput, SenderClaim } from './attribution-facts.ts';
import { touchLabel } from './attribution-words.ts';
import type { Touch } from './attribution.ts';

/** What may earn a conversion: a touch, what an attributed install earned, the sender's word. */
export type Claim =
  | { readonly by: 'touch'; readonly candidate: Candidate }
  | { readonly by: 'anchor'; readonly anchor: CreditAnchor }
  | { readonly by: 'sender'; readonly sender: SenderClaim };

/** Orders claims as `credit` ranks them, the winner first. */
export function compareClaims(a: Claim, b: Claim, eventType: string): number {
  const difference = rank(a, eventType) - rank(b, eventType);
  if (difference !== 0 || a.by !== 'touch' || b.by !== 'touch') return difference;
  return byRecency(a.candidate, b.candidate);
}

/** The numbers of `credit`'s list. */
function rank(claim: Claim, eventType: string): number {
  switch (claim.by) {
    case 'anchor':
      return eventType === 'uninstall' || eventType === 'reinstall' ? 0 : 2;
    case 'sender':
      return claim.sender.viewThrough ? 6 : 4;
    case 'touch': {
      const { kind, match } = claim.candidate;
      if (kind === 'view') return 5;
      return match === 'click_id' ? 1 : 3;
    }
  }
}

/** What a claim lost by. An install or a sender that names what won anyway has lost nothing. */
export function loserByClaim(winner: Claim, loser: Claim, input: CreditInput): Loser | null {
  if (loser.by === 'touch') return loserOf(loser.candidate, touchLostBy(winner, loser.candidate), input);
  const [won, touch] = [touchOf(winner), touchOf(loser)];
  if (!differs(touch, won)) return null;
  const reason = lostBy(winner);
  const claimed =
    loser.by === 'anchor' ? `, which earned the ${loser.anchor.event} before,` : ', which the sender names,';
  return {
    candidate: null,
    object: touch.object,
    reason,
    text: `${touchLabel(touch)}${claimed} got nothing for ${input.event}: ${REASONS[reason]}`,
  };
}

function lostBy(winner: Claim): Exclude<LosingReason, 'outside_window'> {
  switch (winner.by) {
    case 'anchor':
      return 'earlier_credit';
    case 'sender':
      return 'sender_credit';
    case 'touch':
      return winner.candidate.match === 'click_id' ? 'sent_click' : 'our_touch';
  }
}

function touchOf(claim: Claim): Touch {
  switch (claim.by) {
    case 'touch':
      return claim.candidate;
    case 'anchor':
      return claim.anchor;
    case 'sender':
      return claim.sender;
  }
}

function touchLostBy(winner: Claim, loser: Candidate): LosingReason {
  if (winner.by !== 'touch') return lostBy(winner);
  if (winner.candidate.kind !== loser.kind) return 'view_below_click';
  return 'older';
}

/** Objects differ only where both are known; a sender that names the click's campaign while the click names its ad agrees. */
export function differs(sender: Touch, touch: Touch): boolean {
  if (!sender.object || !touch.object) return false;
  return sender.object.id !== touch.object.id && sender.object.id !== touch.object.campaignId;
}
