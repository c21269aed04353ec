import { unitsOf } from '../core/autopilot/units.ts';
import {
  canBeJudged,
  estimateHoldout,
  type HeldPause,
  type HoldoutEstimates,
  isOnTarget,
} from '../core/holdout.ts';
import type { HoldoutCounts } from '../core/holdout-words.ts';
import { MICROS_PER_UNIT } from '../core/money.ts';
import { maturedSpend } from '../core/statistics/exposure.ts';
import type { Db } from './connection.ts';
import { type DuePauseRecord, loadDuePauses, loadStretch } from './holdout-facts.ts';
import { type LearnedBook, loadLearned } from './learning/load-learned.ts';
import { type Excluded, inWholeHours, loadOutages } from './learning/outages.ts';
import { loadStrategyVersion } from './strategy.ts';

/** Chance that an interval of the report ever misses. */
const ALPHA = 0.05;

/** One held-back pause with what the object did meanwhile. Money in major units of the account's currency. */
export interface HeldRecord extends DuePauseRecord {
  readonly untilMs: number;
  readonly ended: boolean;
  readonly event: string;
  readonly spend: number;
  readonly matured: number;
  readonly conversions: number;
  readonly value: number;
  /** Conversions that the matured spend should have brought on target, and that it brought: in effective ones for ROAS. */
  readonly due: number;
  readonly count: number;
  /** At target or better; null while it runs or has too little matured spend to tell. */
  readonly onTarget: boolean | null;
}

/** What the holdouts of one ad account tell. */
export interface AccountHoldout {
  readonly accountId: string;
  readonly accountName: string;
  readonly currency: string;
  readonly counts: HoldoutCounts;
  readonly held: readonly HeldRecord[];
  readonly estimates: HoldoutEstimates;
}

/**
 * The holdouts of a workspace, one report per ad account: what each held-back object did from the draw to the end of its
 * holding, with conversions as they are known now and spend weighted by the share of them that should have arrived.
 */
export async function loadHoldout(
  db: Db,
  of: { readonly workspaceId: string; readonly accountId?: string; readonly nowMs: number },
): Promise<readonly AccountHoldout[]> {
  const due = await loadDuePauses(db, of);
  const reports: AccountHoldout[] = [];
  for (const [accountId, own] of Map.groupBy(due, (one) => one.accountId)) {
    const [first] = own;
    if (first === undefined) continue;
    const book = await loadLearned(db, accountId);
    const excluded = inWholeHours(await loadOutages(db, accountId, of.nowMs), first.timeZone);
    const held: HeldRecord[] = [];
    const pauses: HeldPause[] = [];
    for (const record of own) {
      const found =
        record.untilMs === null
          ? null
          : await observe(db, { record, untilMs: record.untilMs, book, excluded, nowMs: of.nowMs });
      if (found === null) continue;
      held.push(found.record);
      pauses.push(found.pause);
    }
    reports.push({
      accountId,
      accountName: first.accountName,
      currency: first.currency,
      counts: {
        due: own.length,
        held: held.length,
        running: held.filter((one) => !one.ended).length,
        share: own.reduce((sum, one) => sum + one.propensity, 0) / own.length,
      },
      held,
      estimates: estimateHoldout(pauses, ALPHA),
    });
  }
  return reports;
}

/** @returns null when its strategy version no longer has an autopilot that could say what its target was. */
async function observe(
  db: Db,
  {
    record,
    untilMs,
    book,
    excluded,
    nowMs,
  }: {
    readonly record: DuePauseRecord;
    readonly untilMs: number;
    readonly book: LearnedBook;
    readonly excluded: readonly Excluded[];
    readonly nowMs: number;
  },
): Promise<{ readonly record: HeldRecord; readonly pause: HeldPause } | null> {
  const strategy = await loadStrategyVersion(db, record.strategyId, record.strategyVersion);
  const pilot = strategy?.compiled.autopilot ?? null;
  if (pilot === null) return null;
  const learned = book.of(pilot.event, record.level, record.campaignId);
  const units = unitsOf(pilot.target, learned);
  if (units === null) return null;
  const delivery = await loadStretch(db, {
    objectId: record.objectId,
    event: pilot.event,
    fromMs: record.drawnAtMs,
    toMs: Math.min(untilMs, record.asOfMs),
    capMicros: learned.orders === null ? null : Math.round(learned.orders.cap * MICROS_PER_UNIT),
    excluded,
  });
  const matured = maturedSpend({ delivery, curve: learned.curve, line: 'share', nowMs });
  const facts = delivery.events[pilot.event];
  const sum = (values: readonly number[] | undefined): number => (values ?? []).reduce((a, b) => a + b, 0);
  const conversions = sum(facts?.conversions);
  const value = sum(facts?.value);
  const counted = units.counts === 'conversions' ? conversions : sum(facts?.cappedValue ?? facts?.value);
  const ended = nowMs >= untilMs;
  const pause: HeldPause = {
    propensity: record.propensity,
    count: counted * units.perCount,
    due: matured * units.perSpend,
    perConversion: 1 / units.perSpend,
    largest:
      units.counts === 'conversions' || learned.orders === null
        ? 1
        : learned.orders.cap / learned.orders.kappa,
    ended,
  };
  return {
    pause,
    record: {
      ...record,
      untilMs,
      ended,
      event: pilot.event,
      spend: sum(delivery.spend),
      matured,
      conversions,
      value,
      due: pause.due,
      count: pause.count,
      onTarget: canBeJudged(pause) ? isOnTarget(pause) : null,
    },
  };
}
