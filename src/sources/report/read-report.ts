import { CsvError, parse } from 'csv-parse/sync';
import type { ReportedConversion } from '../../core/reconcile/facts.ts';
import { addParam, emptyParams, type Params } from '../params.ts';
import { pickFields } from '../pick-fields.ts';
import type { Field, SourceProfile, SourceSettings } from '../profile.ts';
import { readPostback } from '../read-postback.ts';
import { configuredProfile } from '../settings.ts';
import { REPORT_NAMES } from './report-names.ts';

export interface ReportContext {
  readonly sourceId: string;
  /** The profile of the source, without its settings. */
  readonly profile: SourceProfile;
  readonly settings: SourceSettings;
  /** Column heading → field, before all else. */
  readonly columns: Readonly<Record<string, Field>>;
  readonly nowMs: number;
}

/** A row that says nothing to compare, and why. */
export interface UnreadRow {
  readonly line: number;
  readonly reason: string;
  readonly message: string;
}

export type Report =
  | {
      readonly ok: true;
      readonly rows: readonly ReportedConversion[];
      readonly unread: readonly UnreadRow[];
      /** Column heading → the field it was read as; null for those that were not read. */
      readonly columns: ReadonlyMap<string, Field | null>;
    }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a sender's own report of conversions: comma, semicolon or tab separated, headings in the first line. A row is read as
 * a postback of that source would be, so that statuses, amounts, times and keys mean the same on both sides.
 */
export function readReport(text: string, context: ReportContext): Report {
  let records: readonly (readonly string[])[];
  try {
    records = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      trim: true,
    }) as string[][];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { ok: false, message: error.message };
  }
  const [headings, ...body] = records;
  if (headings === undefined || body.length === 0) return { ok: false, message: 'it has no rows' };
  const names = headings.map((heading) => nameOf(heading));
  const profile = profileFor(context);
  const rows: ReportedConversion[] = [];
  const unread: UnreadRow[] = [];
  body.forEach((cells, index) => {
    const params = emptyParams();
    cells.forEach((cell, column) => addParam(names[column] ?? '', cell, params));
    const row = readRow(params, index + 2, profile, context);
    if ('message' in row) unread.push(row);
    else rows.push(row);
  });
  return { ok: true, rows, unread, columns: columnsRead(headings, profile) };
}

function readRow(
  params: Params,
  line: number,
  profile: SourceProfile,
  { sourceId, settings, nowMs }: ReportContext,
): ReportedConversion | UnreadRow {
  const asked = { sourceId, profile, settings, nowMs };
  const fields = pickFields(params, profile, []);
  let outcome = readPostback(params, asked);
  const nobody = fields.clickId === undefined && fields.deviceId === undefined;
  if (!outcome.ok && nobody && fields.txid !== undefined) {
    // An order number is enough to compare by, though not for a postback.
    const named = { ...params, values: new Map(params.values) };
    named.values.set(profile.names.deviceId[0] ?? 'device_id', `line ${line}`);
    outcome = readPostback(named, asked);
  }
  if (!outcome.ok) return { line, reason: outcome.refusal.reason, message: outcome.refusal.message };
  const { clickId, txid, event, status, amountMicros, currency, eventAtMs, conversionKey } = outcome.reading;
  return {
    line,
    key: nobody ? null : (conversionKey?.toString('hex') ?? null),
    clickId,
    txid,
    event: fields.event === undefined ? null : event,
    status: fields.status === undefined && fields.rejected === undefined ? null : status,
    amount: amountMicros === null ? null : { micros: amountMicros, currency: currency ?? settings.currency },
    atMs: eventAtMs,
  };
}

/** Whichever of the usual separators the headings hold most of. */
function delimiterOf(text: string): string {
  const line = text.slice(0, text.search(/[\r\n]|$/));
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t', '|'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}

/** "Click ID" is click_id. */
function nameOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}~.-]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** The source's own names, those that reports use besides, and before all the columns that were named. */
function profileFor({ profile, settings, columns }: ReportContext): SourceProfile {
  const known = new Set(Object.values(profile.names).flat());
  const besides = Object.entries(REPORT_NAMES).filter(([name]) => !known.has(name));
  const asked = Object.entries(columns).map(([heading, field]) => [nameOf(heading), field] as const);
  return configuredProfile(profile, {
    ...settings,
    names: { ...Object.fromEntries(besides), ...settings.names, ...Object.fromEntries(asked) },
  });
}

function columnsRead(headings: readonly string[], profile: SourceProfile): ReadonlyMap<string, Field | null> {
  const fields = new Map<string, Field>();
  for (const field of Object.keys(profile.names) as Field[])
    for (const name of profile.names[field]) if (!fields.has(name)) fields.set(name, field);
  return new Map(headings.map((heading) => [heading, fields.get(nameOf(heading)) ?? null]));
}
