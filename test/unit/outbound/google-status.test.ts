import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { googleStatusRequest, readGoogleStatus } from '../../../src/outbound/google-status.ts';
import { FORWARDING, HOMES } from './support.ts';

const state = (requestStatus: string, more: object = {}) =>
  readGoogleStatus(200, JSON.stringify({ requestStatusPerDestination: [{ requestStatus, ...more }] }));

describe('what Google made of a request is asked for by its receipt', () => {
  it('with the token in a header', () => {
    const destination = {
      ...FORWARDING,
      kind: 'google',
      ...HOMES.google,
      accountId: '1',
      loginAccountId: null,
      eventSource: 'WEB',
      secrets: { access_token: 'ya29' },
    } as const;
    expect(googleStatusRequest(destination, 'a/b=')).toEqual({
      method: 'GET',
      url: 'https://datamanager.googleapis.com/v1/requestStatus:retrieve?requestId=a%2Fb%3D',
      headers: { authorization: 'Bearer ya29' },
      body: null,
    });
  });

  it('and read: taken, still at it, refused with the reason, or not known', () => {
    expect(state('SUCCESS')).toEqual({ kind: 'confirmed', repeat: false });
    expect(state('PROCESSING')).toEqual({ kind: 'processing' });
    const errorInfo = { errorCounts: [{ reason: 'PROCESSING_ERROR_REASON_INVALID_GCLID' }] };
    for (const word of ['FAILED', 'FAILURE', 'PARTIAL_SUCCESS'])
      expect(state(word, { errorInfo })).toMatchObject({
        kind: 'refused',
        why: 'Google refused it later: INVALID_GCLID',
        next: expect.stringContaining('Correct'),
      });
    expect(state('SOMETHING_NEW').kind).toBe('unknown');
    expect(readGoogleStatus(200, '{}').kind).toBe('unknown');
    expect(readGoogleStatus(503, '').kind).toBe('unknown');
  });

  it('a conversion that it had already counts, a fault of its own is worth a replay', () => {
    const because = (...reasons: readonly string[]) =>
      state('FAILED', {
        errorInfo: { errorCounts: reasons.map((reason) => ({ recordCount: '1', reason })) },
      });
    expect(because('PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID')).toEqual({
      kind: 'confirmed',
      repeat: true,
    });
    expect(
      because('PROCESSING_ERROR_REASON_DUPLICATE_GCLID', 'PROCESSING_ERROR_REASON_NO_CONSENT').kind,
    ).toBe('refused');
    expect(because('PROCESSING_ERROR_REASON_INTERNAL_ERROR')).toMatchObject({
      kind: 'refused',
      next: expect.stringContaining('replay it'),
    });
    expect(because('PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER')).toMatchObject({
      why: 'Google refused it later: OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER',
    });
  });

  it('never throws', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"requestStatusPerDestination":[${text}]}`),
    );
    fc.assert(
      fc.property(body, (text) => {
        expect(readGoogleStatus(200, text).kind).not.toBe('confirmed');
      }),
    );
  });
});
