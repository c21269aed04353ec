import { CsvError, parse } from 'csv-parse/sync';
import type { ReportedConversion } from '../../core/reconcile/facts.ts';
import { addParam, emptyParams, type Params } from '../params.ts';
import { pickFields } from '../pick-fields.ts';
import type { Field, SourceProfile, SourceSettings } from '../profile.ts';
import { readPostback } from '../read-postback.ts';
import { configuredProfile } from '../settings.ts';
import { REPORT_NAMES } from './report-names.ts';
import {
  commasPartThousands,
  dateOrderOf,
  delimiterOf,
  type Heading,
  headingLine,
  headingOf,
  isTotals,
  nameOf,
} from './report-shape.ts';

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
      /** What was found out from the report itself, or left open, in sentences. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

interface Line {
  readonly cells: readonly string[];
  /** Of the file, from 1. */
  readonly line: number;
}

/**
 * Reads a sender's own report of conversions: comma, semicolon, tab or bar separated, under one line of headings, which
 * titles may stand above. A row is read as a postback of that source would be, so that statuses, amounts, times and keys
 * mean the same on both sides.
 */
export function readReport(text: string, context: ReportContext): Report {
  let lines: readonly Line[];
  try {
    lines = linesOf(text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { ok: false, message: error.message };
  }
  const known = fieldsByName(profileFor(context));
  const isKnown = (heading: string): boolean =>
    known.has(headingOf(heading).name) || known.has(nameOf(heading));
  const top = headingLine(
    lines.map(({ cells }) => cells),
    isKnown,
  );
  const headings = lines[top]?.cells.map(headingOf);
  const all = lines.slice(top + 1);
  const body = all.filter(({ cells }) => !isTotals(cells));
  if (headings === undefined || body.length === 0) return { ok: false, message: 'it has no rows' };
  const names = headings.map(({ name, whole }) => (known.has(whole) ? whole : name));
  const column = (field: Field): readonly string[] =>
    body.flatMap(({ cells }) => cells.filter((_, at) => known.get(names[at] ?? '') === field));
  const told = readUnits(context, headings, names, known, column);
  const profile = profileFor(told.context);
  const rows: ReportedConversion[] = [];
  const unread: UnreadRow[] = [];
  const unmapped = new Set<string>();
  for (const { cells, line } of body) {
    const params = emptyParams();
    cells.forEach((cell, at) => addParam(names[at] ?? '', cell, params));
    joinDateAndTime(params);
    const row = readRow(params, line, profile, told.context);
    if ('message' in row) unread.push(row);
    else {
      rows.push(row.row);
      if (row.unmappedStatus !== null) unmapped.add(row.unmappedStatus);
    }
  }
  const shown = lines[top]?.cells ?? [];
  const titles =
    top === 0 ? [] : [`The headings stand in line ${lines[top]?.line}; what is above was left out.`];
  const totals = all.length === body.length ? [] : ['A line of totals was left out.'];
  return {
    ok: true,
    rows,
    unread,
    columns: new Map(shown.map((heading, at) => [heading, known.get(names[at] ?? '') ?? null])),
    notes: [...titles, ...told.notes, ...totals, ...unmappedNote(unmapped, context)],
  };
}

function linesOf(text: string): readonly Line[] {
  const at: number[] = [];
  const records: readonly (readonly string[])[] = parse(text, {
    bom: true,
    delimiter: delimiterOf(text),
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
    on_record: (cells, { lines }) => {
      at.push(lines);
      return cells;
    },
  });
  return records.map((cells, index) => ({ cells, line: at[index] ?? index + 1 }));
}

/** What headings and cells say of themselves where no setting does: currency, zone, order of dates, thousands. */
function readUnits(
  context: ReportContext,
  headings: readonly Heading[],
  names: readonly string[],
  known: ReadonlyMap<string, Field>,
  column: (field: Field) => readonly string[],
): { readonly context: ReportContext; readonly notes: readonly string[] } {
  const unitOf = <K extends 'currency' | 'zone'>(field: Field, unit: K): Heading[K] =>
    headings.find((heading, at) => known.get(names[at] ?? '') === field && heading[unit] !== null)?.[unit] ??
    null;
  const currency = unitOf('amount', 'currency');
  const zone = unitOf('eventTime', 'zone');
  const { settings, profile } = context;
  const notes: string[] = [];
  const dateOrder =
    settings.dateOrder === undefined && profile.dateOrder === 'ymd'
      ? dateOrderOf(column('eventTime'))
      : 'ymd';
  if (dateOrder === 'unclear')
    notes.push(
      `Dates such as "${column('eventTime')[0]}" could be day or month first: say --date-order mdy or dmy.`,
    );
  else if (dateOrder !== 'ymd')
    notes.push(`Dates were read as ${dateOrder === 'dmy' ? 'day, month' : 'month, day'} and year.`);
  if (currency !== null) notes.push(`Amounts are in ${currency}, as their heading says.`);
  if (zone !== null) notes.push(`Times are in ${zone}, as their heading says.`);
  const commas = settings.commaThousands === undefined && commasPartThousands(column('amount'));
  return {
    context: {
      ...context,
      settings: {
        ...settings,
        ...(currency === null ? {} : { currency }),
        ...(zone === null ? {} : { zone }),
        ...(dateOrder === 'ymd' || dateOrder === 'unclear' ? {} : { dateOrder }),
        ...(commas ? { commaThousands: true } : {}),
      },
    },
    notes,
  };
}

/** Some reports part the day and the time of day into two columns. */
function joinDateAndTime(params: Params): void {
  const [date, time] = [params.values.get('date'), params.values.get('time')];
  if (date === undefined || time === undefined) return;
  if (/:/.test(date) || !/^\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?$/i.test(time)) return;
  params.values.set('date', `${date} ${time}`);
  params.values.delete('time');
}

function readRow(
  params: Params,
  line: number,
  profile: SourceProfile,
  { sourceId, settings, nowMs }: ReportContext,
): { readonly row: ReportedConversion; readonly unmappedStatus: string | null } | UnreadRow {
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
  const row = {
    line,
    key: nobody ? null : (conversionKey?.toString('hex') ?? null),
    clickId,
    txid,
    event: fields.event === undefined ? null : event,
    status: fields.status === undefined && fields.rejected === undefined ? null : status,
    amount: amountMicros === null ? null : { micros: amountMicros, currency: currency ?? settings.currency },
    atMs: eventAtMs,
  };
  return { row, unmappedStatus: outcome.reading.unmappedStatus };
}

/** A word that nobody mapped is read as the profile reads unknown ones, which may be wrong for all rows. */
function unmappedNote(words: ReadonlySet<string>, { sourceId }: ReportContext): readonly string[] {
  const [first] = words;
  if (first === undefined) return [];
  const named = [...words].slice(0, 10).join(', ');
  return [
    `Nobody said what these statuses mean: ${named}. Say it: ./bidloop source set ${sourceId} --status "${first}=approved"`,
  ];
}

/** The source's own names, those that reports use besides, and before all the columns that were named. */
function profileFor({ profile, settings, columns }: ReportContext): SourceProfile {
  const known = new Set(Object.values(profile.names).flat());
  const besides = Object.entries(REPORT_NAMES).filter(([name]) => !known.has(name));
  const asked = Object.entries(columns).flatMap(([heading, field]) =>
    [nameOf(heading), headingOf(heading).name].map((name) => [name, field] as const),
  );
  return configuredProfile(profile, {
    ...settings,
    names: { ...Object.fromEntries(besides), ...settings.names, ...Object.fromEntries(asked) },
  });
}

function fieldsByName(profile: SourceProfile): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  for (const field of Object.keys(profile.names) as Field[])
    for (const name of profile.names[field]) if (!fields.has(name)) fields.set(name, field);
  return fields;
}
