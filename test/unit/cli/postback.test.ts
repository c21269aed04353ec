import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';

let printed = '';

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it('postback explain says whose it is, what each field holds and what would be kept, without a database', async () => {
  const address = 'https://t.example/postback?cid=C1&payout=12,50&currency=eur&txid=7&et=deposit&clik=2';
  expect(await runProgram(['postback', 'explain', address, '--source', 'voluum'], {})).toBe(0);
  expect(printed).toContain('Source: Voluum (as you said)');
  expect(printed).toMatch(/click id +C1 {2}\(cid\)/);
  expect(printed).toContain('The amount is 12.5 EUR.');
  expect(printed).toContain('It would be kept as the event "deposit", approved.');
  expect(printed).toContain('Not read: clik');
});

it('postback explain --json prints one document, also of a body that is refused', async () => {
  expect(
    await runProgram(['postback', 'explain', '{"event":"open","timestamp":1793873472345}', '--json'], {}),
  ).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({
    kind: 'inbound_postback',
    source: { id: 'generic', how: 'common' },
    said: { event: { value: 'open' } },
    eventAt: '2026-11-05T10:11:12.345Z',
    reading: { reason: 'missing_click_id' },
  });
});

it('link check fails on an error and says what to write instead', async () => {
  const template = 'https://t.example/p?s2={clickid}&p=#price#';
  expect(await runProgram(['link', 'check', template, '--source', 'cake'], {})).toBe(1);
  expect(printed).toContain('error wrong_dialect: {clickid} is not how CAKE writes a macro.');
  expect(printed).toContain('#clickid#');
});

it('link check knows a link of our own: its parameters name the ad, its macros are a network’s', async () => {
  const check = async (query: string) => {
    printed = '';
    const code = await runProgram(['link', 'check', `https://bids.example.com/c/shoes${query}`], {});
    return { code, text: printed };
  };
  const good = '?campaign_id={{campaign.id}}&adset_id={{adset.id}}&ad_id={{ad.id}}&placement={{placement}}';
  expect(await check(good)).toEqual({ code: 0, text: expect.stringContaining('Nothing is wrong with it.') });
  const slips = await check('?campaignid={{campaign.id}}&ad_id={{ad.idd}}');
  expect(slips.text).toContain('"campaignid" is read by nobody here; did you mean "campaign_id"?');
  expect(slips.text).toContain('{{ad.idd}} is no macro that is known; did you mean {{ad.id}}?');
  expect(slips.text).not.toContain('no_click_id');
  expect(await check('?utm_source=meta')).toMatchObject({ code: 1, text: expect.stringContaining('no_ad') });
});

it('wrong words are wrong usage', async () => {
  const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await runProgram(['postback', 'explain', 'x', '--kind', 'odd'], {})).toBe(2);
  expect(await runProgram(['link', 'check', 'x', '--source', 'nobody'], {})).toBe(2);
  expect(quiet).toHaveBeenCalled();
});
