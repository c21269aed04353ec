/** Facts in, sentences out: pure, so that each wording is a test and every screen says the same. */
import type { Badge, LiveLine, Tone } from '../contract/live.ts';
import { PILOT_RULES } from '../core/autopilot/stage.ts';
import { RELATION_WORDS } from '../core/conversion-relation.ts';
import { formatMoney } from '../core/money.ts';
import type { LearningFact } from '../db/live-learning.ts';
import type { DecisionFact, PostbackFact } from '../db/live-lines.ts';

const NETWORK_TITLES: Readonly<Record<string, string>> = {
  meta: 'Meta',
  tiktok: 'TikTok',
  google: 'Google Ads',
  taboola: 'Taboola',
  outbrain: 'Outbrain',
};

/** An ad network's name as people write it. */
export function networkTitle(network: string): string {
  return NETWORK_TITLES[network] ?? network;
}

/** "$31.20 purchase"; "purchase, a rebill" without an amount; "postback" when not even the event is known. */
function whatCame(fact: PostbackFact): string {
  const relation = fact.relation === null ? '' : `, ${RELATION_WORDS[fact.relation]}`;
  const event = `${fact.event ?? 'postback'}${relation}`;
  if (fact.amountMicros === null) return event;
  return `${money(fact.amountMicros, fact.currency)} ${event}`;
}

/** A sender may name a currency that no one knows; its amount is then shown with the text it sent. */
function money(amount: PostbackFact['amountMicros'] & number, currency: string | null): string {
  if (currency === null) return String(amount / 1_000_000);
  try {
    return formatMoney(amount, currency);
  } catch {
    return `${amount / 1_000_000} ${currency}`;
  }
}

/** "Yoga 15s (Meta)". */
function objectWords(name: string, network: string | null): string {
  return network === null ? name : `${name} (${networkTitle(network)})`;
}

/** "missing_click_id" → "missing click id", for codes that have no better words. */
export function plainWords(code: string): string {
  return code.replaceAll(/[_-]+/g, ' ').trim();
}

interface Telling {
  readonly text: string;
  readonly tone: Tone;
  readonly badge: Badge | null;
  readonly why: string | null;
}

function tellPostback(fact: PostbackFact): Telling {
  const what = whatCame(fact);
  // An address that names no source has none to tell.
  const from = fact.sourceId === '' ? '' : ` from ${fact.sourceId}`;
  const whose = fact.objectName === null ? null : objectWords(fact.objectName, fact.network);
  const reason = fact.reason === null ? null : plainWords(fact.reason);
  switch (fact.outcome) {
    case 'accepted':
      return {
        text: `${what}${from}`,
        tone: 'quiet',
        badge: { label: 'kept, not yet judged', tone: 'quiet' },
        why: null,
      };
    case 'counted':
      return { text: `${what} ← ${whose ?? fact.sourceId}`, tone: 'good', badge: null, why: null };
    case 'updated':
      return {
        text: `${what} ← ${whose ?? fact.sourceId}`,
        tone: 'plain',
        badge: { label: fact.status === null ? 'updated' : `now ${fact.status}`, tone: 'plain' },
        why: null,
      };
    case 'duplicate':
      return {
        text: `${what}${from} again`,
        tone: 'quiet',
        badge: { label: 'counted once', tone: 'quiet' },
        why: null,
      };
    case 'unattributed':
      return {
        text: `${what}${from}: no ad to credit`,
        tone: 'warn',
        badge: { label: 'not attributed', tone: 'warn' },
        why: reason,
      };
    case 'late':
      return {
        text: `${what}${from} came after its attribution window`,
        tone: 'warn',
        badge: { label: 'late', tone: 'warn' },
        why: whose,
      };
    case 'refused':
      return {
        text: `Refused a postback${from}: ${reason ?? 'no reason recorded'}`,
        tone: 'bad',
        badge: { label: 'refused', tone: 'bad' },
        why: null,
      };
    case 'rejected':
      return {
        text: `${what} ← ${whose ?? fact.sourceId}, rejected by its sender`,
        tone: 'warn',
        badge: { label: 'not counted', tone: 'warn' },
        why: reason,
      };
    case 'quarantined':
      return {
        text: `${what}${from} set aside`,
        tone: 'warn',
        badge: { label: 'quarantined', tone: 'warn' },
        why: reason,
      };
    case 'test':
      return {
        text: `Test ${what}${from}`,
        tone: 'quiet',
        badge: { label: 'test, not counted', tone: 'quiet' },
        why: null,
      };
    default:
      return {
        text: `${what}${from}`,
        tone: 'plain',
        badge: { label: plainWords(fact.outcome), tone: 'plain' },
        why: reason,
      };
  }
}

function detailOf(fact: PostbackFact, why: string | null): string | null {
  if (fact.reason === 'status_unmapped')
    return `its status "${fact.detail ?? ''}" is not known and counts as ${fact.status ?? 'pending'}`;
  // What the recorder wrote about this very message is more exact than what its code alone says; how a conversion was
  // credited is for those who ask (explain): a feed of sales should read as one.
  return fact.outcome === 'counted' && fact.reason === null ? null : (fact.detail ?? why);
}

/** One postback as a line of the feed. */
export function postbackLine(fact: PostbackFact): LiveLine {
  const told = tellPostback(fact);
  return {
    id: `p:${fact.id}`,
    kind: 'postback',
    wallAtMs: fact.wallAtMs,
    atMs: fact.atMs,
    tone: told.tone,
    text: told.text,
    detail: detailOf(fact, told.why),
    badge: told.badge,
    link: null,
  };
}

const OUTCOME_BADGES: Readonly<Record<string, Badge>> = {
  applied: { label: 'done', tone: 'good' },
  already_so: { label: 'was so already', tone: 'quiet' },
  rejected: { label: 'rejected', tone: 'warn' },
  expired: { label: 'nobody answered', tone: 'warn' },
  superseded: { label: 'someone else moved it', tone: 'warn' },
  target_busy: { label: 'another change was under way', tone: 'warn' },
  guardrail: { label: 'held by a guardrail', tone: 'warn' },
  out_of_date: { label: 'waited too long', tone: 'warn' },
  halted: { label: 'halted', tone: 'bad' },
  writes_not_allowed: { label: 'account is read-only', tone: 'warn' },
  network_refused: { label: 'network refused', tone: 'bad' },
  not_applied: { label: 'not applied', tone: 'bad' },
  unverified: { label: 'accepted, not seen: look', tone: 'bad' },
  cancelled: { label: 'cancelled', tone: 'warn' },
  gone: { label: 'object is gone', tone: 'bad' },
};

function decisionBadge(fact: DecisionFact): Badge {
  if (fact.outcome !== null)
    return OUTCOME_BADGES[fact.outcome] ?? { label: plainWords(fact.outcome), tone: 'plain' };
  if (fact.mode === 'dry-run') return { label: 'dry run, nothing touched', tone: 'quiet' };
  if (fact.verdict === 'notify') return { label: 'notice', tone: 'warn' };
  if (fact.mode === 'approve') return { label: 'waiting for approval', tone: 'warn' };
  return { label: fact.workflowStarted ? 'under way' : 'about to start', tone: 'plain' };
}

/** "Yoga C: bid $1.20 → $1.32: …"; a sentence that names its object already stays as it is. */
export function withName(sentence: string, objectName: string): string {
  return sentence.includes(objectName) ? sentence : `${objectName}: ${sentence}`;
}

/** Probation leaves 2 % of a budget: for whoever glances at the page that is nearer to a pause than to a raise. */
function takesAway({ verdict, rule }: DecisionFact): boolean {
  return verdict === 'pause' || rule === PILOT_RULES.probation;
}

/** Outcomes whose detail only repeats what the sentence already says. */
const SAYS_IT_ALL = new Set(['applied', 'already_so']);

/**
 * One decision as a line of the feed.
 *
 * @param link where its record can be read, when Temporal UI is known.
 */
export function decisionLine(fact: DecisionFact, link: string | null): LiveLine {
  const badge = decisionBadge(fact);
  const detail = fact.outcome !== null && !SAYS_IT_ALL.has(fact.outcome) ? fact.outcomeDetail : null;
  return {
    id: `d:${fact.id}`,
    kind: 'decision',
    wallAtMs: fact.wallAtMs,
    atMs: fact.atMs,
    tone: badge.tone === 'bad' ? 'bad' : takesAway(fact) ? 'warn' : 'good',
    text: withName(fact.sentence, fact.objectName),
    detail:
      detail ??
      [
        networkTitle(fact.network),
        fact.rule === null ? fact.strategy : `rule “${fact.rule}” of ${fact.strategy}`,
      ].join(' · '),
    badge: fact.undoes === null ? badge : { label: `undo, ${badge.label}`, tone: badge.tone },
    link,
  };
}

/** From here on a curve of the account's own counts for more than the usual delays. */
const ENOUGH_TO_LEARN = 100;

/** What an autopilot still lacks of an account's own past, and what that means; nothing once it knows enough. */
export function learningNote(
  fact: LearningFact,
): readonly { readonly account: string; readonly text: string }[] {
  const { account, event } = fact;
  const conversions = Math.floor(fact.conversions);
  if (conversions >= ENOUGH_TO_LEARN) return [];
  const known =
    conversions === 0
      ? `The autopilot has learned nothing of this account's past yet: it takes every ${event} to come as late as elsewhere`
      : `The autopilot has learned from ${conversions} ${event}${conversions === 1 ? '' : 's'} so far: until ${ENOUGH_TO_LEARN} it leans on how late they come elsewhere`;
  return [{ account, text: `${known}, and waits longer for its evidence.` }];
}

/** "2:40" for people who wait. */
export function minutesAndSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
