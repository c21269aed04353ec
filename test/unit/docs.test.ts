import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStrategy } from '../../src/strategies/read.ts';

const root = path.join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? pages(path.join(folder, entry.name))
      : entry.name.endsWith('.md')
        ? [path.join(folder, entry.name)]
        : [],
  );
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages('docs')];

describe('the documents', () => {
  it.each(documents)('%s links only to what is there', (document) => {
    const targets = [...read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target));
    const missing = targets.filter((target) => !existsSync(path.join(root, path.dirname(document), target)));
    expect(missing).toEqual([]);
  });

  it('README and CONTRIBUTING name only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = ['README.md', 'CONTRIBUTING.md'].flatMap((document) =>
      [...read(document).matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? ''),
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  it('README and ARCHITECTURE name only source files and folders that exist', () => {
    const named = ['README.md', 'ARCHITECTURE.md'].flatMap((document) =>
      [...read(document).matchAll(/`((?:src|activities|workflows|migrations|docs)\/[\w./-]*)`/g)].map(
        (match) => match[1] ?? '',
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it('README shows a strategy that is read without a warning', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const result = readStrategy(example, { fileName: 'README.md' });
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });

  it('every decision record is in the index, with its title', () => {
    // Cells are padded by the formatter.
    const index = read('docs/decisions/README.md')
      .replaceAll(/ +\| +/g, ' | ')
      .replaceAll(/ +\|$/gm, ' |');
    for (const file of readdirSync(path.join(root, 'docs/decisions')).filter((name) => /^\d/.test(name))) {
      const title = /^# \d{4} (.+)$/m.exec(read(`docs/decisions/${file}`))?.[1];
      expect(index).toContain(`[${file.slice(0, 4)}](${file}) | ${title}`);
    }
  });
});
