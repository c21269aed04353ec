import { readFile } from 'node:fs/promises';
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
import type { CliContext } from './command.ts';
import { newStrategy, type NewOptions } from './strategy-new.ts';

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
    .option('--workspace <id>', "whose it is: it is written to that workspace's folder, strategies/<id>/")
    .option('--out <file>', 'where to write it; strategies/<template>.yaml when left out')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop strategy new stop-loss --cpa "30 USD"\n  ./bidloop strategy new stop-loss --cpa 30 --workspace my-shop',
    )
    .action(async (name: string, options: NewOptions) => {
      await newStrategy(context, name, options);
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
                  `${row.name}  version ${row.version}  ${row.mode}  ${row.level}  ${judgesBy(row.rules, row.autopilot)}  ${row.origin ?? 'added by hand'}`,
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
        autopilot: compiled.autopilot !== null,
        windows: [...new Set([...compiled.needs.windows, ...compiled.needs.estimated])],
        events: compiled.needs.events,
      });
      lines.push(
        `${file}: "${compiled.name}" is right: ${judgesBy(compiled.rules.length, compiled.autopilot !== null)} for level ${compiled.level}, ${compiled.mode}`,
      );
    } else {
      results.push({ file, ok: false, problems: read.problems });
      lines.push(...read.problems.map((problem) => formatProblem(text, file, problem)));
    }
  }
  context.print(results, lines.join('\n'));
  if (results.some((result) => !result.ok)) process.exitCode = 1;
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

/** "3 rules", "an autopilot", "1 rule and an autopilot". */
function judgesBy(rules: number, autopilot: boolean): string {
  const told = `${rules} ${rules === 1 ? 'rule' : 'rules'}`;
  if (!autopilot) return told;
  return rules === 0 ? 'an autopilot' : `${told} and an autopilot`;
}
