import { expect, test } from 'vitest';
import { checkTemporal } from '../../src/runtime/check-temporal.ts';
import { freePort } from '../../src/runtime/free-port.ts';
import { testTemporal } from '../support/temporal.ts';

test('a Temporal server that answers is fine', async () => {
  const { address, namespace } = testTemporal();
  await expect(checkTemporal({ address, namespace, apiKey: null })).resolves.toBeUndefined();
});

test('an unknown namespace is named, with the way to make it', async () => {
  const { address } = testTemporal();
  await expect(checkTemporal({ address, namespace: 'bids', apiKey: null })).rejects.toMatchObject({
    code: 'temporal_namespace',
    message: expect.stringContaining('has no namespace bids'),
    next: expect.stringContaining('TEMPORAL_NAMESPACE'),
  });
});

test('an address where nothing answers is named, with its setting', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expect(checkTemporal({ address, namespace: 'default', apiKey: null })).rejects.toMatchObject({
    code: 'temporal_unreachable',
    message: expect.stringContaining(address),
    next: expect.stringContaining('TEMPORAL_ADDRESS'),
  });
});
