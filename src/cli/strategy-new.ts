import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { readStrategy } from '../strategies/read.ts';
import { TEMPLATES } from '../strategies/templates.ts';
import { type CliContext, UsageError } from './command.ts';

export interface NewOptions {
  readonly cpa: string;
  readonly event: string;
  readonly level: string;
  readonly workspace?: string;
  readonly out?: string;
}

/**
 * `strategy new`: writes a template, filled in, and never over a file that is there.
 *
 * @throws UsageError for options that make no strategy; OperatorError `file_exists` or `not_writable`.
 */
export async function newStrategy(context: CliContext, name: string, options: NewOptions): Promise<void> {
  const template = TEMPLATES.find((one) => one.name === name);
  if (template === undefined)
    throw new UsageError(
      `there is no template "${name}"; there are: \n${TEMPLATES.map((one) => `  ${one.name}: ${one.about}`).join('\n')}`,
    );
  const { level } = options;
  if (level !== 'campaign' && level !== 'adset' && level !== 'ad')
    throw new UsageError(`--level: "${level}" is not one of campaign, adset, ad`);
  if (options.workspace !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(options.workspace))
    throw new UsageError(
      `--workspace: "${options.workspace}" is not a workspace's id; ./bidloop workspace list shows them`,
    );
  if (!/^[\w./:-]{1,100}$/.test(options.event))
    throw new UsageError(
      `--event: "${options.event}" is not an event's name; write it as your postbacks do, for example purchase`,
    );
  const text = template.write({ cpa: options.cpa.trim(), event: options.event, level });
  const read = readStrategy(text, { fileName: name });
  if (!read.ok)
    throw new UsageError(`--cpa: "${options.cpa}" is not an amount of money; write 30 or "30 EUR"`);
  const file = path.resolve(
    options.out ?? path.join(context.config.strategiesDir, options.workspace ?? '', `${name}.yaml`),
  );
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const exists = codeOf(error) === 'EEXIST';
    throw new OperatorError(
      exists ? 'file_exists' : 'not_writable',
      exists
        ? `${file} exists already and is left as it is`
        : `${file} cannot be written (${messageOf(error)})`,
      {
        next: exists
          ? 'Choose another name with --out, or remove the file.'
          : 'Choose another place with --out.',
        cause: error,
      },
    );
  }
  context.print(
    { file, strategy: read.compiled.name, mode: read.compiled.mode },
    `${file} written, in dry-run: it only records what it would do. Edit it, then: ./bidloop strategy check ${shortPath(file)}`,
  );
}

/** As one would type it here. */
function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}
