import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { hashedUser, readAddress, readConsent, readCountry } from '../../../src/sources/person.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it('an e-mail address in any case and its own hash are one user; other ids keep their case', () => {
  expect(hashedUser('Ann@Example.com')?.toString('hex')).toBe(sha256('ann@example.com'));
  expect(hashedUser(sha256('ann@example.com').toUpperCase())?.toString('hex')).toBe(
    sha256('ann@example.com'),
  );
  expect(hashedUser('User7')?.toString('hex')).toBe(sha256('User7'));
  expect([hashedUser(undefined), hashedUser('')]).toEqual([null, null]);
});

it('a country is two letters, an address one address', () => {
  expect(['de', 'US', 'Germany', 'd1', '', undefined].map(readCountry)).toEqual([
    'DE',
    'US',
    null,
    null,
    null,
    null,
  ]);
  expect(
    ['203.0.113.9', '2001:db8::1', 'fe80::1%eth0', '203.0.113.0/24', '203.0.113.9, 10.0.0.1', 'x'].map(
      readAddress,
    ),
  ).toEqual(['203.0.113.9', '2001:db8::1', null, null, null, null]);
});

it('consent is yes, no or not said', () => {
  expect(['1', 'TRUE', 'granted', 'CONSENT_GRANTED'].map(readConsent)).toEqual([true, true, true, true]);
  expect(['0', 'False', 'denied', 'CONSENT_DENIED'].map(readConsent)).toEqual([false, false, false, false]);
  expect(['', 'maybe', 'unspecified', undefined].map(readConsent)).toEqual([null, null, null, null]);
});
