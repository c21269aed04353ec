import { expect, inject, test } from 'vitest';
import { answers } from '../../src/runtime/temporal-server.ts';

test('the run has a real Temporal server', async () => {
  expect(await answers(inject('temporalAddress'), 'default')).toBe(true);
  expect(await answers(inject('temporalAddress'), 'no-such-namespace')).toBe(false);
});
