import { Connection } from '@temporalio/client';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { wallNowMs } from '../wall-clock.ts';

export interface TemporalAddress {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  /** With it the connection uses TLS. */
  readonly apiKey: string | null;
}

const ANSWER_WITHIN_MS = 5_000;
/** gRPC status codes. */
const NOT_FOUND = 5;
const REFUSED = new Set<unknown>([7, 16]);

/** Opens a connection; fails within seconds where nothing answers. */
export async function connectTemporal({
  address,
  apiKey,
}: Pick<TemporalAddress, 'address' | 'apiKey'>): Promise<Connection> {
  return await Connection.connect({
    address,
    connectTimeout: ANSWER_WITHIN_MS,
    ...(apiKey === null ? {} : { apiKey, tls: true }),
  });
}

/**
 * Asks a Temporal server for its namespace once, to say in plain words what is wrong with an address.
 *
 * @throws OperatorError `temporal_unreachable`, `temporal_refused` or `temporal_namespace`.
 */
export async function checkTemporal({ address, namespace, apiKey }: TemporalAddress): Promise<void> {
  let connection: Connection | undefined;
  try {
    const open = await connectTemporal({ address, apiKey });
    connection = open;
    await open.withDeadline(wallNowMs() + ANSWER_WITHIN_MS, () =>
      open.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    throw explain(error, address, namespace);
  } finally {
    await connection?.close();
  }
}

function explain(error: unknown, address: string, namespace: string): OperatorError {
  const status = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (status === NOT_FOUND) {
    return new OperatorError(
      'temporal_namespace',
      `the Temporal server at ${address} has no namespace ${namespace}`,
      {
        next: 'Make it (`temporal operator namespace create`), or correct TEMPORAL_NAMESPACE.',
        cause: error,
      },
    );
  }
  if (REFUSED.has(status)) {
    return new OperatorError('temporal_refused', `the Temporal server at ${address} refuses the access`, {
      next: 'Correct TEMPORAL_API_KEY and TEMPORAL_NAMESPACE.',
      cause: error,
    });
  }
  return new OperatorError(
    'temporal_unreachable',
    `the Temporal server at ${address} does not answer (${codeOf(error) ?? messageOf(error)})`,
    {
      next: 'Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_API_KEY. Without TEMPORAL_ADDRESS `npm start` brings one along.',
      cause: error,
    },
  );
}
