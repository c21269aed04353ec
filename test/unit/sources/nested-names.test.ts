import { expect, it } from 'vitest';
import { hiddenClickId, readFbc } from '../../../src/sources/hidden-click-ids.ts';
import { unwrappedName } from '../../../src/sources/nested-names.ts';
import { emptyParams, readBody, readPairs } from '../../../src/sources/params.ts';
import { pickFields } from '../../../src/sources/pick-fields.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';

function picked(body: string): Record<string, string> {
  const params = emptyParams();
  if (body.startsWith('{') || body.startsWith('[')) readBody(Buffer.from(body), 'application/json', params);
  else readPairs(body, params);
  const generic = sourceProfile('generic');
  if (generic === undefined) throw new Error('no generic profile');
  return Object.fromEntries(
    Object.entries(pickFields(params, generic, [])).map(([field, { value }]) => [field, value]),
  );
}

it('a name is the same inside objects that only hold the message', () => {
  expect(unwrappedName('data.attributes.click_id')).toBe('click_id');
  expect(unwrappedName('event.name')).toBe('name');
  expect(unwrappedName('order.id')).toBe('order_id');
  expect(unwrappedName('data.user.ttclid')).toBe('ttclid');
});

it('inside a product, a person or a user agent it is theirs', () => {
  for (const name of [
    'product.price',
    'user.name',
    'data.user.id',
    'order.name',
    'device.type',
    'plain',
    'data.',
  ])
    expect(unwrappedName(name)).toBeNull();
});

it('what the message itself says comes before what an object in it says', () => {
  expect(picked('{"data":{"amount":"1","click_id":"inner"},"amount":"2","clickId":"outer"}')).toMatchObject({
    amount: '2',
    clickId: 'outer',
  });
});

it("Stripe's checkout says whose click and which order, but its cents are not read as dollars", () => {
  const body =
    '{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"id":"cs_1","amount":10000,"currency":"usd","client_reference_id":"c7"}}}';
  expect(picked(body)).toEqual({
    clickId: 'c7',
    txid: 'cs_1',
    event: 'checkout.session.completed',
    currency: 'usd',
  });
});

it('capitals, hyphens and underscores tell no names apart, a plain spelling wins', () => {
  expect(picked('click_id=C&conversionDateTime=2023-11-14&Event-Name=lead')).toMatchObject({
    eventTime: '2023-11-14',
    event: 'lead',
  });
  expect(picked('click_id=C&orderid=2&order-id=1')).toMatchObject({ txid: '2' });
  // Too short to say, and a visitor's id is no click's.
  expect(picked('visitorid=7&t_s=1')).toEqual({});
});

it("Meta's cookie and the page a visit began at hold a click id", () => {
  expect(readFbc('fb.1.1554763741205.AbC.AQEB')).toEqual({ clickId: 'AbC', atMs: 1_554_763_741_205 });
  expect(readFbc('fb.1.x.AbC')).toBeNull();
  expect(picked('{"landing_site":"/shoes?utm_source=x&gclid=Cj0-a_B#top","total":"5"}')).toMatchObject({
    clickId: 'Cj0-a_B',
  });
  expect(picked('{"landing_site":"/shoes?gclid=N","order_id":"5"}')).toEqual({ txid: '5' });
  const params = emptyParams();
  readPairs('redirect_url=https%3A%2F%2Fx.example%2F%3Fgclid%3Dabc', params);
  expect(hiddenClickId(params)).toBeNull();
});

it('a click id that was given beats one that is hidden', () => {
  expect(picked('click_id=C&landing_page=%2F%3Ffbclid%3DF')).toMatchObject({ clickId: 'C' });
});

it('a list with one message is that message, a list of goods is text', () => {
  expect(picked('{"conversions":[{"gclid":"G","conversion_value":3}]}')).toMatchObject({
    clickId: 'G',
    amount: '3',
  });
  expect(picked('{"data":[{"click_id":"a"},{"click_id":"b"}]}')).toEqual({});
  expect(picked('{"items":[{"click_id":"a","price":3}]}')).toEqual({});
});
