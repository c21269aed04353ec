import { createHash, createHmac, hash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSource, signatureContext } from '../../src/db/sources.ts';
import { seal } from '../../src/secrets.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { KEY, MARKET_MS, seedTracking, startTestServer, type TestServer } from '../support/tracking.ts';

const SECRET = 'a-secret-shared-with-the-wall';
const secretKey = randomBytes(32);
let database: TestDatabase;
let server: TestServer;

async function source(
  id: string,
  profile: string,
  settings: Record<string, unknown>,
  options: { sealedWith?: Buffer; key?: string } = {},
): Promise<void> {
  await addSource(database.db, {
    id,
    workspaceId: 'w1',
    profile,
    name: id,
    key: options.key ?? null,
    secretKey,
    settings,
    signatureSealed: seal(options.sealedWith ?? secretKey, SECRET, signatureContext(id)),
    nowMs: MARKET_MS,
  });
}

beforeAll(async () => {
  database = await testDatabase();
  await seedTracking(database.db);
  await source('wall', 'offerwall', {
    signature: { param: 'sig', algorithm: 'md5', formula: '{user_id}{transaction_id}{payout}{secret}' },
  });
  await source(
    'signed',
    'generic',
    { signature: { param: 'x_sign', algorithm: 'hmac-sha256', formula: '{click_id}:{data.amount}' } },
    { key: KEY },
  );
  await source(
    'stranded',
    'generic',
    { signature: { param: 'sig', algorithm: 'md5', formula: '{click_id}{secret}' } },
    { sealedWith: randomBytes(32) },
  );
  const hmac = { algorithm: 'hmac-sha256' };
  await source('hooked', 'generic', {
    signature: { ...hmac, param: 'x-signature', in: 'header', over: 'body' },
  });
  await source('addressed', 'generic', { signature: { ...hmac, param: 'hash', over: 'url' } });
  await source('headed', 'generic', {
    signature: { ...hmac, param: 'x-sign', in: 'header', over: 'url' },
  });
  await source('listed', 'generic', { addresses: ['198.51.100.0/24', '2001:db8::7'] });
  await source('tokened', 'affise', { keyParam: 'secure' }, { key: KEY });
  server = await startTestServer(database.url, { secretKey });
});

afterAll(async () => {
  await server.close();
  await database.drop();
});

async function call(path: string, init?: RequestInit) {
  const response = await fetch(`${server.base}${path}`, init);
  return { status: response.status, text: await response.text() };
}

/** The newest request of a source as it stands in the table. */
async function newest(sourceId: string) {
  return await database.db
    .selectFrom('postback')
    .selectAll()
    .where('source_id', '=', sourceId)
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
}

describe('a sender that signs', () => {
  // As offerwalls write their formula down: md5(user + transaction + payout + secret), in hex.
  const signed = (user: string, transaction: string, payout: string) =>
    `user_id=${user}&transaction_id=${transaction}&payout=${payout}&sig=${createHash('md5')
      .update(`${user}${transaction}${payout}${SECRET}`)
      .digest('hex')}`;

  it('is believed with its signature, and answered in its words', async () => {
    expect(await call(`/p/wall?${signed('u7', 'tx-1', '0.50')}`)).toEqual({ status: 200, text: 'OK' });
    expect(await newest('wall')).toMatchObject({ outcome: 'accepted', device_id: 'u7', txid: 'tx-1' });
    expect(await call(`/p/wall?${signed('u7', 'tx-1', '0.50')}`)).toEqual({ status: 200, text: 'DUP' });
  });

  it('is refused with any part altered, and without a signature; each leaves its row', async () => {
    const altered = await call(`/p/wall?${signed('u7', 'tx-2', '0.50').replace('0.50', '50.00')}`);
    expect([altered.status, JSON.parse(altered.text)]).toMatchObject([401, { reason: 'bad_signature' }]);
    expect(await newest('wall')).toMatchObject({ outcome: 'refused', reason: 'bad_signature', txid: null });
    const bare = await call('/p/wall?user_id=u7&transaction_id=tx-3&payout=1');
    expect([bare.status, JSON.parse(bare.text)]).toMatchObject([401, { reason: 'signature_missing' }]);
    expect(await newest('wall')).toMatchObject({ outcome: 'refused', reason: 'signature_missing' });
    // What was refused took nobody's place: the right message still counts.
    expect((await call(`/p/wall?${signed('u7', 'tx-2', '0.50')}`)).text).toBe('OK');
  });

  it('may sign with an HMAC over fields of its JSON, in base64, beside its key', async () => {
    const signature = createHmac('sha256', SECRET).update('C9:12.5').digest('base64');
    const body = (amount: string) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-bidloop-key': KEY },
      body: `{"click_id":"C9","amount":${amount},"data":{"amount":${amount}},"x_sign":"${signature}"}`,
    });
    expect((await call('/p/signed', body('12.5'))).status).toBe(200);
    expect((await call('/p/signed', body('99.9'))).status).toBe(401);
    expect(await newest('signed')).toMatchObject({ reason: 'bad_signature' });
    // The key alone is not enough, nor the signature alone.
    expect((await call(`/p/signed?key=${KEY}&click_id=C9&amount=1`)).status).toBe(401);
    expect((await call(`/p/signed?click_id=C9&x_sign=${encodeURIComponent(signature)}`)).status).toBe(401);
    expect(await newest('signed')).toMatchObject({ reason: 'wrong_key' });
  });

  it('whose secret cannot be opened here is asked to come again, and never believed', async () => {
    const sig = hash('md5', `C1${SECRET}`, 'hex');
    const answer = await call(`/p/stranded?click_id=C1&sig=${sig}`);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([503, { reason: 'signature_unchecked' }]);
    expect(await newest('stranded')).toMatchObject({ outcome: 'refused', reason: 'signature_unchecked' });
  });

  const hmac = (text: string) => createHmac('sha256', SECRET).update(text);

  it('may sign its raw body, in a header: one byte more is another message', async () => {
    const body = '{"click_id": "H1",  "amount": 12.50}';
    const post = (headers: Record<string, string>, text = body) =>
      call('/p/hooked', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: text,
      });
    expect((await post({ 'X-Signature': hmac(body).digest('hex') })).status).toBe(200);
    expect(await newest('hooked')).toMatchObject({ outcome: 'accepted', click_id: 'H1' });
    // What it names its algorithm by, and base64.
    const other = body.replace('H1', 'H2');
    expect((await post({ 'x-signature': `sha256=${hmac(other).digest('base64')}` }, other)).status).toBe(200);
    // The same fields in other bytes are not what was signed.
    const spaced = await post({ 'x-signature': hmac(body).digest('hex') }, `${body} `);
    expect([spaced.status, JSON.parse(spaced.text)]).toMatchObject([401, { reason: 'bad_signature' }]);
    const bare = await post({});
    expect([bare.status, JSON.parse(bare.text)]).toMatchObject([
      401,
      { reason: 'signature_missing', message: expect.stringContaining('the header x-signature') },
    ]);
    // A parameter of that name is no header.
    expect((await call(`/p/hooked?click_id=H3&x-signature=${hmac('').digest('hex')}`)).status).toBe(401);
  });

  it('may sign the whole address without the signature, whichever scheme and host it wrote', async () => {
    const address = (base: string, hash: string) =>
      `/p/addressed?click_id=U1&amount=5${hash}&note=a%20b+c`.replace('U1', base.length.toString());
    const sent = async (base: string, headers: Record<string, string> = {}) => {
      const hash = hmac(`${base}${address(base, '')}`).digest('hex');
      return (await call(address(base, `&hash=${hash}`), { headers })).status;
    };
    expect(await sent(server.base)).toBe(200);
    expect(await sent(server.base.replace('http:', 'https:'))).toBe(200);
    expect(await sent('https://bids.example.com', { 'x-forwarded-host': 'bids.example.com' })).toBe(200);
    expect(await sent('https://elsewhere.example.com')).toBe(401);
    const hash = hmac(`${server.base}/p/addressed?click_id=U9&amount=5`).digest('hex');
    expect((await call(`/p/addressed?click_id=U9&amount=50&hash=${hash}`)).status).toBe(401);
    expect((await call(`/p/addressed?hash=${hash}&click_id=U9&amount=5`)).status).toBe(200);
    const headed = '/p/headed?click_id=U1';
    const header = { 'x-sign': hmac(`${server.base}${headed}`).digest('hex') };
    expect((await call(headed, { headers: header })).status).toBe(200);
    expect((await call(`${headed}&amount=1`, { headers: header })).status).toBe(401);
  });

  it('leaves its secret in no row', async () => {
    const rows = await database.db.selectFrom('postback').select(['raw', 'detail']).execute();
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) expect(`${row.raw.toString()} ${row.detail}`).not.toContain(SECRET);
  });
});

it('only listed addresses may send, as the proxy of this machine names them', async () => {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': `203.0.113.1, ${address}` } });
  expect((await call('/p/listed?click_id=L1', from('198.51.100.77'))).status).toBe(200);
  expect((await call('/p/listed?click_id=L2', from('2001:db8::7'))).status).toBe(200);
  const other = await call('/p/listed?click_id=L3', from('198.51.101.1'));
  expect([other.status, JSON.parse(other.text)]).toMatchObject([403, { reason: 'address_not_allowed' }]);
  expect(await newest('listed')).toMatchObject({ outcome: 'refused', reason: 'address_not_allowed' });
  expect((await call('/p/listed?click_id=L4')).status).toBe(403);
});

it('a key may come under the name the sender has for it, and is masked there', async () => {
  expect((await call(`/p/tokened?clickid=T1&secure=${KEY}`)).status).toBe(200);
  const odd = KEY.replace('k', '%6B');
  expect((await call(`/p/tokened?clickid=T2&secure=${odd}`)).status).toBe(200);
  const raw = (await newest('tokened')).raw.toString();
  expect(raw).toBe('GET /p/tokened?clickid=T2&secure=key:tokened\n\n');
  expect((await call('/p/tokened?clickid=T3&secure=wrong-one')).status).toBe(401);
  expect((await newest('tokened')).raw.toString()).not.toContain('wrong-one');
});
