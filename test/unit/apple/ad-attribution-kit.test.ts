import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readApple } from '../../../src/sources/apple/read-apple.ts';
import { OWN_KEYS, signJws, values } from './signing.ts';
import { DEVELOPMENT_JWS } from './vectors.ts';

const PAYLOAD = {
  'postback-identifier': '4D2A9C10-7E3B-4F55-8A61-0B9C8D7E6F50',
  'ad-network-identifier': 'example.adattributionkit',
  'impression-type': 'app-impression',
  'source-identifier': '87',
  'advertised-item-identifier': 1234567890,
  'conversion-type': 'download',
  'did-win': true,
  'postback-sequence-index': 0,
} as const;

const judge = (jws: string, beside: Readonly<Record<string, string>> = {}) =>
  readApple(new Map(Object.entries({ 'jws-string': jws, ...beside })), { keys: OWN_KEYS });

describe('AdAttributionKit', () => {
  it("Apple's own sample verifies, under a development key: it never counts", () => {
    const outcome = readApple(values(DEVELOPMENT_JWS));
    expect(outcome).toMatchObject({
      kind: 'dev_signature',
      keyId: 'apple-development-identifier/1',
      signed: {
        postbackId: '85546EB7-FD39-44BC-8990-C98A4AC36A49',
        conversionType: 're-engagement',
        sourceIdentifier: '1234',
        sourceAppId: '0',
        others: { 'marketplace-identifier': 'com.apple.AppStore', 'impression-type': 'app-impression' },
      },
      unsigned: { fineValue: 24, interaction: 'click', countryCode: 'US', others: {} },
    });
  });

  it('a sample of which one character of the content is altered fails', () => {
    const sample = values(DEVELOPMENT_JWS).get('jws-string') ?? '';
    const [head = '', body = '', sign = ''] = sample.split('.');
    const altered = Buffer.from(body, 'base64url').toString().replace('"1234"', '"1235"');
    const jws = `${head}.${Buffer.from(altered).toString('base64url')}.${sign}`;
    expect(readApple(new Map([['jws-string', jws]])).kind).toBe('bad_signature');
  });

  it('counts under a production key, by conversion type', () => {
    const types = [
      ['download', 'install', 'install'],
      ['redownload', 'install', 'reinstall'],
      ['re-engagement', 're-engagement', 're-engagement'],
    ] as const;
    for (const [type, event, eventType] of types)
      expect(judge(signJws({ ...PAYLOAD, 'conversion-type': type }))).toMatchObject({
        kind: 'counts',
        event,
        eventType,
      });
  });

  it('a loser does not count, nor a development key whatever it says', () => {
    expect(judge(signJws({ ...PAYLOAD, 'did-win': false })).kind).toBe('not_winning');
    expect(judge(signJws(PAYLOAD, { kid: 'development', alg: 'ES256' })).kind).toBe('dev_signature');
  });

  it('the header never picks the algorithm, and an unknown key is not an invalid signature', () => {
    for (const alg of ['none', 'HS256', 'ES384', ''])
      expect(judge(signJws(PAYLOAD, { kid: 'production', alg })).kind).toBe('bad_signature');
    expect(judge(signJws(PAYLOAD, { kid: 'apple-cas-identifier/7', alg: 'ES256' }))).toMatchObject({
      kind: 'unverifiable',
      reason: 'unknown_key',
    });
    expect(judge(signJws(PAYLOAD, { kid: 'constructor', alg: 'ES256' })).kind).toBe('unverifiable');
  });

  it('a signature in DER is not one', () => {
    const [head = '', body = '', sign = ''] = signJws(PAYLOAD).split('.');
    const raw = Buffer.from(sign, 'base64url');
    const integer = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(2, 33, 0), bytes]);
    const der = Buffer.concat([Buffer.of(0x30, 70), integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
    expect(judge(`${head}.${body}.${sign}`).kind).toBe('counts');
    expect(judge(`${head}.${body}.${der.toString('base64url')}`).kind).toBe('bad_signature');
  });

  it('signed fields beside the JWS are additions, not facts', () => {
    expect(
      judge(signJws({ ...PAYLOAD, 'did-win': false }), { 'did-win': 'true', 'source-identifier': '9' }),
    ).toMatchObject({
      kind: 'not_winning',
      signed: { sourceIdentifier: '87' },
      unsigned: { others: { 'did-win': 'true', 'source-identifier': '9' } },
    });
  });

  it('signed content without a field, or with a type not known here, is kept and not counted', () => {
    const { 'did-win': _, ...without } = PAYLOAD;
    expect(judge(signJws(without))).toMatchObject({ reason: 'missing_field' });
    expect(judge(signJws({ ...PAYLOAD, 'conversion-type': 'rental' }))).toMatchObject({
      reason: 'malformed_field',
    });
    expect(judge(signJws('text')).kind).toBe('unverifiable');
    expect(judge(signJws([1, 2])).kind).toBe('unverifiable');
  });
});

describe('properties', () => {
  it('altering any one field of the content breaks the signature', () => {
    const [head = '', , sign = ''] = signJws(PAYLOAD).split('.');
    const names = fc.constantFrom(...Object.keys(PAYLOAD));
    fc.assert(
      fc.property(names, fc.jsonValue(), (name, value) => {
        const text = JSON.stringify({ ...PAYLOAD, [name]: value });
        fc.pre(text !== JSON.stringify(PAYLOAD));
        expect(judge(`${head}.${Buffer.from(text).toString('base64url')}.${sign}`).kind).toBe(
          'bad_signature',
        );
      }),
    );
  });

  it('never throws, whatever the JWS is', () => {
    const segment = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
      fc.constant(Buffer.from('{"alg":"ES256","kid":"production"}').toString('base64url')),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (parts) => {
        expect(judge(parts.join('.')).kind).toMatch(/bad_signature|unverifiable|not_apple/);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (payload) => {
        expect(judge(signJws(payload)).kind).toBe('unverifiable');
      }),
    );
  });
});
