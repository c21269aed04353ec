import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { isFree, nextFreePort } from './free-port.ts';
import type { RunFile } from './run-file.ts';

export type Ports = RunFile['ports'];

const SETTING = {
  http: 'BIDLOOP_HTTP_PORT',
  sandbox: 'BIDLOOP_SANDBOX_PORT',
  temporal: 'BIDLOOP_TEMPORAL_PORT',
  temporalUi: 'BIDLOOP_TEMPORAL_UI_PORT',
} as const satisfies Record<keyof Ports, string>;

export interface ChoosePortsOptions {
  readonly config: Config;
  /** To tell a port that was asked for from a default. */
  readonly env: NodeJS.ProcessEnv;
  /** The ports of the last start. */
  readonly remembered: Ports | null;
  /** Ports that something of ours holds already. */
  readonly held: ReadonlySet<number>;
  readonly say: (sentence: string) => void;
}

/**
 * The ports of this start. One that was asked for is taken or refused; a default in use is replaced by that of the last
 * start, or the next free one.
 *
 * @throws OperatorError `port_in_use` naming port and setting.
 */
export async function choosePorts(options: ChoosePortsOptions): Promise<Ports> {
  const { config, remembered } = options;
  const wanted: Ports = {
    http: config.httpPort,
    sandbox: config.sandboxPort,
    temporal: config.temporalPort,
    temporalUi: config.temporalUiPort,
  };
  const chosen: Record<keyof Ports, number> = { ...wanted };
  const taken = new Set<number>();
  for (const key of ['http', 'sandbox', 'temporal', 'temporalUi'] as const) {
    const host = key === 'http' ? config.httpHost : '127.0.0.1';
    const usable = async (port: number): Promise<boolean> =>
      !taken.has(port) && (options.held.has(port) || (await isFree(port, host)));
    const asked = (options.env[SETTING[key]] ?? '').trim() !== '';
    const candidates = asked || remembered === null ? [wanted[key]] : [remembered[key], wanted[key]];
    let port: number | null = null;
    for (const candidate of candidates) {
      if (port === null && (await usable(candidate))) port = candidate;
    }
    if (port === null) {
      if (asked) {
        throw new OperatorError('port_in_use', `port ${wanted[key]} is in use by another program`, {
          next: `Stop that program, or set ${SETTING[key]} to a free port.`,
        });
      }
      for (let from = wanted[key] + 1; port === null; from++) {
        const free = await nextFreePort(from, host);
        if (free === null)
          throw new OperatorError('port_in_use', `no free port from ${from} on`, {
            next: `Set ${SETTING[key]}.`,
          });
        if (!taken.has(free)) port = free;
      }
      options.say(`port ${wanted[key]} is in use; taking ${port} instead (${SETTING[key]})`);
    }
    taken.add(port);
    chosen[key] = port;
  }
  return chosen;
}
