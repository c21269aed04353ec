import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/outbound/destination.ts';
import { type Answer, judgeAnswer } from '../../../src/outbound/judge-answer.ts';
import { PRESETS, presetDestination } from '../../../src/outbound/presets.ts';
import { nextAskMs, nextAttemptMs, retryAfterMs } from '../../../src/outbound/retry.ts';
import { FORWARDING, HOMES, NOW, template } from './support.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FIRST = { attempts: 1, firstAtMs: NOW, nowMs: NOW };
const API = { ...FORWARDING, stages: 'approved' } as const;
const meta: Destination = {
  ...API,
  kind: 'meta',
  ...HOMES.meta,
  apiVersion: 'v26.0',
  pixelId: '1',
  actionSource: 'website',
  testEventCode: null,
};
const tiktok: Destination = {
  ...API,
  kind: 'tiktok',
  ...HOMES.tiktok,
  eventSource: 'web',
  eventSourceId: 'C',
  testEventCode: null,
};
const google: Destination = {
  ...API,
  kind: 'google',
  ...HOMES.google,
  accountId: '1',
  loginAccountId: null,
  eventSource: 'WEB',
};
const microsoft: Destination = {
  ...API,
  kind: 'microsoft',
  ...HOMES.microsoft,
  customerId: '1',
  accountId: '2',
};

const answer = (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: 'answer',
  status,
  headers,
  body,
});
const renewable = (destination: Destination): Destination => ({
  ...destination,
  secrets: { refresh_token: 'r', client_id: 'c', client_secret: 's' },
});
const judge = (destination: Destination, status: number, body: unknown = '') =>
  judgeAnswer(destination, answer(status, typeof body === 'string' ? body : JSON.stringify(body)), FIRST);

function preset(id: string): Destination {
  const found = PRESETS.find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  const settings = { domain: 'go.example.net', goal: '0'.repeat(32), param: 'sub1' };
  const made = presetDestination(found, { id, settings, secrets: {} });
  if (!made.ok) throw new Error(made.message);
  return made.destination;
}

describe('by status', () => {
  it.each([200, 201, 204, 299])('%i is delivered', (status) => {
    expect(judge(template(), status)).toEqual({
      kind: 'delivered',
      repeat: false,
      receipt: null,
      askAtMs: null,
    });
  });

  it.each([408, 429, 500, 502, 503, 599])('%i is tried again', (status) => {
    expect(judge(template(), status)).toMatchObject({ kind: 'retry', atMs: NOW + MINUTE_MS });
  });

  it.each([301, 302, 307, 400, 401, 403, 404, 410, 422])('%i is final', (status) => {
    expect(judge(template(), status)).toMatchObject({ kind: 'failed' });
  });

  it('the statuses that count can be set', () => {
    const only202 = template({ success: { statuses: [202], body: null } });
    expect(judge(only202, 202).kind).toBe('delivered');
    expect(judge(only202, 200).kind).toBe('failed');
    expect(judge(only202, 500).kind).toBe('retry');
  });

  it('no answer is tried again', () => {
    expect(judgeAnswer(template(), { kind: 'no_answer', why: 'timeout' }, FIRST)).toMatchObject({
      kind: 'retry',
      why: 'no answer (timeout)',
    });
  });
});

describe('by body', () => {
  it("TUNE's 200 with an error inside is a failure, its duplicate a delivery", () => {
    const tune = preset('tune');
    expect(judge(tune, 200, 'success=true;').kind).toBe('delivered');
    expect(judge(tune, 200, 'success=false; err_msg=Invalid transaction;')).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining('Invalid transaction'),
    });
    expect(judge(tune, 200, 'success=false; err_msg=Duplicate conversion;')).toMatchObject({
      kind: 'delivered',
      repeat: true,
    });
    expect(judge(tune, 503, 'Duplicate conversion').kind).toBe('retry');
  });

  it("ExoClick's OK and ERROR", () => {
    const exoclick = preset('exoclick');
    expect(judge(exoclick, 200, 'OK\n').kind).toBe('delivered');
    expect(judge(exoclick, 200, 'ERROR: Tag is invalid!').kind).toBe('failed');
    expect(judge(exoclick, 200, 'ERROR: This conversion has already been notified and saved.')).toMatchObject(
      {
        repeat: true,
      },
    );
    expect(judge(exoclick, 200, '').kind).toBe('failed');
  });

  it("Meta's code decides, not its status", () => {
    expect(judge(meta, 200, { events_received: 1, messages: [], fbtrace_id: 'Abc' })).toEqual({
      kind: 'delivered',
      repeat: false,
      receipt: 'Abc',
      askAtMs: null,
    });
    expect(judge(meta, 200, { events_received: 0 }).kind).toBe('failed');
    const error = (fields: object) => ({ error: { message: 'm', ...fields } });
    expect(judge(meta, 400, error({ code: 100, error_subcode: 2804003 }))).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining('100/2804003'),
    });
    expect(judge(meta, 400, error({ code: 4 })).kind).toBe('retry');
    expect(judge(meta, 400, error({ code: 80004 })).kind).toBe('retry');
    expect(judge(meta, 400, error({ code: 100, is_transient: true })).kind).toBe('retry');
    expect(judge(meta, 401, error({ code: 190 }))).toMatchObject({
      kind: 'failed',
      next: expect.stringContaining('token'),
    });
    expect(judge(meta, 502, '<html>').kind).toBe('retry');
  });

  it('TikTok says everything with status 200', () => {
    expect(judge(tiktok, 200, { code: 0, message: 'OK', request_id: 'r1' })).toMatchObject({ receipt: 'r1' });
    expect(judge(tiktok, 200, { code: 40002, message: 'bad' }).kind).toBe('failed');
    expect(judge(tiktok, 200, { code: 40100, message: 'slow down' }).kind).toBe('retry');
    expect(judge(tiktok, 200, { code: 51305 }).kind).toBe('retry');
    expect(judge(tiktok, 200, { code: 40105 })).toMatchObject({ next: expect.stringContaining('token') });
    expect(judge(tiktok, 200, '<html>').kind).toBe('failed');
    expect(judge(tiktok, 500, '').kind).toBe('retry');
  });

  it("Google's request id is kept; a token that ran out is no failure; its wait is obeyed", () => {
    expect(judge(google, 200, { requestId: 'q-1' })).toEqual({
      kind: 'delivered',
      repeat: false,
      receipt: 'q-1',
      askAtMs: NOW + 30 * MINUTE_MS,
    });
    expect(judge(google, 200, {}).kind).toBe('failed');
    expect(judge(renewable(google), 401, { error: { code: 401 } })).toMatchObject({
      kind: 'retry',
      freshToken: true,
    });
    // Nothing here can renew it: somebody must.
    expect(judge(google, 401, { error: { code: 401 } })).toMatchObject({
      kind: 'failed',
      next: expect.stringContaining('access token'),
    });
    expect(judge(google, 400, { error: { status: 'INVALID_ARGUMENT', message: 'bad' } })).toMatchObject({
      kind: 'failed',
      why: 'Google: INVALID_ARGUMENT bad',
    });
    expect(judge(google, 429, { error: { details: [{ retryDelay: '600s' }] } })).toMatchObject({
      kind: 'retry',
      atMs: NOW + 10 * MINUTE_MS,
    });
  });

  it("Microsoft's partial errors", () => {
    for (const none of [[], [null], null])
      expect(judge(microsoft, 200, { PartialErrors: none }).kind).toBe('delivered');
    expect(judge(microsoft, 200, '').kind).toBe('failed');
    expect(judge(microsoft, 200, { PartialErrors: [{ ErrorCode: 'X', Message: 'late' }] })).toMatchObject({
      kind: 'failed',
      why: 'Microsoft: X late',
    });
    const fault = (Code: number) => ({ Errors: [{ Code, ErrorCode: 'E', Message: 'm' }], TrackingId: 't' });
    for (const [status, body] of [
      [401, ''],
      [400, fault(109)],
      [500, fault(109)],
    ] as const)
      expect(judge(renewable(microsoft), status, body)).toMatchObject({ kind: 'retry', freshToken: true });
    expect(judge(microsoft, 400, fault(117))).toMatchObject({ kind: 'retry', freshToken: false });
    expect(judge(microsoft, 400, { OperationErrors: [{ Code: 207 }] }).kind).toBe('retry');
    expect(judge(microsoft, 500, fault(0)).kind).toBe('retry');
    expect(judge(microsoft, 400, fault(105))).toMatchObject({ kind: 'failed', why: 'Microsoft: E m' });
  });
});

describe('when', () => {
  it('after 1, 5, 15, 30 and 60 minutes, then hourly, for a day', () => {
    let now = NOW;
    const waits: number[] = [];
    for (let attempts = 1; attempts < 100; attempts += 1) {
      const at = nextAttemptMs({ attempts, firstAtMs: NOW, nowMs: now }, null);
      if (at === null) break;
      waits.push((at - now) / MINUTE_MS);
      now = at;
    }
    expect(waits.slice(0, 6)).toEqual([1, 5, 15, 30, 60, 60]);
    expect(now - NOW).toBeLessThanOrEqual(DAY_MS);
    expect(now - NOW).toBeGreaterThan(DAY_MS - 60 * MINUTE_MS);
  });

  it('a receiver may ask for longer, not for shorter, and not beyond the day', () => {
    const after = (seconds: string) =>
      judgeAnswer(template(), answer(503, '', { 'retry-after': seconds }), FIRST);
    expect(after('600')).toMatchObject({ atMs: NOW + 10 * MINUTE_MS });
    expect(after('1')).toMatchObject({ atMs: NOW + MINUTE_MS });
    expect(after('999999')).toMatchObject({ kind: 'given_up', why: expect.stringContaining('given up') });
  });

  it('reads seconds and dates', () => {
    expect(retryAfterMs('120', NOW)).toBe(120_000);
    expect(retryAfterMs(new Date(NOW + 5000).toUTCString(), NOW)).toBe(5000);
    expect(retryAfterMs('Wed, 01 Jan 2020 00:00:00 GMT', NOW)).toBe(0);
    expect(retryAfterMs('soon', NOW)).toBeNull();
    expect(retryAfterMs('-5', NOW)).toBeNull();
    expect(retryAfterMs(undefined, NOW)).toBeNull();
  });
});

it('never throws, and what is tried again is later than now and within a day of the first attempt', () => {
  const destinations = [template(), preset('tune'), meta, tiktok, google, microsoft];
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.json().map((text) => `{"error":${text}}`),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...destinations),
      fc.integer({ min: 0, max: 999 }),
      body,
      fc.string(),
      fc.integer({ min: 1, max: 200 }),
      fc.nat(3 * DAY_MS),
      (destination, status, text, after, attempts, elapsed) => {
        const history = { attempts, firstAtMs: NOW, nowMs: NOW + elapsed };
        const verdict = judgeAnswer(destination, answer(status, text, { 'retry-after': after }), history);
        if (verdict.kind === 'retry') {
          expect(verdict.atMs).toBeGreaterThan(history.nowMs);
          expect(verdict.atMs).toBeLessThanOrEqual(NOW + DAY_MS);
        }
      },
    ),
    { numRuns: 500 },
  );
});

it('a receiver that judges later is asked after half an hour, then each time a little later, for a day', () => {
  let nowMs = NOW;
  const minutes: number[] = [];
  for (let asks = 0; ; asks += 1) {
    const at = nextAskMs({ asks, acceptedAtMs: NOW, nowMs });
    if (at === null) break;
    minutes.push((at - NOW) / MINUTE_MS);
    nowMs = at;
  }
  expect(minutes.slice(0, 5).map((one) => Math.round(one))).toEqual([30, 69, 120, 180, 240]);
  expect(minutes.length).toBeLessThan(30);
  expect(minutes.at(-1)).toBeLessThanOrEqual(24 * 60);
});
