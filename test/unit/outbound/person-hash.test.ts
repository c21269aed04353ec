import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashedEmail, hashedPhone } from '../../../src/outbound/person-hash.ts';

describe('hashes of a person', () => {
  // Vectors of Meta's and TikTok's documents.
  it('of an e-mail address, whatever its case and the space around it', () => {
    const meta = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f';
    expect(hashedEmail('john_smith@gmail.com')).toBe(meta);
    expect(hashedEmail('  John_Smith@GMAIL.com\n')).toBe(meta);
    expect(hashedEmail('alice_abc@gmail.com')).toBe(
      '848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f',
    );
    expect(hashedEmail(meta.toUpperCase())).toBe(meta);
  });

  it('of a telephone number, with and without the plus sign', () => {
    const plus = '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd';
    for (const text of ['+12133734253', '+1 (213) 373-4253', '0012133734253'])
      expect(hashedPhone(text)?.plusSha256).toBe(plus);
    expect(hashedPhone('+12133734253')?.digitsSha256).not.toBe(plus);
  });

  it('not of a number without its country, nor of what is neither', () => {
    for (const text of [
      '0213 3734253',
      '2133734253',
      '+0213373425',
      '+1234',
      '+1234567890123456',
      'call me',
      '',
    ])
      expect(hashedPhone(text)).toBeNull();
    for (const text of ['', 'john', 'a@b@c', 'a b@c.d', 'ab12']) expect(hashedEmail(text)).toBeNull();
  });

  it('never throws and never gives back what came in', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress()), (text) => {
        const email = hashedEmail(text);
        if (email !== null) expect(email).toMatch(/^[0-9a-f]{64}$/);
        hashedPhone(text);
      }),
    );
  });
});
