// Lint: oxlint with the import rules of ARCHITECTURE.md, then the few checks that no lint rule knows.
// Runs through `npm run check:lint`, on the pinned Node.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.argv[2] ?? process.cwd();

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* files(full);
    else if (/\.(ts|tsx)$/.test(entry.name)) yield full;
  }
}

/** Each: where it looks, what must not stand there, and why. */
const checks = [
  {
    folders: ['src', 'activities', 'workflows', 'migrations'],
    pattern: /\b(?:now\(\)|current_timestamp|clock_timestamp\(\)|localtimestamp|transaction_timestamp\(\))/i,
    // Only where SQL can stand: template literals tagged sql, or sql.raw.
    within: (text) => text.includes('sql`') || text.includes('sql.raw') || text.includes('query('),
    ignoreLine: (line) => /^\s*(\/\/|\*|\/\*)/.test(line),
    why: 'SQL reads no clock: pass the workspace time in as a parameter (DESIGN: one clock per workspace), so that tests, backtests and the sample market agree on what "now" is.',
  },
  {
    folders: ['src/core', 'workflows'],
    pattern: /\bMath\.random\(|\bnew Date\(\)/,
    ignoreLine: (line) => /^\s*(\/\/|\*|\/\*)/.test(line),
    why: 'core and workflows hold no clock and no dice: take the instant or the draw as an argument, so that the same evidence gives the same decision.',
  },
];

let problems = 0;
for (const check of checks) {
  for (const folder of check.folders) {
    let list;
    try {
      list = [...files(path.join(root, folder))];
    } catch {
      continue;
    }
    for (const file of list) {
      const text = readFileSync(file, 'utf8');
      if (check.within && !check.within(text)) continue;
      text.split('\n').forEach((line, index) => {
        if (check.ignoreLine(line) || !check.pattern.test(line)) return;
        problems += 1;
        console.error(`${path.relative(root, file)}:${index + 1}: ${line.trim()}\n  ${check.why}`);
      });
    }
  }
}

const oxlint = spawnSync('oxlint', ['--deny-warnings'], { cwd: root, stdio: 'inherit' });
if (oxlint.error) {
  console.error('oxlint did not start; run this through `npm run check:lint`');
  process.exit(2);
}
process.exit(oxlint.status !== 0 || problems > 0 ? 1 : 0);
