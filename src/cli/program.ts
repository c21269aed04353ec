import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { register as account } from './account.ts';
import { register as alert } from './alert.ts';
import { register as apple } from './apple.ts';
import { register as approve } from './approve.ts';
import { UsageError } from './command.ts';
import { createContext } from './context.ts';
import { register as decide } from './decide.ts';
import { register as destination } from './destination.ts';
import { register as explain } from './explain.ts';
import { register as forward } from './forward.ts';
import { register as forget } from './forget.ts';
import { register as fraud } from './fraud.ts';
import { register as holdout } from './holdout.ts';
import { register as launchCheck } from './launch-check.ts';
import { register as learned } from './learned.ts';
import { register as link } from './link.ts';
import { register as migrate } from './migrate.ts';
import { register as payout } from './payout.ts';
import { register as postback } from './postback.ts';
import { register as rate } from './rate.ts';
import { register as reconcile } from './reconcile.ts';
import { register as sandbox } from './sandbox.ts';
import { register as serve } from './serve.ts';
import { register as source } from './source.ts';
import { register as status } from './status.ts';
import { register as strategy } from './strategy.ts';
import { register as undo } from './undo.ts';
import { register as up } from './up.ts';
import { register as windows } from './windows.ts';
import { register as work } from './work.ts';
import { register as workspace } from './workspace.ts';

/** One line a command, in the order of `--help`. */
const COMMANDS = [
  up,
  serve,
  work,
  migrate,
  status,
  workspace,
  account,
  link,
  source,
  postback,
  alert,
  destination,
  forward,
  launchCheck,
  reconcile,
  rate,
  payout,
  windows,
  forget,
  apple,
  fraud,
  strategy,
  decide,
  explain,
  holdout,
  learned,
  approve,
  undo,
  sandbox,
];

/**
 * Runs one command line.
 *
 * @param args without the program's own name.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or settings.
 */
export async function runProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = new Command('bidloop')
    .description('Postbacks in, better bids out, every decision on record.')
    .option('--json', 'print one JSON document instead of text')
    .helpOption('-h, --help', 'what there is and how it is used')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
    .showHelpAfterError('(--help says how it is used)')
    .exitOverride()
    .configureOutput(
      args.includes('--json')
        ? { writeErr: () => undefined }
        : { outputError: (text, write) => write(text.replace(/^error: /, 'bidloop: ')) },
    )
    .addHelpText(
      'after',
      `
Examples:
  npm start                      everything on this machine, with a simulated market
  ./bidloop status               what runs, and where
  ./bidloop <command> --help     how a command is used`,
    );
  const json = (): boolean => program.opts<{ json?: boolean }>().json === true;
  const { context, close } = createContext(env, json);
  for (const register of COMMANDS) register(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, args.includes('--json'));
  } finally {
    await close();
  }
}

function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    // Help is no failure; of a failure the parser has told a person itself.
    if (error.exitCode === 0) return 0;
    if (json) printError('usage', error.message.replace(/^error: /, ''), '--help says how it is used.');
    return 2;
  }
  const next = error instanceof OperatorError ? error.next : undefined;
  const code =
    error instanceof OperatorError || error instanceof ConfigError || error instanceof UsageError
      ? error.code
      : 'failed';
  if (json) printError(code, messageOf(error), next);
  else {
    process.stderr.write(`bidloop: ${messageOf(error)}\n`);
    if (next !== undefined) process.stderr.write(`  ${next}\n`);
    // Not one of the failures we know: whoever mends it needs to see where it came from.
    if (code === 'failed' && error instanceof Error && error.stack !== undefined)
      process.stderr.write(`${error.stack.split('\n').slice(1).join('\n')}\n`);
  }
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}

function printError(code: string, message: string, next: string | undefined): void {
  const error = { code, message, ...(next === undefined ? {} : { next }) };
  process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
}
