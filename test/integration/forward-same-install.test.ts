import { afterAll, beforeAll, expect, it } from 'vitest';
import { forwardsOf, seedDestination } from '../support/forward-facts.ts';
import { type OutboundFixture, startOutbound } from '../support/outbound-fixture.ts';

let ours: OutboundFixture;
beforeAll(async () => {
  ours = await startOutbound();
});
afterAll(() => ours.close());

it('an install whose surer report comes after the first was told is told once', async () => {
  const id = await seedDestination(ours.db, {
    ...ours.workspace,
    url: `${ours.receiver.url}/in?event={event}&txid={txid}`,
    settings: { stages: 'every' },
  });
  const clickId = await ours.visit();
  const at = ours.workspace.nowMs / 1_000 + 60;
  const device = '38400000-8cf0-11bd-b23e-10b96e40000d';
  const install = `event=install&device_id=${device}&event_time=${at}`;
  const first = await fetch(`${ours.base}/p/each?${install}&txid=first`);
  expect(first.status, await first.text()).toBe(200);
  expect(await ours.settle()).toBe(1);
  await ours.postback(`${install}&txid=second&click_id=${clickId}`);
  expect(await ours.settle()).toBe(0);
  const installs = await ours.db
    .selectFrom('conversion')
    .select(['source_id', 'excluded'])
    .where('event', '=', 'install')
    .orderBy('source_id')
    .execute();
  expect(installs).toEqual([
    { source_id: 'each', excluded: 'same_install' },
    { source_id: 'open', excluded: null },
  ]);
  expect((await forwardsOf(ours.db, id)).map((one) => [one.state, one.reason])).toEqual([
    ['sent', null],
    ['not_sent', 'excluded'],
    ['not_sent', 'same_install_told'],
  ]);
  expect(ours.receiver.requests).toHaveLength(1);
});
