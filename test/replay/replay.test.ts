import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { testTemporal } from '../support/temporal.ts';
import { HISTORIES } from './record-histories.ts';

interface HistoryJson {
  readonly events: readonly Record<string, unknown>[];
}

const names = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

function load(name: string): HistoryJson {
  return JSON.parse(readFileSync(path.join(HISTORIES, name), 'utf8')) as HistoryJson;
}

/** The workflow type a history begins with. */
function typeOf(history: HistoryJson): string | undefined {
  const started = history.events[0]?.['workflowExecutionStartedEventAttributes'] as
    | { workflowType?: { name?: string } }
    | undefined;
  return started?.workflowType?.name;
}

/** Replays histories on today's workflow code; the error of each that does not fit. */
async function replay(
  histories: readonly { readonly name: string; readonly json: HistoryJson }[],
): Promise<readonly (string | undefined)[]> {
  const { workflowBundlePath } = testTemporal();
  const failures: (string | undefined)[] = [];
  const source = histories.map(({ name, json }) => ({ workflowId: name, history: historyFromJSON(json) }));
  for await (const result of Worker.runReplayHistories(
    { workflowBundle: { codePath: workflowBundlePath } },
    source,
  )) {
    failures.push(
      result.error === undefined
        ? undefined
        : `${result.workflowId}: ${result.error.name} ${result.error.message}`,
    );
  }
  return failures;
}

describe('recorded histories', () => {
  it("replay on today's workflow code", async () => {
    expect((await replay(names.map((name) => ({ name, json: load(name) })))).filter(Boolean)).toEqual([]);
  });

  it('hold every workflow type that is served', () => {
    expect(new Set(names.map((name) => typeOf(load(name))))).toEqual(
      new Set([
        'changeBid',
        'changeBudget',
        'forwardConversions',
        'fullPass',
        'ingest',
        'learn',
        'maintain',
        'optimizeAccount',
        'pauseObject',
        'resumeObject',
        'sync',
        'watchAlerts',
      ]),
    );
  });

  it('fail when altered: an activity that was never asked for', async () => {
    const json = load('act-approved.json');
    const altered: HistoryJson = JSON.parse(
      JSON.stringify(json).replace('"takeLease"', '"takeTheLease"'),
    ) as HistoryJson;
    expect(JSON.stringify(altered)).not.toBe(JSON.stringify(json));
    const [failure] = await replay([{ name: 'altered', json: altered }]);
    expect(failure).toMatch(/DeterminismViolation|Nondeterminism/i);
  });

  it('hold no secret and no machine', () => {
    for (const name of names) {
      const text = readFileSync(path.join(HISTORIES, name), 'utf8');
      // A boolean, so that a failure does not print a whole history.
      const found = /password|secret|test-token|\/work\/|@vm/i.test(text);
      expect({ name, found }).toEqual({ name, found: false });
    }
  });
});
