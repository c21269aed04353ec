import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/command.ts';
import { readPasted } from '../../../src/cli/postback-paste.ts';

describe('what is pasted into the debugger', () => {
  it('an address stays as it is, without the quotes around it', () => {
    expect(readPasted(' "https://t.example/p?a={b}" ').address).toBe('https://t.example/p?a={b}');
    expect(readPasted('{domain}/postback?cid={cid}').address).toBe('{domain}/postback?cid={cid}');
    expect(readPasted('hello world').address).toBe('hello world');
  });

  it('JSON is a body', () => {
    expect(readPasted('{"event":"open"}')).toEqual({ body: '{"event":"open"}', headers: {} });
  });

  it("a browser's copied curl: lines that go on, headers, a body in single quotes", () => {
    const pasted = readPasted(String.raw`curl 'https://t.example/p/shop?x=1' \
  -H 'Content-Type: application/json' \
  -H 'X-Signature: abc' \
  --compressed \
  --data-raw '{"name":"it'\''s","amount":"12.50"}'`);
    expect(pasted).toEqual({
      address: 'https://t.example/p/shop?x=1',
      body: '{"name":"it\'s","amount":"12.50"}',
      contentType: 'application/json',
      headers: { 'content-type': 'application/json', 'x-signature': 'abc' },
    });
  });

  it('options before the address, values attached to them, several data joined', () => {
    expect(readPasted('$ curl -sS -XPOST -o /dev/null -d a=1 --data b=2 --url=http://t.example/p')).toEqual({
      address: 'http://t.example/p',
      body: 'a=1&b=2',
      headers: {},
    });
    expect(readPasted('curl -G http://t.example/p?x=1 --data-urlencode "name=a b&c"').address).toBe(
      'http://t.example/p?x=1&name=a%20b%26c',
    );
    expect(readPasted(`curl --json '{"a":1}' http://t.example/p`)).toMatchObject({
      body: '{"a":1}',
      contentType: 'application/json',
    });
  });

  it('a curl without an address, or with a body in a file, says what is missing', () => {
    expect(() => readPasted('curl -v')).toThrow(UsageError);
    expect(() => readPasted('curl http://t.example -d @body.json')).toThrow(/@body.json names a file/);
  });

  it('a raw request and a line of an access log', () => {
    expect(
      readPasted(
        'POST /p/shop?x=1 HTTP/1.1\r\nHost: t.example\r\nContent-Type: application/json\r\n\r\n{"a":1}',
      ),
    ).toMatchObject({
      address: 'http://t.example/p/shop?x=1',
      body: '{"a":1}',
      contentType: 'application/json',
    });
    expect(readPasted('GET /p/shop?click_id=1').address).toBe('/p/shop?click_id=1');
    expect(
      readPasted(
        '203.0.113.9 - - [23/Nov/2026:20:43:19 +0000] "GET /p/shop?click_id=1 HTTP/1.1" 200 12 "-" "curl/8"',
      ).address,
    ).toBe('/p/shop?click_id=1');
  });
});
