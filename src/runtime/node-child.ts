import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../errors.ts';
import { endProcess } from './processes.ts';
import type { ChildMessage } from './ready.ts';
import type { RunningPart } from './supervisor.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/**
 * A batch of postbacks lives for some hundred ms and then goes whole: with more room for what is young (MiB) it is not
 * copied about meanwhile, which at full load takes a tenth of the drain's time.
 */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'];

const KEEP_LOG_BYTES = 20_000_000;

export interface NodeChildOptions {
  /** `serve`, `work` or `sandbox`: a command of this program. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  /** How long it may take to stop by itself. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** Called at once with the process id, so that it is on record before the process is of use. */
  readonly spawned: (pid: number) => void;
  /** A sentence of the process for the person at the terminal. */
  readonly say: (sentence: string) => void;
}

/**
 * Starts a command of this program as a process in a group of its own, its output in `<command>.log` of the data
 * directory. Resolves when the command says that it is ready (ready.ts).
 *
 * @throws OperatorError with its last words when it ends before.
 */
export async function startNodeChild(options: NodeChildOptions): Promise<RunningPart> {
  const logFile = path.join(options.dataDir, `${options.command}.log`);
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > KEEP_LOG_BYTES)
    renameSync(logFile, `${logFile}.old`);
  const log = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, options.command], {
    env: options.env,
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  });
  closeSync(log);
  const pid = child.pid;
  if (pid !== undefined) options.spawned(pid);
  child.on('message', (message) => {
    if (isMessage(message) && message.kind === 'say') options.say(message.text);
  });
  const ready = new Promise<boolean>((resolve, reject) => {
    child.on('message', (message) => {
      if (isMessage(message) && message.kind === 'ready') resolve(true);
    });
    child.once('exit', () => resolve(false));
    child.once('error', reject);
    options.signal.addEventListener('abort', () => resolve(true), { once: true });
  });
  if (!(await ready) || pid === undefined) {
    const said = lastWords(readFileSync(logFile).subarray(from).toString());
    throw new OperatorError(`${options.command}_failed`, `${options.command} did not start: ${said}`, {
      next: `Its log is ${logFile}.`,
    });
  }
  child.unref();
  child.channel?.unref();
  return { pid, stop: () => endProcess(pid, { graceMs: options.graceMs }) };
}

function isMessage(message: unknown): message is ChildMessage {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

/** What a process said before it ended, for a person: our own message if there is one, no stack, of JSON only the text. */
function lastWords(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map(wordsOf)
    .filter((line) => line !== '' && !/^\s*at /.test(line));
  const own = lines.findLastIndex((line) => line.startsWith('bidloop: '));
  const told = own === -1 ? lines.slice(-2) : lines.slice(own, own + 2);
  return (
    told
      .map((line) => line.trim())
      .join(' ')
      .replace('bidloop: ', '') || 'it said nothing'
  );
}

function wordsOf(line: string): string {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && 'msg' in parsed ? String(parsed.msg) : line;
  } catch {
    return line;
  }
}
