import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EXAMPLES_NAME, EXAMPLES_VARIABLE, findExamples } from './examples-file.ts';
import { lineProblems } from './source-line.ts';

/**
 * Reads every line of a file of real postbacks, templates and clicks through the debugger's own code and compares with
 * what each line expects: `{"source","kind","url" and/or "body","expect":{"click_id","event","revenue",…}}`; only the keys
 * of `expect` are compared, null means "must not be read". The last line is JSON: `{"of","right","wrong"}`.
 */
const { values } = parseArgs({
  options: { file: { type: 'string' } },
  args: process.argv.slice(3),
  allowPositionals: true,
});
const checkout = path.resolve(import.meta.dirname, '..');
const file = values.file ?? findExamples(checkout, process.env);
if (file === null) {
  console.error(
    `There is no file of examples: say which lines to read with npm run bench -- sources --file lines.jsonl, set ${EXAMPLES_VARIABLE}, or put ${EXAMPLES_NAME} into a folder beside ${checkout}. One JSON object a line: {"source":"voluum","kind":"inbound_postback","url":"https://…","expect":{"click_id":"…"}}`,
  );
  process.exit(2);
}

const wrong: unknown[] = [];
let of = 0;
for (const [index, raw] of linesOf(file).entries()) {
  if (raw.trim() === '') continue;
  of += 1;
  const problems = lineProblems(raw, Date.now());
  if (problems.length > 0) {
    wrong.push({ line: index + 1, problems });
    console.log(`line ${index + 1}: ${problems.join('; ')}\n  ${raw.slice(0, 300)}`);
  }
}
console.log(JSON.stringify({ of, right: of - wrong.length, wrong }));

function linesOf(name: string): readonly string[] {
  try {
    return readFileSync(name, 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/);
  } catch (error) {
    console.error(
      `${name} cannot be read (${error instanceof Error ? error.message : String(error)}): name a file of JSON lines with --file.`,
    );
    process.exit(2);
  }
}
