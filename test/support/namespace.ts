import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { applyTemporal } from '../../src/runtime/temporal-apply.ts';

export interface TestNamespace {
  readonly client: Client;
  readonly namespace: string;
  close(): Promise<void>;
}

/** A namespace of a test file's own on the run's Temporal server: queues and workflow ids are the product's, so files must not share one. */
export async function testNamespace(address: string): Promise<TestNamespace> {
  const connection = await Connection.connect({ address });
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('2 days'),
  });
  // The frontend learns of a new namespace a moment later.
  for (let tries = 0; ; tries += 1) {
    try {
      await applyTemporal(connection, namespace);
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return { client: new Client({ connection, namespace }), namespace, close: () => connection.close() };
}
