import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import { attemptLine, maskSecrets } from '../../../src/outbound/mask.ts';
import { CONTEXT, conversion, template } from './support.ts';

const secrets = { token: 'p+s/1 2"3', short: 'p+s' };

describe('what is kept of a delivery', () => {
  it('has no secret in it, in no form it was sent or answered in', () => {
    const url = 'https://p.example.net/pb?key={secret.token}&e={event}';
    const request = buildRequest(template({ url, secrets }), conversion(), CONTEXT);
    if (request.kind === 'skipped') throw new Error(request.message);
    expect(request.url).toContain('p%2Bs%2F1%202%223');
    const body = `denied for p+s/1 2"3 (${JSON.stringify({ key: secrets.token })}), p%2Bs%2F1+2%223`;
    const line = attemptLine(request, { kind: 'answer', status: 403, headers: {}, body }, secrets);
    expect(line).toEqual({
      method: 'GET',
      url: 'https://p.example.net/pb?key=[token]&e=purchase',
      status: 403,
      body: 'denied for [token] ({"key":"[token]"}), [token]',
    });
  });

  it('is cut after it was masked, and can be stored as text', () => {
    const request = buildRequest(template({ secrets }), conversion(), CONTEXT);
    if (request.kind === 'skipped') throw new Error(request.message);
    const body = `${'x'.repeat(1020)}p+s/1 2"3\0`;
    const line = attemptLine(request, { kind: 'answer', status: 200, headers: {}, body }, secrets);
    expect(line.body).toBe(`${'x'.repeat(1020)}[tok`);
    const broken = attemptLine(
      request,
      { kind: 'answer', status: 200, headers: {}, body: 'a\0\ud800' },
      secrets,
    );
    expect(broken.body).toBe('a\ufffd');
  });

  it('a name means itself, whatever signs it has', () => {
    expect(maskSecrets('a=s3cret', { "$&$'": 's3cret' })).toBe("a=[$&$']");
  });

  it('no secret survives, wherever it stands', () => {
    const secret = fc
      .string({ minLength: 4, unit: 'grapheme-ascii' })
      .filter((text) => !'[name]'.includes(text));
    fc.assert(
      fc.property(secret, fc.array(fc.string()), (value, texts) => {
        expect(maskSecrets(texts.join(value), { name: value })).not.toContain(value);
      }),
    );
  });
});
