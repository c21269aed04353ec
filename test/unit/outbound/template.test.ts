import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/core/money.ts';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import { checkTemplate } from '../../../src/outbound/check-template.ts';
import { fillUrl } from '../../../src/outbound/template.ts';
import { CONTEXT, conversion, template } from './support.ts';

const NO_RULES = { needed: [], keepEmpty: [] };
const build = (...args: Parameters<typeof template>) =>
  buildRequest(template(...args), conversion(), CONTEXT);

describe('a template', () => {
  it('becomes a request with each value encoded once', () => {
    expect(
      buildRequest(
        template(),
        conversion({ clickId: 'a b+c%2B/ü', txid: null, amountMicros: null }),
        CONTEXT,
      ),
    ).toMatchObject({
      kind: 'request',
      method: 'GET',
      url: 'https://partner.example.net/pb?cid=a%20b%2Bc%252B%2F%C3%BC&txid=01HCONV',
      body: null,
      idempotencyValue: '01HCONV',
    });
  });

  it('leaves out a parameter without value, keeps it empty where asked, sends nothing where it is needed', () => {
    const url = 'https://p.example.net/pb?a=1&ip={ip}&s={click.sub1}_x&e={event}';
    expect(build({ url })).toMatchObject({ url: 'https://p.example.net/pb?a=1&e=purchase' });
    expect(build({ url, keepEmpty: ['ip'] })).toMatchObject({
      url: 'https://p.example.net/pb?a=1&ip=&e=purchase',
    });
    expect(build({ url, needed: ['ip'] })).toMatchObject({ kind: 'skipped', reason: 'missing_value' });
    // A path has no way to leave a part out.
    expect(build({ url: 'https://p.example.net/{ip}/x' })).toMatchObject({ reason: 'missing_value' });
  });

  it('an amount of zero is sent, and no currency without an amount', () => {
    const url = 'https://p.example.net/pb?p={amount}&c={currency}';
    const zero = conversion({ amountMicros: micros(0) });
    expect(buildRequest(template({ url }), zero, CONTEXT)).toMatchObject({
      url: 'https://p.example.net/pb?p=0&c=USD',
    });
    expect(buildRequest(template({ url }), conversion({ amountMicros: null }), CONTEXT)).toMatchObject({
      url: 'https://p.example.net/pb',
    });
  });

  it('takes ids of networks, parameters of the click and secrets', () => {
    const url = 'https://p.example.net/pb?tag={network.tblci}&s={click.sub1}&key={secret.key}';
    const with3 = conversion({
      networkIds: new Map([['tblci', 'GiA_1-2']]),
      clickParams: new Map([['sub1', 'x']]),
    });
    expect(buildRequest(template({ url, secrets: { key: 's3&t' } }), with3, CONTEXT)).toMatchObject({
      url: 'https://p.example.net/pb?tag=GiA_1-2&s=x&key=s3%26t',
    });
  });

  it('an unfilled macro of the network is not passed on', () => {
    const url = 'https://p.example.net/pb?s={click.sub1}&e={event}';
    const unfilled = conversion({ clickParams: new Map([['sub1', '{{campaign.id}}']]) });
    expect(buildRequest(template({ url }), unfilled, CONTEXT)).toMatchObject({
      url: 'https://p.example.net/pb?e=purchase',
    });
  });

  it('posts a form or JSON, with headers that hold no line break', () => {
    const form = { kind: 'form', template: 'cid={click_id}&ip={ip}&v={amount}' } as const;
    expect(build({ method: 'POST', body: form })).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'cid=c0ffee&v=42.5',
    });
    const json = {
      kind: 'json',
      members: { cid: '{click_id}', ip: '{ip}', v: '{amount}', t: 'o {event}' },
    } as const;
    expect(
      build({
        method: 'POST',
        url: 'https://p.example.net/x',
        headers: { 'X-Key': 'Bearer {secret.k}' },
        secrets: { k: 'a\r\nb: c' },
        body: json,
      }),
    ).toMatchObject({
      headers: { 'x-key': 'Bearer ab: c', 'content-type': 'application/json' },
      body: '{"cid":"c0ffee","v":42.5,"t":"o purchase"}',
    });
  });

  it("says the status in the receiver's words", () => {
    const url = 'https://p.example.net/pb?s={status}';
    expect(build({ url, statusWords: { approved: 'sale' } })).toMatchObject({
      url: 'https://p.example.net/pb?s=sale',
    });
    expect(build({ url })).toMatchObject({ url: 'https://p.example.net/pb?s=approved' });
  });
});

describe('checking a template', () => {
  it.each([
    ['https://p.example.net/pb?cid=#s2#&payout=1', 'never sent'],
    ['https://p.example.net/pb?cid={{click_id}}', 'another product'],
    ['https://p.example.net/pb?cid=[subid]', 'another product'],
    ['https://p.example.net/pb?cid=${SUBID}', 'belongs to no macro'],
    ['https://p.example.net/pb?cid=${click_id}', 'belongs to no macro'],
    ['https://p.example.net/pb?cid={cl?Net}', 'belongs to no macro'],
    ['https://p.example.net/pb?cid=OPTIONAL', 'another product'],
    ['https://p.example.net/cpa/[cid]/1', 'another product'],
    ['https://p.example.net/pb?p={amount}¤cy={currency}', 'through HTML'],
    ['https://p.example.net/pb?p={amount}&amp;c={currency}', 'through HTML'],
    ['https://p.example.net/pb?a={click_id}&a={txid}', 'twice'],
    ['https://p.example.net/pb?cb=https://q.example.net/x?a={click_id}&b=2', 'unless it is encoded'],
    ['https://p.example.net/pb?cid={clickid}', 'No macro is called {clickid}'],
    ['https://{click_id}.example.net/pb', 'host is a macro'],
    ['https://{click.host}/pb', 'host is a macro'],
    ['https://user:pass@p.example.net/pb', 'password'],
    ['ftp://p.example.net/pb', 'http and https'],
    ['p.example.net/pb?cid={click_id}', 'not an address'],
  ])('%s is refused', (url, why) => {
    expect(
      checkTemplate(url)
        .map((problem) => problem.message)
        .join(' '),
    ).toContain(why);
    expect(build({ url })).toMatchObject({ kind: 'skipped', reason: 'bad_template' });
  });

  it('suggests what was meant', () => {
    expect(checkTemplate('https://p.example.net/pb?c={clickid}')[0]?.next).toContain('{click_id}');
  });

  it('knows macros in headers and bodies too', () => {
    expect(build({ headers: { a: '{nothing}' } })).toMatchObject({ reason: 'bad_template' });
    expect(build({ method: 'POST', body: { kind: 'form', template: 'a={nothing}' } })).toMatchObject({
      reason: 'bad_template',
    });
  });

  it('notices a needed parameter that nothing sends', () => {
    expect(build({ needed: ['order'] })).toMatchObject({ reason: 'bad_template' });
    expect(build({ needed: ['txid'] }).kind).toBe('request');
    const body = { kind: 'json', members: { order: '{txid}' } } as const;
    expect(build({ method: 'POST', body, needed: ['order'] }).kind).toBe('request');
  });

  it('finds nothing wrong with a good one', () => {
    expect(
      checkTemplate('https://p.example.net:8443/pb/{event}?a={click_id}&b=x{amount}&c={click.sub_1}'),
    ).toEqual([]);
  });
});

describe('properties', () => {
  it('whatever the value, the receiver decodes exactly it, once, and the other parameters are untouched', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        const url = 'https://p.example.net/pb?first=1&v={click.v}&last=2';
        const filled = fillUrl(url, new Map([['click.v', value]]), NO_RULES);
        if (!filled.ok) throw new Error('a path without macros cannot miss one');
        const params = new URL(filled.text).searchParams;
        expect([...params.keys()].filter((name) => name !== 'v')).toEqual(['first', 'last']);
        const sent = params.get('v');
        if (sent !== null) expect(sent).toBe(value);
        expect(filled.text).not.toContain('{');
      }),
    );
  });

  it('never throws and never sends a brace that the template opened, whatever the template is', () => {
    const piece = fc.constantFrom(
      '{click_id}',
      '{ip}',
      '{',
      '}',
      '?',
      '&',
      '=',
      '#',
      '%',
      'https://h.example/',
      'a',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, fc.string({ unit: 'binary' }), (url, value) => {
        const result = buildRequest(template({ url }), conversion({ clickId: value }), CONTEXT);
        if (result.kind === 'request') expect(result.url).not.toMatch(/\{[a-z_]+\}/);
      }),
      { numRuns: 500 },
    );
  });
});
