import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export const HISTORIES = fileURLToPath(new URL('histories', import.meta.url));

/**
 * Writes one workflow's history as a replay fixture. Host names and process ids of the recording machine are replaced;
 * a secret in a history is an error here, not later.
 *
 * @param secrets texts that must not occur.
 */
export async function recordHistory(
  client: Client,
  input: {
    readonly workflowId: string;
    readonly runId?: string;
    readonly name: string;
    readonly secrets: readonly string[];
  },
): Promise<void> {
  const history = await client.workflow.getHandle(input.workflowId, input.runId).fetchHistory();
  // historyToJSON gives text; parsed to mask what names the recording machine.
  const json: unknown = JSON.parse(historyToJSON(history));
  const text = JSON.stringify(json, masked, 1);
  for (const secret of input.secrets) {
    if (text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').slice(0, -3))) {
      throw new Error(`the history ${input.name} holds a secret`);
    }
  }
  mkdirSync(HISTORIES, { recursive: true });
  writeFileSync(path.join(HISTORIES, `${input.name}.json`), `${text}\n`);
}

function masked(key: string, value: unknown): unknown {
  if (key === 'identity' && typeof value === 'string') return 'bidloop worker';
  // The sticky queue is named after the worker's host.
  if (key === 'name' && typeof value === 'string' && value.startsWith('bidloop ')) return 'bidloop sticky';
  if (key === 'stackTrace') return '';
  return value;
}
