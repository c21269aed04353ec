import path from 'node:path';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { startNodeChild } from './node-child.ts';
import type { Ports } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { endProcess } from './processes.ts';
import { type ProcessMark, stillRuns } from './run-file.ts';
import type { Part, RunningPart } from './supervisor.ts';
import { findTemporal, type TemporalProgress } from './temporal-binary.ts';
import { answers, runningTemporal, startTemporal } from './temporal-server.ts';

/** The embedded PostgreSQL. Its address stays the same for as long as this process runs. */
export function postgresPart(config: Config, onUrl: (url: string) => void): Part {
  let port = config.postgresPort;
  return {
    name: 'postgres',
    title: 'PostgreSQL',
    start: async () => {
      const server = await startPostgres({ dataDir: config.dataDir, port });
      port = server.port;
      onUrl(server.url);
      return server;
    },
  };
}

export interface TemporalPartOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly ports: Ports;
  /** What a killed run left. */
  readonly leftover: ProcessMark | undefined;
  readonly onProgress: (progress: TemporalProgress) => void;
}

/** Temporal: found or built at the first start, its state in the data directory. */
export function temporalPart(options: TemporalPartOptions): Part {
  const { config, ports } = options;
  return {
    name: 'temporal',
    title: 'Temporal',
    start: async (signal, spawned) => {
      const server = { port: ports.temporal, uiPort: ports.temporalUi };
      const { leftover } = options;
      if (leftover !== undefined && stillRuns(leftover)) {
        if (await answers(`127.0.0.1:${server.port}`, 'default'))
          return runningTemporal({ ...server, pid: leftover.pid });
        await endProcess(leftover.pid, { graceMs: 5_000 });
      }
      const binary = await findTemporal({ env: options.env, onProgress: options.onProgress, signal });
      return await startTemporal({
        ...server,
        program: binary.path,
        databaseFile: path.join(config.dataDir, 'temporal.db'),
        logFile: path.join(config.dataDir, 'temporal.log'),
        spawned,
      });
    },
  };
}

export interface CommandPartOptions {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly leftover: ProcessMark | undefined;
  /** What the process has to say to the person at the terminal. */
  readonly say: (sentence: string) => void;
}

const COMMANDS = {
  serve: { title: 'the HTTP server', graceMs: 10_000 },
  sandbox: { title: 'the simulated market', graceMs: 5_000 },
  // Its activities may be talking to an ad network: they get time to hear the answer (30 s, then 5 to close).
  work: { title: 'the optimizer', graceMs: 35_000 },
} as const;

/** `serve`, `sandbox` or `work` as a process of its own. One that a killed run left is ended first: its code may be old. */
export function commandPart(name: keyof typeof COMMANDS, options: CommandPartOptions): Part {
  const { title, graceMs } = COMMANDS[name];
  return {
    name,
    title,
    start: async (signal, spawned): Promise<RunningPart> => {
      const { leftover, env, dataDir, say } = options;
      if (leftover !== undefined && stillRuns(leftover)) await endProcess(leftover.pid, { graceMs });
      if (signal.aborted)
        throw new OperatorError('stopped', 'stopped before it began', { next: 'Start again.' });
      return await startNodeChild({ command: name, env, dataDir, graceMs, signal, spawned, say });
    },
  };
}
