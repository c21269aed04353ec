import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownMark } from '../../src/own-addresses.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { testForwarder } from '../support/forwarder.ts';
import { addClick, addPostback, type SeededAccount, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let database: TestDatabase;
let cli: Cli;
let closed: Cli;
let receiver: Receiver;
let shop: SeededAccount;
let fixture: IngestFixture;
beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url, { BIDLOOP_OUTBOUND_ALLOW: '127.0.0.1/32' });
  closed = testCli(database.url);
  receiver = await startReceiver();
  fixture = new IngestFixture(database.db);
  shop = await fixture.fresh({ name: 'shop' });
});
afterAll(async () => {
  cli.remove();
  closed.remove();
  await receiver.close();
  await database.drop();
});

async function purchase(): Promise<void> {
  const clickId = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
  await addPostback(database.db, shop, { atMs: T0 + 1_000, clickId, amount: 12.5, key: `order ${clickId}` });
  await fixture.drain();
}

/** What the worker would do now; the clock of this workspace is the wall's. */
const pass = () =>
  testForwarder(database.db, shop.workspaceId, { secretKey: cli.secretKey, nowMs: Date.now() }).pass();

describe('from a destination to its log', () => {
  it('test shows, test --send sends, forward shows what came back and replays a failure once', async () => {
    const url = `${receiver.url}/pb?c={click_id}&a={amount}&t={secret.tok}`;
    expect((await closed.run(['destination', 'add', 'url', url, '--as', 'back'])).err).toContain(
      'BIDLOOP_OUTBOUND_ALLOW',
    );
    await purchase();
    const added = await cli.run(
      ['destination', 'add', 'url', url, '--as', 'back', '--name', 'Backend', '--secret', 'tok'],
      {
        SECRET_TOK: 'h1dden',
      },
    );
    expect(added).toMatchObject({ code: 0 });

    const shown = await cli.run(['destination', 'test', 'back']);
    expect(shown.out).toMatch(/GET .*\/pb\?c=\w+&a=12\.5&t=\[tok\]/);
    expect(receiver.requests).toHaveLength(0);
    receiver.answerNext({ status: 403, body: 'no h1dden here' });
    expect(await cli.json(['destination', 'test', 'back', '--send'])).toMatchObject({
      sent: true,
      status: 403,
      answer: 'no [tok] here',
      verdict: 'failed',
    });
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]?.url).toContain('t=h1dden');

    // What was there before the destination is not told; what comes is.
    await purchase();
    await purchase();
    receiver.answerNext({ status: 400, body: 'bad h1dden' }, { status: 400, body: 'bad' });
    expect(await pass()).toMatchObject({ failed: 2, sent: 0 });
    const failed = await cli.run(['forward', 'list', '--failed', '--since', '3000d']);
    expect(failed.out).toContain('2 failed (refused)');
    expect((await cli.run(['status'])).out).toContain('back: 2 postbacks failed in the last day (refused)');
    const listed = (await cli.json(['forward', 'list', '--since', '3000d'])) as {
      forwards: { id: string }[];
    };
    const id = listed.forwards[0]?.id ?? '';
    const log = await cli.run(['forward', 'show', id]);
    expect(log.out).toMatch(/attempt 1: status 400/);
    expect(log.out).toContain('t=[tok]');
    expect(failed.out + log.out + JSON.stringify(listed)).not.toContain('h1dden');

    const replayed = await cli.run(['forward', 'replay', '--failed', '--since', '3000d']);
    expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('2 of 2 go out once more') });
    expect(replayed.err).toContain('within five minutes');
    expect((await cli.run(['forward', 'replay', '--failed', '--since', '3000d'])).out).toContain(
      'Nothing failed',
    );
    expect(await pass()).toMatchObject({ sent: 2 });
    expect(receiver.requests).toHaveLength(5);
    // Delivered: once more is refused.
    expect(await cli.json(['forward', 'replay', id])).toMatchObject({
      replayed: [],
      left: [{ id, state: 'sent' }],
    });
    expect(await pass()).toMatchObject({ sent: 0 });
    expect((await cli.run(['destination', 'list'])).out).toContain('2 sent');
    // What was not sent is counted, and listed when asked for; each destination has its line.
    await cli.run(
      [
        'destination',
        'add',
        'microsoft',
        '--as',
        'ms',
        '--set',
        'accountId=1',
        '--set',
        'customerId=2',
        '--secret',
        'developer_token',
        '--secret',
        'access_token',
      ],
      {
        SECRET_DEVELOPER_TOKEN: 'd',
        SECRET_ACCESS_TOKEN: 'a',
      },
    );
    await purchase();
    expect(await pass()).toMatchObject({ sent: 1, notSent: 1 });
    const everything = await cli.run(['forward', 'list', '--since', '3000d']);
    expect(everything.out).toMatch(/^back: 3 sent$\nms: 1 not sent \(missing_value\)$/m);
    expect(everything.out).not.toContain('msclkid');
    expect(everything.out).toContain('Why 1 was not sent: --state not_sent');
    const unsent = await cli.run(['forward', 'list', '--since', '3000d', '--state', 'not_sent']);
    expect(unsent.out).toContain('this click has none');
    await cli.run(['destination', 'remove', 'ms']);
  });

  it('test signs in for an access token, and only to send; a click of another network is passed over', async () => {
    const { url } = receiver;
    const secrets = ['refresh_token', 'client_id', 'client_secret'].flatMap((name) => ['--secret', name]);
    const args = ['--set', 'accountId=1', '--set', `baseUrl=${url}`, '--set', `tokenUrl=${url}/token`];
    const added = await cli.run(['destination', 'add', 'google', '--as', 'ggl', ...args, ...secrets], {
      SECRET_REFRESH_TOKEN: 'one-refresh',
      SECRET_CLIENT_ID: 'two-client',
      SECRET_CLIENT_SECRET: 'three-secret',
    });
    expect(added).toMatchObject({ code: 0, err: '' });
    expect((await cli.run(['destination', 'test', 'ggl'])).err).toContain('none of the newest 200');
    const clickId = await addClick(database.db, shop, { atMs: T0, ad: 'a1', params: { gclid: 'Cj0K' } });
    await addPostback(database.db, shop, { atMs: T0 + 1_000, clickId, amount: 5, key: 'by google' });
    await fixture.drain();
    await purchase();
    const from = receiver.requests.length;
    const shown = await cli.run(['destination', 'test', 'ggl']);
    expect(shown.out).toContain('"adIdentifiers":{"gclid":"Cj0K"}');
    expect(shown.out).toContain('authorization: Bearer [access_token]');
    expect(receiver.requests).toHaveLength(from);
    receiver.answerNext({ body: '{"access_token":"ya29-x"}' }, { body: '{"requestId":"req-1 ya29-x"}' });
    const sent = await cli.run(['destination', 'test', 'ggl', '--send']);
    expect(sent.out).toContain('Taken; it is judged later');
    expect(receiver.requests[from + 1]?.headers.authorization).toBe('Bearer ya29-x');
    receiver.answerNext({ status: 400, body: '{"error":"invalid_grant one-refresh"}' });
    const refused = await cli.run(['destination', 'test', 'ggl', '--send']);
    expect(refused.err).toMatch(/invalid_grant.*Sign in anew/s);
    expect(shown.out + sent.out + refused.err).not.toMatch(/ya29-x|one-refresh|three-secret/);
    expect((await cli.run(['destination', 'remove', 'ggl'])).code).toBe(0);
  });

  it('test --send to a receiver that hangs ends after five seconds and says what would come of it', async () => {
    receiver.answerNext({ hang: true });
    const run = await cli.run(['destination', 'test', 'back', '--send'], { SECRET_TOK: 'h1dden' });
    expect(run.out).toContain('no answer after 5');
    expect(run.out).toContain('It would be tried again: no answer (nothing within 5 s).');
    expect(run.out + run.err).not.toContain('h1dden');
  }, 15_000);

  it('what Google judges later is shown as awaited, refused with its words, replayed, and given up with its destination', async () => {
    const args = ['--set', 'accountId=1', '--set', `baseUrl=${receiver.url}`, '--secret', 'access_token'];
    const added = await cli.run(['destination', 'add', 'google', '--as', 'later', ...args], {
      SECRET_ACCESS_TOKEN: 'ya29-hidden',
    });
    expect(added).toMatchObject({ code: 0, err: '' });
    await cli.run(['destination', 'set', 'back', '--disable']);
    const clickId = await addClick(database.db, shop, { atMs: T0, ad: 'a1', params: { gclid: 'Cj0K' } });
    await addPostback(database.db, shop, { atMs: T0 + 1_000, clickId, amount: 5, key: 'judged' });
    await fixture.drain();
    const forwarder = testForwarder(database.db, shop.workspaceId, {
      secretKey: cli.secretKey,
      nowMs: Date.now(),
    });
    const status = (requestStatus: string, errorInfo: object = {}) => ({
      body: JSON.stringify({ requestStatusPerDestination: [{ requestStatus, errorInfo }] }),
    });
    receiver.answerNext({ body: '{"requestId":"req-1"}' });
    expect(await forwarder.pass()).toMatchObject({ sent: 1, awaited: 1 });
    const awaited = await cli.run(['forward', 'list', '--awaited', '--since', '3000d']);
    expect(awaited.out).toMatch(/^In the last 3000d: 1 sent, verdict awaited$/m);
    expect(awaited.out).toMatch(/sent, verdict awaited, asked next 20/);
    const [one] = (
      (await cli.json(['forward', 'list', '--awaited', '--since', '3000d'])) as {
        forwards: { id: string; receipt: string; verdict: string; nextAskAt: string }[];
      }
    ).forwards;
    expect(one).toMatchObject({
      receipt: 'req-1',
      verdict: 'awaited',
      nextAskAt: expect.stringMatching(/^20/),
    });
    const id = one?.id ?? '';
    expect(await cli.json(['forward', 'replay', id])).toMatchObject({ replayed: [] });

    const reason = 'PROCESSING_ERROR_REASON_NO_CONSENT';
    receiver.answerNext(
      status('PROCESSING'),
      status('FAILED', { errorCounts: [{ recordCount: '1', reason }] }),
    );
    forwarder.later(30);
    await forwarder.pass();
    forwarder.later(39);
    expect(await forwarder.pass()).toMatchObject({ failed: 1, awaited: 0 });
    const shown = await cli.run(['forward', 'show', id]);
    expect(shown.out).toContain('failed: Google refused it later: NO_CONSENT.');
    expect(shown.out).toMatch(
      /asked what became of it, time 1: status 200 after \d+ ms, awaited: it is still at it/,
    );
    expect(shown.out).toMatch(
      /time 2: status 200 after \d+ ms, refused: Google refused it later: NO_CONSENT/,
    );
    expect(shown.out).toContain('/v1/requestStatus:retrieve?requestId=req-1');
    expect((await cli.run(['forward', 'list', '--failed', '--since', '3000d'])).out).toContain(
      '1 failed (refused_later)',
    );

    expect((await cli.run(['forward', 'replay', id])).out).toContain('1 of 1 goes out once more');
    receiver.answerNext({ body: '{"requestId":"req-2"}' });
    expect(await forwarder.pass()).toMatchObject({ sent: 1, awaited: 1 });
    expect((await cli.run(['destination', 'remove', 'later'])).code).toBe(0);
    expect((await cli.run(['forward', 'show', id])).out).toMatch(
      /sent, verdict never said: The destination was removed before/,
    );
    forwarder.later(60);
    expect(await forwarder.pass()).toMatchObject({ awaited: 0, waiting: 0 });
    expect(shown.out + JSON.stringify(one)).not.toContain('ya29-hidden');
    await cli.run(['destination', 'set', 'back', '--enable']);
  });

  it('set says what changed, and switches off and on', async () => {
    const set = (...args: string[]) =>
      cli.run(['destination', 'set', 'back', ...args], { SECRET_TOK: 'renewed' });
    expect((await set()).out).toContain('nothing changed');
    const changed = await set(
      '--stages',
      'every',
      '--event',
      'purchase=sale',
      '--secret',
      'tok',
      '--disable',
    );
    expect(changed.out).toMatch(/stages: – → every/);
    expect(changed.out).toMatch(/events: – → \{"purchase":"sale"\}/);
    expect(changed.out).toContain('secret tok: renewed');
    expect(changed.out).toContain('switched off');
    await purchase();
    expect(await pass()).toMatchObject({ inUse: false });
    expect((await set('--event', 'all', '--enable')).out).toMatch(/events: .* → –/);
    await purchase();
    expect(await pass()).toMatchObject({ sent: 1 });
    expect(receiver.requests.at(-1)?.url).toContain('t=renewed');
    expect((await set('--stages', 'some')).err).toContain('stages is one of');
    expect((await cli.run(['destination', 'set', 'bakc', '--enable'])).err).toContain('Did you mean back?');
  });

  it('postback explain knows our own postback by its mark', async () => {
    const address = (mark: string) =>
      `/p/${shop.sourceId}?click_id=c1&event=purchase&txid=9&bidloop_via=${mark}`;
    const ours = await cli.run(['postback', 'explain', address(ownMark(cli.secretKey))]);
    expect(ours.out).toContain('No destination is told of it');
    expect(ours.out).not.toContain('Not read');
    const other = await cli.run(['postback', 'explain', address('aaaaaaaaaaaa')]);
    expect(other.out).toContain('right now');
    expect(other.out).not.toContain('No destination');
  });

  it('help says what there is', async () => {
    const help = await cli.run(['destination', 'add', '--help']);
    for (const word of ['taboola', 'pixelId', '--secret', 'access_token']) expect(help.out).toContain(word);
    expect((await cli.run(['forward', '--help'])).out).toContain('replay');
    expect((await cli.run(['forward', 'replay'])).err).toContain('--failed');
    expect((await cli.run(['forward', 'show', 'ffffffffffff'])).err).toContain('forward list');
    expect((await cli.run(['forward', 'list', '--state', 'lost'])).err).toContain('given_up');
    expect((await cli.run(['forward', 'list', '--since', 'yesterday'])).err).toContain('24h');
  });
});
