import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'lossless-json';
import { z } from 'zod';
import { type Explanation, readAnything } from '../src/sources/explain/read-anything.ts';
import type { Field } from '../src/sources/profile.ts';

/**
 * Reads every line of a file of real postbacks, templates and clicks through the debugger's own code and compares with
 * what each line expects. A line: `{"source","kind","url" and/or "body","expect":{"click_id","event","revenue",…}}`;
 * only the keys of `expect` are compared, null means "must not be read". The last line is JSON.
 */
const FIELDS: Readonly<Record<string, Field>> = {
  click_id: 'clickId',
  txid: 'txid',
  event: 'event',
  status: 'status',
  revenue: 'amount',
  amount: 'amount',
  currency: 'currency',
  time: 'eventTime',
  event_time: 'eventTime',
  click_time: 'clickTime',
  install_time: 'installTime',
  device_id: 'deviceId',
  site: 'site',
};

const text = z.union([z.string(), z.number().transform(String), z.boolean().transform(String), z.null()]);
const lineSchema = z.object({
  source: z.string().optional(),
  kind: z.enum(['click', 'inbound_postback', 'outbound_template']).optional(),
  url: z.string().optional(),
  body: z.unknown().optional(),
  expect: z.record(z.string(), text),
});

const { values } = parseArgs({
  options: { file: { type: 'string' } },
  args: process.argv.slice(3),
  allowPositionals: true,
});
const file = values.file ?? process.env['BENCH_SOURCES_FILE'];
if (file === undefined) {
  console.error(
    'Say which lines to read: npm run bench -- sources --file lines.jsonl (or BENCH_SOURCES_FILE). One JSON object a line: {"source":"voluum","kind":"inbound_postback","url":"https://…","expect":{"click_id":"…"}}',
  );
  process.exit(2);
}

const wrong: unknown[] = [];
let of = 0;
for (const [index, raw] of readFileSync(file, 'utf8').split('\n').entries()) {
  if (raw.trim() === '') continue;
  of += 1;
  const problems = problemsOf(raw);
  if (problems.length > 0) {
    wrong.push({ line: index + 1, problems });
    console.log(`line ${index + 1}: ${problems.join('; ')}\n  ${raw.slice(0, 300)}`);
  }
}
console.log(JSON.stringify({ of, right: of - wrong.length, wrong }));

/** What is read otherwise than the line expects, a sentence each. */
function problemsOf(raw: string): string[] {
  let parsed: unknown;
  try {
    // Ids beyond 2^53 keep their digits.
    parsed = parse(raw, undefined, { parseNumber: String });
  } catch {
    return ['not JSON'];
  }
  const line = lineSchema.safeParse(parsed);
  if (!line.success) return [z.prettifyError(line.error)];
  const { source, kind, url, body, expect } = line.data;
  const explanation = readAnything({
    ...(url === undefined ? {} : { address: url }),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(source === undefined ? {} : { source }),
    ...(kind === undefined ? {} : { kind }),
    nowMs: Date.now(),
  });
  return Object.entries(expect).flatMap(([key, wanted]) => {
    const field = FIELDS[key];
    if (field === undefined) return [`"${key}" is no field that is read`];
    return agrees(explanation, field, wanted)
      ? []
      : [`${key}: expected ${wanted}, read ${explanation.said[field]?.value ?? null}`];
  });
}

function agrees(explanation: Explanation, field: Field, wanted: string | null): boolean {
  const said = explanation.said[field]?.value ?? null;
  if (wanted === null) return said === null;
  if (said === wanted) return true;
  if (field === 'amount') return explanation.amountMicros === Math.round(Number(wanted) * 1e6);
  if (field === 'currency') return explanation.currency === wanted;
  if (field === 'eventTime') return explanation.eventAtMs === Date.parse(wanted);
  return false;
}
