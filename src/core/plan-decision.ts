import { actionOf } from './autopilot/decide-pilot.ts';
import { judgementRows } from './autopilot/judgement-rows.ts';
import { isPilotRule } from './autopilot/stage.ts';
import { changeWords, leverWords, relativeDelta } from './compare-live.ts';
import type { Change, Decision, Evidence, RuleTrace } from './decision.ts';
import type { DecisionPlan } from './decision-plan.ts';
import { estimateWords } from './estimated-spend.ts';
import { markdownCode, markdownText } from './markdown.ts';
import type { LeverState, ObjectFacts } from './object.ts';
import type { CompiledStrategy } from './rules/compile.ts';
import { planAction } from './rules/plan.ts';

const HOUR_MS = 3_600_000;

/** The effect is looked at when the next hours of spend and the fast conversions are in. */
const CHECK_AFTER_MS = 3 * HOUR_MS;
/** Temporal keeps 400 bytes of summary; its own advice is 200. */
const SUMMARY_BYTES = 190;
/** Temporal's own limit of details is 20,000; escapes and the payload's frame need room too. */
const DETAILS_BYTES = 15_000;

/** One change of one object at the network, with what its workflow is given. */
export interface Effect {
  readonly object: ObjectFacts;
  readonly sentence: string;
  readonly plan: DecisionPlan;
}

/**
 * What a decision comes to at the network: one change of the object it judged, or of each ad that shows the creative it
 * judged – a pause of those that are active, a resume of those that this strategy paused. Nothing for other verdicts.
 */
export function planEffects(
  strategy: CompiledStrategy,
  evidence: Evidence,
  decision: Decision,
): readonly Effect[] {
  const { verdict } = decision;
  if (verdict.kind === 'keep' || verdict.kind === 'notify') return [];
  return targetsOf(strategy, evidence, decision).map((object) => {
    const expected: LeverState = {
      status: object.status,
      bidStrategy: object.bidStrategy,
      bidMicros: object.bidMicros,
      dailyBudgetMicros: object.dailyBudgetMicros,
      lifetimeBudgetMicros: object.lifetimeBudgetMicros,
    };
    const sentence =
      object.id === evidence.object.id
        ? decision.sentence
        : `${object.name}, an ad of this creative: ${decision.sentence}`;
    return {
      object,
      sentence,
      plan: {
        change: verdict,
        expected,
        changeWords: changeWords(verdict, expected, evidence.account.currency),
        summary: markdownText(cut(sentenceWithName(object.name, sentence), SUMMARY_BYTES)),
        details: cut(details(strategy, evidence, decision, verdict, object), DETAILS_BYTES),
        approval: strategy.mode === 'approve' ? strategy.approval : null,
        checkAfterMs: CHECK_AFTER_MS,
        delta: relativeDelta(verdict, expected),
      },
    };
  });
}

/** Objects that a verdict would change. */
export function targetsOf(
  strategy: CompiledStrategy,
  evidence: Evidence,
  { verdict, reason, judgement }: Decision,
): readonly ObjectFacts[] {
  if (verdict.kind === 'keep' || verdict.kind === 'notify') return [];
  if (evidence.ads === undefined) return [evidence.object];
  if (verdict.kind === 'pause')
    return evidence.ads.filter((ad) => ad.object.status === 'active').map((ad) => ad.object);
  const rule =
    judgement !== undefined && isPilotRule(reason.rule ?? '')
      ? { does: actionOf(judgement) }
      : strategy.rules.find((one) => one.name === reason.rule);
  return evidence.ads
    .filter(
      (ad) =>
        rule !== undefined &&
        ad.object.status === 'paused' &&
        planAction(strategy, rule, { ...evidence, object: ad.object, history: ad.history }).ok,
    )
    .map((ad) => ad.object);
}

/** The decision's sentence, with the object's name where it does not say it: "pause Zen C: …", "Yoga 15s: bid …". */
export function sentenceWithName(name: string, sentence: string): string {
  return sentence.includes(name) ? sentence : `${name}: ${sentence}`;
}

/** The page a marketer reads in Temporal UI. */
function details(
  strategy: CompiledStrategy,
  evidence: Evidence,
  decision: Decision,
  change: Change,
  object: ObjectFacts,
): string {
  const { account } = evidence;
  const expected: LeverState = object;
  const rule = strategy.rules.find((one) => one.name === decision.reason.rule);
  const held = decision.rules.find((trace) => trace.rule === decision.reason.rule);
  const estimated = estimateWords(evidence);
  const lines = [
    `**${markdownText(object.name)}** (${object.level} ${markdownCode(object.networkId)}, ${markdownText(account.name)}, ${account.network})`,
    '',
    ...(object.id === evidence.object.id
      ? []
      : [
          `Judged by its creative **${markdownText(evidence.object.name)}** (${markdownCode(evidence.object.networkId)}), over all ads that show it.`,
          '',
        ]),
    markdownText(decision.sentence),
    '',
    `**Planned change:** ${markdownText(changeWords(change, expected, account.currency))}; it was ${markdownText(leverWords(change, expected, account.currency))} when this was decided.`,
    '',
    `**Rule:** ${markdownText(`${strategy.name} / ${decision.reason.rule ?? '(none)'}`)}`,
    '',
    ...(rule === undefined ? [] : ['```', rule.whenText, '```', '']),
    ...(held === undefined ? [] : seenTable(held)),
    ...judgementTable(decision, account.currency),
    `Cost is known up to ${isoMinute(evidence.asOfMs)}; decided at ${isoMinute(evidence.nowMs)} (UTC, workspace time).`,
    ...(estimated === null ? [] : [markdownText(estimated)]),
    ...others(decision.rules, decision.reason.rule),
    ...(strategy.mode !== 'approve' || strategy.approval === null
      ? []
      : [
          '',
          `**Waits for approval.** Without an answer within ${hours(strategy.approval.withinMs)}: ${strategy.approval.atDeadline}.`,
        ]),
    ...(change.kind === 'pause' && change.untilMs !== undefined
      ? ['', `The pause ends at ${isoMinute(change.untilMs)}, if it is still ours then.`]
      : []),
  ];
  return lines.join('\n');
}

/** One row per condition: with any of them otherwise, the rule would not have held. */
function seenTable(trace: RuleTrace): readonly string[] {
  return [
    '| condition | holds | seen |',
    '|---|---|---|',
    ...trace.conditions.map(
      (condition) =>
        `| ${cell(markdownCode(condition.text))} | ${condition.holds === true ? 'yes' : condition.holds === false ? 'no' : condition.holds} | ${condition.values
          .map((value) =>
            cell(
              markdownCode(
                `${value.expression} = ${shown(value.value) ?? `undefined${value.why === undefined ? '' : ` (${value.why})`}`}`,
              ) + (value.said === undefined ? '' : ` – ${markdownText(value.said)}`),
            ),
          )
          .join(', ')} |`,
    ),
    '',
    'Had one of these conditions been otherwise, this rule would not have acted.',
    '',
  ];
}

/** The autopilot's numbers, under the names that docs/autopilot.md explains. */
function judgementTable({ judgement }: Decision, currency: string): readonly string[] {
  if (judgement === undefined) return [];
  return [
    '| number | value |',
    '|---|---|',
    ...judgementRows(judgement, currency).map(
      ([what, value]) => `| ${what} | ${cell(markdownText(value))} |`,
    ),
    '',
  ];
}

function others(rules: readonly RuleTrace[], decided: string | null): readonly string[] {
  const earlier = rules
    .filter((trace) => trace.rule !== decided && !isPilotRule(trace.rule))
    .map((trace) => trace.rule);
  return earlier.length === 0 ? [] : ['', `Rules looked at before: ${markdownText(earlier.join(', '))}.`];
}

/** Six digits are enough to see on which side of a threshold a figure lies. */
function shown(value: number | string | boolean | null): number | string | boolean | null {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function isoMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}`;
}

function hours(ms: number): string {
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS} h` : `${Math.round(ms / 60_000)} min`;
}

/** Cuts at a character, counted in UTF-8 bytes. */
function cut(text: string, bytes: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    used += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (used > bytes - 3) return `${kept}…`;
    kept += character;
  }
  return kept;
}
