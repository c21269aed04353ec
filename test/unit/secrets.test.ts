import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mask, maskUrl, open, seal } from '../../src/secrets.ts';

const key = Buffer.alloc(32, 1);

describe('secrets', () => {
  test('open again with the same key and context, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, context) => {
        expect(open(key, seal(key, secret, context), context)).toBe(
          Buffer.from(secret, 'utf8').toString('utf8'),
        );
      }),
    );
  });

  test('never look the same twice, and hold nothing readable', () => {
    expect(seal(key, 'token-123', 'a')).not.toEqual(seal(key, 'token-123', 'a'));
    expect(seal(key, 'token-123', 'a').toString('latin1')).not.toContain('token');
  });

  test('stay closed under another key, for another owner, or altered by one bit', () => {
    const sealed = seal(key, 'token-123', 'account-1');
    expect(() => open(Buffer.alloc(32, 2), sealed, 'account-1')).toThrow(
      /account-1 cannot be opened with this key/,
    );
    expect(() => open(key, sealed, 'account-2')).toThrow(
      expect.objectContaining({ code: 'secret_unreadable' }),
    );
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => open(key, altered, 'account-1')).toThrow(
        expect.objectContaining({ code: 'secret_unreadable' }),
      );
    }
    expect(() => open(key, Buffer.alloc(0), 'account-1')).toThrow(
      expect.objectContaining({ code: 'secret_unreadable' }),
    );
  });

  test('are masked where they are shown', () => {
    expect(mask('EAABsbCS1234567890')).toBe('EAAB…90');
    expect(mask('short')).toBe('…');
    expect(maskUrl('postgres://me:hunter2@db:5432/x')).toBe('postgres://me:…@db:5432/x');
    expect(maskUrl('postgres://db/x')).toBe('postgres://db/x');
  });
});
