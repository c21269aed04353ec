import { sql } from 'kysely';
import type { Grouping } from '../contract/fraud-settings.ts';
import { conversionSignals } from '../core/fraud/conversion-signals.ts';
import { hardcodedId, inventedTxids } from '../core/fraud/invented-ids.ts';
import type { FoundSignal, Signal } from '../core/fraud/signals.ts';
import { sourceReport, type SourceRow } from '../core/fraud/source-report.ts';
import { type FraudReason, fraudVerdict } from '../core/fraud/verdict.ts';
import type { Db } from './connection.ts';
import { type KeptOut, keepOut } from './fraud-apply.ts';
import { type Candidate, loadCandidates, loadTxids, widest } from './fraud-candidates.ts';
import { loadFraudCounts } from './fraud-counts.ts';
import { loadPolicies, sourcePolicy, type SourcePolicy, usesStatistics } from './fraud-policy.ts';

const DAY_MS = 86_400_000;
/** The warning that such a postback bears. */
const HARDCODED: Signal = 'hardcoded_id';
/** A source's times are judged over so many days. */
const STATISTICS_DAYS = 30;

export interface JudgedFraud {
  /** Conversions that some signal speaks against. */
  readonly found: number;
  /** Conversions kept out of the counts by it, that were not before. */
  readonly keptOut: number;
}

/**
 * Judges a workspace's conversions of the last day: stores what speaks against each, and keeps out of the counts those
 * whose source's policy says so. Safe to repeat; what a person released is never kept out again.
 *
 * @param input.sinceMs looks farther back than a day.
 */
export async function judgeFraud(
  db: Db,
  input: {
    readonly workspaceId: string;
    /** Workspace time. */
    readonly nowMs: number;
    readonly wallMs: number;
    readonly sinceMs?: number;
  },
): Promise<JudgedFraud> {
  const { workspaceId, nowMs } = input;
  const stretch = { workspaceId, fromMs: nowMs - (input.sinceMs ?? DAY_MS), toMs: nowMs + 1 };
  const policies = new Map((await loadPolicies(db, workspaceId)).map((one) => [one.sourceId, one]));
  const reports = await loadReports(db, workspaceId, nowMs, [...policies.values()]);
  const candidates = await loadCandidates(db, {
    ...stretch,
    limits: widest([...policies.values()].map((one) => one.limits)),
    also: standingOut(reports),
  });
  const sourceIds = [...new Set(candidates.map((one) => one.sourceId))];
  const invented = new Map(
    [...(await loadTxids(db, { ...stretch, sourceIds }))].map(([id, txids]) => [id, inventedTxids(txids)]),
  );
  const judged = candidates.flatMap((candidate) => {
    const own = policies.get(candidate.sourceId) ?? sourcePolicy(candidate.sourceId, {});
    const source = sourceOf(candidate, own, reports);
    const signals = signalsOf(candidate, own, invented.get(candidate.sourceId) ?? null);
    const verdict = fraudVerdict(signals, own.policy, source);
    return verdict.reasons.length === 0 ? [] : [{ candidate, verdict }];
  });
  await storeSignals(
    db,
    workspaceId,
    nowMs,
    judged.map(({ candidate, verdict }) => ({ candidate, reasons: verdict.reasons })),
  );
  await warnOfHardcoded(
    db,
    judged.flatMap(({ candidate, verdict }) =>
      verdict.reasons.some((reason) => reason.signal === 'hardcoded_id') ? [candidate.id] : [],
    ),
  );
  const released = await releasedOf(
    db,
    judged.map(({ candidate }) => candidate.id),
  );
  const wanted = judged.flatMap(({ candidate, verdict }): KeptOut[] => {
    // What the sender rejects is out by its status, and comes back by it.
    const acting = verdict.reasons.filter((reason) => reason.signal !== 'rejected_by_sender');
    const treatment = acting.some((reason) => reason.treatment === 'exclude')
      ? 'exclude'
      : acting.some((reason) => reason.treatment === 'quarantine')
        ? 'quarantine'
        : null;
    if (treatment === null || released.has(candidate.id)) return [];
    return [{ id: candidate.id, treatment, text: verdict.text }];
  });
  return { found: judged.length, keptOut: await keepOut(db, input, wanted) };
}

/** Made-up transaction ids speak only beside something else, and so do not make a candidate of a conversion. */
function signalsOf(
  candidate: Candidate,
  { limits }: SourcePolicy,
  invented: FoundSignal | null,
): readonly FoundSignal[] {
  const pasted = candidate.clickUse === null ? null : hardcodedId(candidate.clickUse);
  const found = [...conversionSignals(candidate.facts, limits), ...(pasted === null ? [] : [pasted])];
  return found.length === 0 || invented === null ? found : [...found, invented];
}

/** Account and key → its line in the report, by grouping. */
type Reports = ReadonlyMap<Grouping, ReadonlyMap<string, SourceRow>>;

const place = (accountId: string | null, key: string | null): string => `${accountId ?? ''} ${key ?? ''}`;

/** Statistics are asked for only where a policy would act on them. */
async function loadReports(
  db: Db,
  workspaceId: string,
  nowMs: number,
  policies: readonly SourcePolicy[],
): Promise<Reports> {
  const groupings = new Set(policies.filter(usesStatistics).map((one) => one.settings.by ?? 'campaign'));
  const reports = new Map<Grouping, Map<string, SourceRow>>();
  for (const by of groupings) {
    const counts = await loadFraudCounts(db, {
      workspaceId,
      accountId: null,
      event: null,
      by,
      fromMs: nowMs - STATISTICS_DAYS * DAY_MS,
      toMs: nowMs + 1,
    });
    const rows = new Map(sourceReport(counts).map((row) => [`${row.group} ${row.source}`, row]));
    const report = new Map<string, SourceRow>();
    for (const one of counts) {
      const row = rows.get(`${one.group} ${one.source}`);
      if (row !== undefined) report.set(place(one.accountId, one.key), row);
    }
    reports.set(by, report);
  }
  return reports;
}

/** The source as its policy tells sources apart. Only installs were compared, so only they are spoken against. */
function sourceOf(candidate: Candidate, own: SourcePolicy, reports: Reports): SourceRow | null {
  if (!usesStatistics(own) || candidate.facts.eventType !== 'install') return null;
  const by = own.settings.by ?? 'campaign';
  return reports.get(by)?.get(place(candidate.accountId, candidate.keys[by])) ?? null;
}

/** Keys whose conversions are all candidates: of sources that a policy may act on. */
function standingOut(reports: Reports): Readonly<Record<Grouping, readonly string[]>> {
  const keys = (by: Grouping): readonly string[] =>
    [...(reports.get(by) ?? [])].flatMap(([at, row]) =>
      row.mayExclude ? [at.slice(at.indexOf(' ') + 1)] : [],
    );
  return {
    source: keys('source'),
    campaign: keys('campaign'),
    placement: keys('placement'),
    site: keys('site'),
  };
}

/** A signal found again keeps the instant it was first found at. */
async function storeSignals(
  db: Db,
  workspaceId: string,
  nowMs: number,
  judged: readonly { readonly candidate: Candidate; readonly reasons: readonly FraudReason[] }[],
): Promise<void> {
  const rows = judged.flatMap(({ candidate, reasons }) =>
    // One sentence per signal: several of a kind are one reason.
    [...Map.groupBy(reasons, (reason) => reason.signal)].map(([signal, same]) => ({
      id: candidate.id,
      sourceId: candidate.sourceId,
      signal,
      detail: same.map((reason) => reason.text).join('; '),
      treatment: same[0]?.treatment ?? 'count',
    })),
  );
  if (rows.length === 0) return;
  await sql`
    insert into conversion_signal (conversion_id, signal, workspace_id, source_id, detail, treatment, found_at)
    select id, signal, ${workspaceId}, source_id, detail, treatment, ${new Date(nowMs)}
    from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.signal)}::text[],
                ${rows.map((row) => row.sourceId)}::text[], ${rows.map((row) => row.detail)}::text[],
                ${rows.map((row) => row.treatment)}::text[]) as v (id, signal, source_id, detail, treatment)
    on conflict (conversion_id, signal) do update set detail = excluded.detail, treatment = excluded.treatment
    where (conversion_signal.detail, conversion_signal.treatment) is distinct from (excluded.detail, excluded.treatment)`.execute(
    db,
  );
}

/** A pasted id is its sender's mistake before it is fraud: its postbacks say so where mistakes are looked for. */
async function warnOfHardcoded(db: Db, conversionIds: readonly string[]): Promise<void> {
  if (conversionIds.length === 0) return;
  await sql`
    update postback p set warnings = p.warnings || ${HARDCODED}::text from conversion c
    where c.id = any(${[...conversionIds]}::uuid[]) and p.id = c.first_postback_id and p.received_at = c.received_at
      and ${HARDCODED} <> all (p.warnings)`.execute(db);
}

async function releasedOf(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select distinct conversion_id as id from conversion_signal
    where conversion_id = any(${[...ids]}::uuid[]) and released_at is not null`.execute(db);
  return new Set(rows.map((row) => row.id));
}
