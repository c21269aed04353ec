import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { freePort } from '../../src/runtime/free-port.ts';
import { findTemporal } from '../../src/runtime/temporal-binary.ts';
import { startTemporal } from '../../src/runtime/temporal-server.ts';
import { shared } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    /** The program itself, for tests that start a server of their own. */
    temporalProgram: string;
    /** The bundle of today's workflows; null while there are none. */
    workflowBundlePath: string | null;
  }
}

const WORKFLOWS = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

const temporal = shared('temporal', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-test-temporal-'));
  let saidAt = 0;
  const binary = await findTemporal({
    env: process.env,
    onProgress: ({ text }) => {
      if (Date.now() - saidAt < 15_000) return;
      saidAt = Date.now();
      console.log(text);
    },
  });
  const server = await startTemporal({
    program: binary.path,
    port: await freePort(),
    uiPort: null,
    databaseFile: null,
    logFile: path.join(folder, 'temporal.log'),
  });
  return {
    value: { address: server.address, program: binary.path, bundle: await bundle(folder) },
    close: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

async function bundle(folder: string): Promise<string | null> {
  if (!existsSync(WORKFLOWS)) return null;
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: quiet });
  const file = path.join(folder, 'workflow-bundle.js');
  writeFileSync(file, code);
  return file;
}

export async function setup(project: TestProject): Promise<void> {
  const { address, program, bundle: bundlePath } = await temporal.take();
  project.provide('temporalAddress', address);
  project.provide('temporalProgram', program);
  project.provide('workflowBundlePath', bundlePath);
}

export async function teardown(): Promise<void> {
  await temporal.leave();
}
