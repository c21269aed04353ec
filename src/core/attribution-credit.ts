import {
  type Candidate,
  type Loser,
  loserOf,
  type Match,
  obstacle,
  windowMs,
} from './attribution-candidates.ts';
import { type Claim, compareClaims, differs, loserByClaim } from './attribution-claims.ts';
import type { Credit, CreditAnchor, CreditInput, SenderClaim, Track } from './attribution-facts.ts';
import { readableSpan, touchLabel } from './attribution-words.ts';
import type { AttributionWarning } from './attribution.ts';

const HOUR_MS = 3_600_000;

/**
 * Who earned a conversion. Of what speaks for it, the first of:
 *
 * 1. the click under the sent id, within its window (inclusive)
 * 2. what the person's attributed install or trial earned, without a window; for events of a re-engagement, the
 *    re-engagement within its own window. Installs follow nothing; reinstalls and uninstalls follow before all else
 * 3. a click of the same device or hashed user
 * 4. the ad that the sender names
 * 5. a view under the sent id, of the same device or user; 6. a view that the sender names
 *
 * of one rank the most recent. Where click and sender name different objects the click wins and the sentence says so. A
 * retargeting touch earns nothing of a user whom another ad has won, except what the sender calls a re-engagement.
 */
export function credit(input: CreditInput): Credit {
  const track = trackOf(input);
  const anchor = anchorOf(input, track);
  const claims: Claim[] = [];
  const losers: Loser[] = [];
  for (const candidate of input.candidates) {
    const apart = track === 'acquisition' && anchor !== null && candidate.retargeting;
    const reason = apart ? 'retargeting_apart' : obstacle(candidate, input);
    if (reason === null) claims.push({ by: 'touch', candidate });
    else losers.push(loserOf(candidate, reason, input));
  }
  if (anchor) claims.push({ by: 'anchor', anchor });
  if (input.sender) claims.push({ by: 'sender', sender: input.sender });
  const [winner, ...rest] = claims.toSorted((a, b) => compareClaims(a, b, input.eventType));
  if (!winner) return withoutClaim(input, track, losers);
  for (const claim of rest) {
    const loser = loserByClaim(winner, claim, input);
    if (loser) losers.push(loser);
  }
  switch (winner.by) {
    case 'touch':
      return byTouch(input, winner.candidate, track, losers);
    case 'anchor':
      return byAnchor(input, winner.anchor, losers);
    case 'sender':
      return bySender(input, winner.sender, track, losers);
  }
}

function trackOf({ eventType, retargeting }: CreditInput): Track {
  return retargeting || eventType === 're-engagement' || eventType === 're-attribution'
    ? 'retargeting'
    : 'acquisition';
}

/** The newest that the event may follow. */
function anchorOf(input: CreditInput, track: Track): CreditAnchor | null {
  if (['install', 're-engagement', 're-attribution'].includes(input.eventType)) return null;
  const limitMs = track === 'retargeting' ? input.windows.reengagementHours * HOUR_MS : Infinity;
  const [newest] = input.anchors
    .filter(
      (anchor) => anchor.track === track && anchor.atMs <= input.atMs && input.atMs - anchor.atMs <= limitMs,
    )
    .toSorted((a, b) => b.atMs - a.atMs || (a.conversionId < b.conversionId ? 1 : -1));
  return newest ?? null;
}

function byTouch(input: CreditInput, touch: Candidate, track: Track, losers: readonly Loser[]): Credit {
  const warnings: AttributionWarning[] = [];
  const ageMs = input.atMs - touch.atMs;
  const named = what(input);
  let text: string;
  if (ageMs < 0) {
    warnings.push(touch.match === 'click_id' ? 'conversion_before_click' : 'clock_skew');
    text = `${touchLabel(touch)} gets ${named}, although it is dated ${readableSpan(-ageMs)} before the ${touch.kind}`;
  } else if (touch.kind === 'view') {
    text = `${touchLabel(touch)} drove ${named} ${readableSpan(ageMs)} after a view, without a click`;
  } else {
    text = `${touchLabel(touch)} drove ${named} ${readableSpan(ageMs)} after the click`;
  }
  text += MATCHED[touch.match];
  const { sender } = input;
  if (sender && differs(sender, touch)) {
    warnings.push('sender_differs');
    text += `; the sender names ${touchLabel(sender)} instead`;
  }
  return {
    kind: 'attributed',
    by: touch.kind,
    match: touch.match,
    viewThrough: touch.kind === 'view',
    // A first install is a new user, whatever campaign brought it.
    track: touch.retargeting && input.eventType !== 'install' ? 'retargeting' : track,
    accountId: touch.accountId,
    object: touch.object,
    touchId: touch.id,
    touchedAtMs: touch.atMs,
    placement: touch.placement,
    followsId: null,
    warnings,
    losers,
    text,
  };
}

const MATCHED: Readonly<Record<Match, string>> = {
  click_id: '',
  device: ', matched by device',
  user: ', matched by user across devices',
};

function byAnchor(input: CreditInput, anchor: CreditAnchor, losers: readonly Loser[]): Credit {
  return {
    kind: 'attributed',
    by: anchor.viewThrough && anchor.by === 'click' ? 'view' : anchor.by,
    match: 'follows',
    viewThrough: anchor.viewThrough,
    track: anchor.track,
    accountId: anchor.accountId,
    object: anchor.object,
    touchId: anchor.clickId,
    touchedAtMs: anchor.clickedAtMs,
    placement: anchor.placement,
    followsId: anchor.conversionId,
    warnings: [],
    losers,
    text: `${touchLabel(anchor)} drove ${what(input)}: it follows the ${anchor.event} credited there`,
  };
}

function bySender(input: CreditInput, sender: SenderClaim, track: Track, losers: readonly Loser[]): Credit {
  return {
    kind: 'attributed',
    by: 'sender',
    match: 'sender',
    viewThrough: sender.viewThrough,
    track,
    accountId: sender.accountId,
    object: sender.object,
    touchId: null,
    touchedAtMs: null,
    placement: null,
    followsId: null,
    warnings: [],
    losers,
    text: `${touchLabel(sender)} drove ${what(input)}${sender.viewThrough ? ' by a view' : ''}, as the sender says`,
  };
}

/** Too late for its window, or nothing known. Losers that came too late are told of once, in the sentence itself. */
function withoutClaim(input: CreditInput, track: Track, losers: readonly Loser[]): Credit {
  const [late] = losers
    .flatMap(({ candidate, reason }) => (candidate && reason === 'outside_window' ? [candidate] : []))
    .toSorted((a, b) =>
      compareClaims({ by: 'touch', candidate: a }, { by: 'touch', candidate: b }, input.eventType),
    );
  if (late) {
    const age = readableSpan(input.atMs - late.atMs);
    const text = `${what(input)} came ${age} after the ${late.kind}, outside its window of ${readableSpan(windowMs(late, input.windows, input.eventType))}`;
    return {
      kind: 'late',
      candidate: late,
      track,
      losers: losers.filter((loser) => loser.candidate !== late),
      text,
    };
  }
  if (input.sentClickId !== null) {
    const text = `no click is known under the id "${input.sentClickId}"`;
    return { kind: 'unattributed', reason: 'unknown_click', track, losers, text };
  }
  const text = 'no click id was sent and nothing else names an ad';
  return { kind: 'unattributed', reason: 'no_click', track, losers, text };
}

/** "purchase", "purchase 4711 for user u-9". */
function what({ event, txid, user }: CreditInput): string {
  return [event, ...(txid === null ? [] : [txid]), ...(user === null ? [] : [`for user ${user}`])].join(' ');
}
