import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { strategyJsonSchema } from '../contract/strategy.ts';
import type { Db } from '../db/connection.ts';
import {
  listStrategies,
  loadStrategyText,
  removeStrategy,
  storeStrategy,
  StrategyNameTakenError,
} from '../db/strategy.ts';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { formatProblem } from '../strategies/format-problem.ts';
import { readStrategy } from '../strategies/read.ts';
import { TEMPLATES } from '../strategies/templates.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';

/** `strategy check|new|schema|add|list|show|remove`: the rules by which decisions are made. */
export function register(program: Command, context: CliContext): void {
  const strategy = program.command('strategy').description('the rules by which decisions are made');

  strategy
    .command('check')
    .description(
      'read strategy files and say what is wrong and where; changes nothing, needs nothing running',
    )
    .argument('<file...>', 'YAML or JSON')
    .option('--currency <code>', "the account's currency: amounts in another one are mistakes")
    .addHelpText('after', '\nExample:\n  ./bidloop strategy check strategies/*.yaml')
    .action(async (files: string[], options: { currency?: string }) => {
      await check(context, files, options.currency);
    });

  strategy
    .command('new')
    .description(
      `write a commented strategy to start from: ${TEMPLATES.map((template) => template.name).join(', ')}`,
    )
    .argument('<template>', TEMPLATES.map((template) => template.name).join(' | '))
    .requiredOption('--cpa <amount>', 'what a conversion may cost: 30 or "30 EUR"')
    .option('--event <event>', 'the event that counts', 'purchase')
    .option('--level <level>', 'what is judged: campaign, adset or ad', 'adset')
    .option('--out <file>', 'where to write it; strategies/<template>.yaml when left out')
    .addHelpText('after', '\nExample:\n  ./bidloop strategy new stop-loss --cpa "30 USD"')
    .action(async (name: string, options: { cpa: string; event: string; level: string; out?: string }) => {
      await create(context, name, options);
    });

  strategy
    .command('schema')
    .description('print the JSON Schema of strategy files, for editors')
    .action(() => {
      const schema = strategyJsonSchema();
      context.print(schema, JSON.stringify(schema, null, 2));
    });

  strategy
    .command('add')
    .description('put a strategy file in force (files in strategies/ are by themselves)')
    .argument('<file>', 'YAML or JSON')
    .option('--workspace <id>', 'when there are several')
    .action(async (file: string, options: { workspace?: string }) => {
      await add(context, file, options.workspace);
    });

  strategy
    .command('list')
    .description('the strategies in force')
    .option('--workspace <id>', 'when there are several')
    .action(async (options: { workspace?: string }) => {
      const db = await context.db();
      const workspace = await chooseWorkspace(db, options.workspace);
      const rows = await listStrategies(db, workspace.id);
      context.print(
        rows,
        rows.length === 0
          ? `No strategy is in force in the workspace ${workspace.id}. Write one: ./bidloop strategy new stop-loss --cpa 30`
          : rows
              .map(
                (row) =>
                  `${row.name}  version ${row.version}  ${row.mode}  ${row.level}  ${row.rules} ${row.rules === 1 ? 'rule' : 'rules'}  ${row.origin ?? 'added by hand'}`,
              )
              .join('\n'),
      );
    });

  strategy
    .command('show')
    .description('the text of a strategy as it is in force')
    .argument('<name>')
    .option('--workspace <id>', 'when there are several')
    .action(async (name: string, options: { workspace?: string }) => {
      const db = await context.db();
      const workspace = await chooseWorkspace(db, options.workspace);
      const found = await loadStrategyText(db, workspace.id, name);
      if (found === undefined) throw await unknown(db, workspace.id, name);
      context.print(
        {
          id: found.id,
          name,
          version: found.version,
          origin: found.origin,
          since: found.since.toISOString(),
          source: found.source,
        },
        `# ${name}, version ${found.version}${found.origin === null ? '' : `, from ${found.origin}`}\n${found.source.trimEnd()}`,
      );
    });

  strategy
    .command('remove')
    .description('stop a strategy; what it has paused stays paused, its decisions stay on record')
    .argument('<name>')
    .option('--workspace <id>', 'when there are several')
    .action(async (name: string, options: { workspace?: string }) => {
      const db = await context.db();
      const workspace = await chooseWorkspace(db, options.workspace);
      const found = await loadStrategyText(db, workspace.id, name);
      if (found === undefined) throw await unknown(db, workspace.id, name);
      if (found.origin !== null) {
        throw new OperatorError(
          'strategy_from_file',
          `strategy "${name}" comes from the file ${found.origin}`,
          { next: 'Remove the file from the strategies folder; the strategy stops at once.' },
        );
      }
      await removeStrategy(db, { workspaceId: workspace.id, name, nowMs: await context.nowMs(workspace.id) });
      context.print(
        { removed: name },
        `Strategy "${name}" no longer decides. What it has paused stays paused.`,
      );
    });
}

async function check(
  context: CliContext,
  files: readonly string[],
  currency: string | undefined,
): Promise<void> {
  const results = [];
  const lines: string[] = [];
  for (const file of files) {
    const text = await readText(file);
    const read = readStrategy(text, { fileName: file, currency: currency?.toUpperCase() });
    if (read.ok) {
      const { compiled } = read;
      results.push({
        file,
        ok: true,
        strategy: compiled.name,
        mode: compiled.mode,
        level: compiled.level,
        rules: compiled.rules.length,
        windows: compiled.needs.windows,
        events: compiled.needs.events,
      });
      lines.push(
        `${file}: "${compiled.name}" is right: ${compiled.rules.length} ${compiled.rules.length === 1 ? 'rule' : 'rules'} for level ${compiled.level}, ${compiled.mode}`,
      );
    } else {
      results.push({ file, ok: false, problems: read.problems });
      lines.push(...read.problems.map((problem) => formatProblem(text, file, problem)));
    }
  }
  context.print(results, lines.join('\n'));
  if (results.some((result) => !result.ok)) process.exitCode = 1;
}

async function create(
  context: CliContext,
  name: string,
  options: { readonly cpa: string; readonly event: string; readonly level: string; readonly out?: string },
): Promise<void> {
  const template = TEMPLATES.find((one) => one.name === name);
  if (template === undefined)
    throw new UsageError(
      `there is no template "${name}"; there are: \n${TEMPLATES.map((one) => `  ${one.name}: ${one.about}`).join('\n')}`,
    );
  const { level } = options;
  if (level !== 'campaign' && level !== 'adset' && level !== 'ad')
    throw new UsageError(`--level: "${level}" is not one of campaign, adset, ad`);
  if (!/^[\w./:-]{1,100}$/.test(options.event))
    throw new UsageError(
      `--event: "${options.event}" is not an event's name; write it as your postbacks do, for example purchase`,
    );
  const text = template.write({ cpa: options.cpa.trim(), event: options.event, level });
  const read = readStrategy(text, { fileName: name });
  if (!read.ok)
    throw new UsageError(`--cpa: "${options.cpa}" is not an amount of money; write 30 or "30 EUR"`);
  const file = path.resolve(options.out ?? path.join(context.config.strategiesDir, `${name}.yaml`));
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
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

async function add(context: CliContext, file: string, wanted: string | undefined): Promise<void> {
  const text = await readText(file);
  const db = await context.db();
  const workspace = await chooseWorkspace(db, wanted);
  const accounts = await db
    .selectFrom('ad_account')
    .select(['id', 'name', 'network', 'currency'])
    .where('workspace_id', '=', workspace.id)
    .execute();
  const read = readStrategy(text, { fileName: file, accounts });
  if (!read.ok) {
    throw new OperatorError(
      'strategy_wrong',
      read.problems.map((problem) => formatProblem(text, file, problem)).join('\n'),
      { next: 'Nothing was changed. Mend the file and add it again.' },
    );
  }
  try {
    const stored = await storeStrategy(db, {
      workspaceId: workspace.id,
      text,
      document: read.document,
      origin: null,
      nowMs: await context.nowMs(workspace.id),
    });
    context.print(
      { ...stored, strategy: read.compiled.name, mode: read.compiled.mode, warnings: read.warnings },
      [
        `Strategy "${read.compiled.name}" ${stored.changed ? 'is in force' : 'was in force already'}: version ${stored.version}, ${read.compiled.mode}.`,
        ...read.warnings,
      ].join('\n'),
    );
  } catch (error) {
    if (error instanceof StrategyNameTakenError)
      throw new OperatorError(error.code, error.message, { next: 'Nothing was changed.', cause: error });
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new OperatorError('file_unreadable', `${file} cannot be read: ${why}`, {
      next: 'Give the path of a strategy file, as strategies/stop-loss.yaml.',
      cause: error,
    });
  }
}

async function unknown(db: Db, workspaceId: string, name: string): Promise<OperatorError> {
  const names = (await listStrategies(db, workspaceId)).map((row) => row.name);
  return new OperatorError('unknown_strategy', `no strategy "${name}" is in force`, {
    next:
      names.length === 0
        ? 'There is none yet; see `./bidloop strategy new --help`.'
        : `There is: ${names.join(', ')}.`,
  });
}

/** As one would type it here. */
function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}
