import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import type { MetaDestination } from '../../../src/outbound/destination.ts';
import { hashedEmail, hashedPhone } from '../../../src/outbound/person-hash.ts';
import { CONTEXT, FORWARDING, HOMES, conversion } from './support.ts';

/** As much of Meta's own SDK as is asked here; it comes without types. */
type Setter =
  | 'setEventName'
  | 'setEventTime'
  | 'setEventId'
  | 'setActionSource'
  | 'setEventSourceUrl'
  | 'setUserData'
  | 'setCustomData'
  | 'setEmails'
  | 'setPhones'
  | 'setFbc'
  | 'setClientIpAddress'
  | 'setClientUserAgent'
  | 'setValue'
  | 'setCurrency'
  | 'setOrderId';
type Setters = Readonly<Record<Setter, (value: unknown) => Setters>> & {
  readonly normalize: () => object | Promise<object>;
};
interface Sdk {
  readonly ServerEvent: new () => Setters;
  readonly UserData: new () => Setters;
  readonly CustomData: new () => Setters;
}

const MAIL = ' John_Smith@Gmail.com';
const PHONE = '+1 (213) 373-4253';

it("says what Meta's own SDK says of the same conversion, hashes included", async () => {
  const { ServerEvent, UserData, CustomData } = createRequire(import.meta.url)(
    'facebook-nodejs-business-sdk',
  ) as Sdk;
  const one = conversion({
    pageUrl: 'https://shop.example/thanks',
    networkIds: new Map([['_fbc', 'fb.1.1793879000123.IwAR0-a_B']]),
    person: {
      emailSha256: hashedEmail(MAIL),
      phone: hashedPhone(PHONE),
      externalIdSha256: null,
      ip: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
    },
  });
  const destination: MetaDestination = {
    ...FORWARDING,
    kind: 'meta',
    ...HOMES.meta,
    apiVersion: 'v26.0',
    pixelId: '1',
    actionSource: 'website',
    testEventCode: null,
    events: { purchase: 'Purchase' },
    secrets: { access_token: 't' },
  };
  const theirs = new ServerEvent()
    .setEventName('Purchase')
    .setEventTime(Math.floor(one.atMs / 1000))
    .setEventId(one.id)
    .setActionSource('website')
    .setEventSourceUrl(one.pageUrl)
    .setUserData(
      new UserData()
        .setEmails([MAIL])
        .setPhones([PHONE])
        .setFbc('fb.1.1793879000123.IwAR0-a_B')
        .setClientIpAddress('203.0.113.7')
        .setClientUserAgent('Mozilla/5.0'),
    )
    .setCustomData(new CustomData().setValue(42.5).setCurrency('USD').setOrderId('A-17'));
  const request = buildRequest(destination, one, CONTEXT);
  if (request.kind === 'skipped') throw new Error(request.message);
  expect(JSON.parse(request.body ?? '')).toEqual({ data: [await theirs.normalize()] });
});
