import { defineConfig } from 'vitest/config';

// Four kinds of test. Only the last three need servers: their global setup starts PostgreSQL once for the run, and
// Temporal where workflows run.
const recording = {
  test: {
    name: 'recording',
    sequence: { groupOrder: 2 },
    include: ['test/replay/*.recording.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/support/global-setup-temporal.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
};

export default defineConfig({
  test: {
    testTimeout: 15_000,
    hookTimeout: 60_000,
    projects: [
      // Nothing is shared: both processors of a small machine, and before the others, which share servers.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 15_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          // One PostgreSQL, a database of its own for each file.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      // Not part of a run: `npm run record-histories` asks for it by name and renews the fixtures of test/replay.
      ...(process.env['RECORD_HISTORIES'] === '1' ? [recording] : []),
      {
        test: {
          name: 'workflows',
          sequence: { groupOrder: 2 },
          include: ['test/workflows/**/*.test.ts', 'test/replay/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts', 'test/support/global-setup-temporal.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts', 'test/support/global-setup-temporal.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
