import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');

/** A tree with the project's lint rules and nothing else, so that each rule is seen to fail on a file made to fail. */
let tree: string;

beforeAll(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'bidloop-lint-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
    cpSync(path.join(project, file), path.join(tree, file));
  symlinkSync(path.join(project, 'node_modules'), path.join(tree, 'node_modules'));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Lints one file and returns what was printed, or null when it passed. */
function lint(file: string, text: string): string | null {
  const full = path.join(tree, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  const run = spawnSync(process.execPath, [path.join(project, 'tools/lint.mjs'), tree], {
    cwd: tree,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.join(project, 'node_modules/.bin')}:${process.env['PATH']}` },
  });
  rmSync(full);
  return run.status === 0 ? null : `${run.stdout}${run.stderr}`;
}

describe('the lint rules', () => {
  it.each([
    ['src/core/bad.ts', `import fs from 'node:fs';\nexport const x = fs;\n`, 'core is pure'],
    ['src/core/bad.ts', `import fs from 'node:fs/promises';\nexport const x = fs;\n`, 'core is pure'],
    [
      'src/core/bad.ts',
      `import { connect } from '../db/connection.ts';\nexport const x = connect;\n`,
      'core is pure',
    ],
    ['src/contract/bad.ts', `import axios from 'axios';\nexport const x = axios;\n`, 'contract is shared'],
    [
      'src/contract/bad.ts',
      `import { micros } from '../core/money.ts';\nexport const x = micros;\n`,
      'types of core only',
    ],
    [
      'src/http/bad.ts',
      `import { NETWORKS } from '../networks/registry.ts';\nexport const x = NETWORKS;\n`,
      'http reaches',
    ],
    [
      'src/runtime/bad.ts',
      `import { drain } from '../../activities/ingest.ts';\nexport const x = drain;\n`,
      'come from compose.ts',
    ],
    [
      'src/strategies/bad.ts',
      `import { serve } from '../http/server.ts';\nexport const x = serve;\n`,
      'read with core and contract',
    ],
    ['workflows/bad.ts', `import { z } from 'zod';\nexport const x = z;\n`, 'Workflows replay'],
    [
      'workflows/bad.ts',
      `import { micros } from '../src/core/money.ts';\nexport const x = micros;\n`,
      'import types only',
    ],
    [
      'activities/bad.ts',
      `import { serve } from '../src/http/server.ts';\nexport const x = serve;\n`,
      'compose.ts',
    ],
    [
      'src/db/bad.ts',
      `import { Client } from '@temporalio/client';\nexport const x = Client;\n`,
      'db knows tables',
    ],
    [
      'src/networks/meta/bad.ts',
      `import { connect } from '../../db/connection.ts';\nexport const x = connect;\n`,
      'a network speaks wire words',
    ],
    [
      'src/sources/bad.ts',
      `import { connect } from '../db/connection.ts';\nexport const x = connect;\n`,
      'a source is data',
    ],
    ['src/outbound/bad.ts', `import axios from 'axios';\nexport const x = axios;\n`, 'it sends nothing'],
    [
      'src/sources/bad.ts',
      `import { buildRequest } from '../outbound/build-request.ts';\nexport const x = buildRequest;\n`,
      'a source is data',
    ],
    [
      'src/sandbox/bad.ts',
      `import { connect } from '../db/connection.ts';\nexport const x = connect;\n`,
      'outside world',
    ],
    [
      'src/web/bad.tsx',
      `import { connect } from '../db/connection.ts';\nexport const x = connect;\n`,
      'knows only the contract',
    ],
    [
      'migrations/bad.ts',
      `import { micros } from '../src/core/money.ts';\nexport const x = micros;\n`,
      'imports nothing of ours',
    ],
    ['src/http/bad.ts', `export const x = Date.now();\n`, 'Time is explicit'],
    [
      'src/db/bad.ts',
      "import { sql } from 'kysely';\nexport const x = sql`select now()`;\n",
      'SQL reads no clock',
    ],
    ['src/core/bad.ts', `export const x = Math.random();\n`, 'no clock and no dice'],
  ])('refuses %s, case %#', (file, text, why) => {
    const printed = lint(file, text);
    expect(printed, 'the file should not pass').not.toBeNull();
    expect(printed).toContain(why);
  });

  it.each([
    [
      'workflows/good.ts',
      `import type { Change } from '../src/core/decision.ts';\nexport type X = Change;\n`,
    ],
    [
      'workflows/good.ts',
      `import type { DrainInput } from '../activities/contract.ts';\nexport type X = DrainInput;\n`,
    ],
    [
      'src/cli/good.ts',
      `import { WORKFLOW_ID } from '../../workflows/names.ts';\nexport const x = WORKFLOW_ID;\n`,
    ],
    ['src/core/good.ts', `import { mean } from 'simple-statistics';\nexport const x = mean([1, 2]);\n`],
    ['src/wall-clock.ts', `export const x = (): number => Date.now();\n`],
  ])('lets %s pass, case %#', (file, text) => {
    expect(lint(file, text)).toBeNull();
  });
});

/** As much of a lint override as is asked here. */
interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<
    Record<string, readonly [string, { readonly patterns?: readonly Refused[] }] | string>
  >;
}

interface Refused {
  readonly group: readonly string[];
  readonly allowTypeImports?: boolean;
}

describe('the table "Who may import whom" of ARCHITECTURE.md', () => {
  const page = readFileSync(path.join(project, 'ARCHITECTURE.md'), 'utf8');
  const folders = new Map(
    [...page.matchAll(/^\| `((?:src\/)?(\w+)\/)`/gm)].map((match) => [match[2] ?? '', match[1] ?? '']),
  );
  const rooms = [...folders.keys()];
  const section = page.slice(page.indexOf('## Who may import whom'));
  const table = new Map(
    [...section.slice(0, section.indexOf('\n## ')).matchAll(/^\| (\w+) +\| (.+) \|$/gm)]
      .filter((match) => match[1] !== 'room')
      .map((match) => [match[1] ?? '', match[2] ?? '']),
  );
  const { overrides } = JSON.parse(readFileSync(path.join(project, '.oxlintrc.json'), 'utf8')) as {
    overrides: readonly Override[];
  };
  const refused = (room: string): readonly Refused[] =>
    overrides
      .filter((override) => override.files.includes(`${folders.get(room)}**`))
      .flatMap(({ rules: { 'no-restricted-imports': rule } }) =>
        typeof rule === 'object' ? (rule[1].patterns ?? []) : [],
      );
  /** Closed altogether: where types or one file may pass, it is open. */
  const closes = ({ group, allowTypeImports }: Refused, other: string): boolean =>
    allowTypeImports !== true &&
    group.some((one) => [`**/${other}/**`, `../src/${other}/**`, `../${other}/**`, '../**'].includes(one)) &&
    !group.some((one) => one.startsWith('!') && one.includes(`/${other}/`));

  it('has every room', () => {
    expect(rooms.length).toBeGreaterThan(12);
    expect([...table.keys()].toSorted()).toEqual(rooms.toSorted());
  });

  it.each(rooms)('says of %s what lint says', (room) => {
    // "the contract page of activities" names activities, not the room contract.
    const allowed = (table.get(room) ?? '').replaceAll('the contract page of', '');
    for (const other of rooms.filter((one) => one !== room))
      expect(
        refused(room).some((pattern) => closes(pattern, other)),
        `${room} → ${other}`,
      ).toBe(!new RegExp(`\\b${other}\\b`).test(allowed));
  });
});
