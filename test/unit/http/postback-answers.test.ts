import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { NewPostback } from '../../../src/db/postback-insert.ts';
import { answerStored } from '../../../src/http/postback-answers.ts';
import { acceptedRow } from '../../../src/http/postback-row.ts';
import { toInbound } from '../../../src/http/inbound.ts';
import { emptyParams, readPairs } from '../../../src/sources/params.ts';
import { readPostback } from '../../../src/sources/read-postback.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';

const NOW = Date.UTC(2026, 10, 6);

function answer(id: string, outcome: 'stored' | 'duplicate', query: string) {
  const profile = sourceProfile(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  const settings = { currency: 'USD' };
  const params = emptyParams();
  readPairs(query, params);
  const result = readPostback(params, { sourceId: 's', profile, settings, nowMs: NOW });
  if (!result.ok) throw new Error(result.refusal.message);
  const request = new IncomingMessage(new Socket());
  request.url = `/p/s?${query}`;
  const base = {
    inbound: toInbound(request, null, NOW),
    workspaceId: 'w',
    sourceId: 's',
    nowMs: NOW,
    secret: null,
  };
  const row: NewPostback = acceptedRow(base, result.reading);
  const response = new ServerResponse(request);
  let body = '';
  response.end = (text?: unknown) => {
    body = String(text);
    return response;
  };
  const source = {
    id: 's',
    workspaceId: 'w',
    profile,
    settings,
    keyHash: null,
    allows: null,
    signature: null,
  };
  answerStored(
    outcome === 'stored' ? { outcome } : { outcome, firstId: null },
    row,
    source,
    params,
    response,
  );
  return { status: response.statusCode, body };
}

it('an offerwall hears OK for a new conversion and DUP for a repeated message', () => {
  expect(answer('offerwall', 'stored', 'subid=u&transaction_id=1')).toEqual({ status: 200, body: 'OK' });
  expect(answer('offerwall', 'duplicate', 'subid=u&transaction_id=1')).toEqual({ status: 200, body: 'DUP' });
});

it('Keitaro hears what it asked for, others our own words', () => {
  expect(answer('keitaro', 'stored', 'subid=u&return=OK')).toEqual({ status: 200, body: 'OK' });
  expect(answer('generic', 'duplicate', 'click_id=u').status).toBe(409);
  expect(answer('generic', 'stored', 'click_id=u').body).toContain('"status":"accepted"');
});
