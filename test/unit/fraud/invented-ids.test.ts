import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardcodedId, inventedTxids } from '../../../src/core/fraud/invented-ids.ts';

describe('invented transaction ids', () => {
  it('count up', () => {
    const ids = Array.from({ length: 30 }, (_, i) => `tx-${1000 + i}`);
    expect(inventedTxids(ids)?.text).toBe('29 of 29 transaction ids are the one before plus 1');
  });

  it('are not the stages of a click, numbered 1, 2, 3', () => {
    expect(inventedTxids(Array.from({ length: 60 }, (_, i) => String(1 + i)))).toBeNull();
  });

  it('are long and made of one character', () => {
    const ids = Array.from({ length: 20 }, (_, i) => 'a'.repeat(10 + i));
    expect(inventedTxids(ids)?.text).toBe(
      '20 transaction ids have 0.0 bits per character on average; random digits have 3.3',
    );
  });

  it('are not random ones, nor a busy shop that skips numbers, nor few', () => {
    const random = Array.from({ length: 40 }, (_, i) => hash('sha256', `order ${i}`).slice(0, 12));
    expect(inventedTxids(random)).toBeNull();
    expect(inventedTxids(Array.from({ length: 50 }, (_, i) => `${10_000 + 7 * i}`))).toBeNull();
    expect(inventedTxids(Array.from({ length: 19 }, (_, i) => `tx-${1000 + i}`))).toBeNull();
  });

  it('are judged without throwing, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 60 }),
        (ids) => void inventedTxids(ids),
      ),
    );
  });
});

describe('one click id pasted into a template', () => {
  const use = (txids: number, devices: number, addresses: number, followUps = 0) =>
    hardcodedId({ clickId: 'test123', txids, devices, addresses, followUps });

  it('is seen from three devices or addresses on, or three transaction ids of nobody known', () => {
    expect(use(3, 3, 3)?.text).toBe(
      `click id "test123" came with 3 transaction ids, 3 devices, 3 addresses: check whether the sender's template has its macro there`,
    );
    for (const found of [use(0, 3, 0), use(0, 0, 3), use(3, 0, 0), use(3, 2, 0)])
      expect(found?.signal).toBe('hardcoded_id');
  });

  it("is not a subscriber's renewals, on one device", () => {
    expect(use(12, 1, 1)).toBeNull();
    expect(use(12, 1, 0)).toBeNull();
    expect(use(12, 0, 0, 10)).toBeNull();
    expect(use(12, 0, 0, 9)).not.toBeNull();
    expect(use(2, 2, 2)).toBeNull();
  });
});
