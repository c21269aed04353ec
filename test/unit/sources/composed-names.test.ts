import { describe, expect, it } from 'vitest';
import { composedField, fitsField } from '../../../src/sources/composed-names.ts';
import { emptyParams, readPairs } from '../../../src/sources/params.ts';
import { pickFields, pickTokens } from '../../../src/sources/pick-fields.ts';
import { readPostback } from '../../../src/sources/read-postback.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';

function profileOf(id: string) {
  const profile = sourceProfile(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  return profile;
}

const generic = profileOf('generic');

function picked(query: string, profile = generic, warnings: string[] = []): Record<string, string> {
  const params = emptyParams();
  readPairs(query, params);
  return Object.fromEntries(
    Object.entries(pickFields(params, profile, warnings)).map(([field, { value }]) => [field, value]),
  );
}

describe('a name nobody listed is read by its last word', () => {
  it.each([
    ['deposit_currency=EUR', 'currency', 'EUR'],
    ['commissionCurrency=usd', 'currency', 'usd'],
    // Pocket Partners' {sumdep}, as trackers pass it on (blog.xtracker.cc, Pocket Option postback).
    ['sumdep=100', 'amount', '100'],
    // Cellxpert's [transaction_sum] (thetradingpit.com, what are postbacks).
    ['transaction_sum=99.5', 'amount', '99.5'],
    ['partner_payout=12', 'amount', '12'],
    ['conv_value=1,5', 'amount', '1,5'],
    ['kwota=12,50', 'amount', '12,50'],
    ['v=49.99', 'amount', '49.99'],
    ['eid=trade-7', 'txid', 'trade-7'],
    ['external_order_id=7', 'txid', '7'],
    ['lead_uuid=ab-1', 'txid', 'ab-1'],
    ['converted_at=2026-01-02T03:04:05Z', 'eventTime', '2026-01-02T03:04:05Z'],
    ['registration_date=2026-01-02', 'eventTime', '2026-01-02'],
    ['unix_timestamp=1700000000', 'eventTime', '1700000000'],
    ['postback_event=deposit', 'event', 'deposit'],
    ['conv_name=trial start', 'event', 'trial start'],
    ['e=purchase', 'event', 'purchase'],
  ])('%s', (query, field, value) => {
    expect(picked(`click_id=C&${query}`)).toMatchObject({ clickId: 'C', [field]: value });
  });

  it('a listed name comes first, wherever it stands', () => {
    expect(picked('partner_payout=1&click_id=C&payout=2')).toMatchObject({ amount: '2' });
    expect(picked('click_id=C&order.partner_payout=1&order.payout=2')).toMatchObject({ amount: '2' });
  });

  it('a macro of it is told as any other, and is the token of a template', () => {
    const warnings: string[] = [];
    expect(picked('click_id=C&partner_payout={payout}', generic, warnings)).toEqual({ clickId: 'C' });
    expect(warnings).toEqual(['unresolved_macro:partner_payout']);
    const params = emptyParams();
    readPairs('click_id={c}&partner_payout={p}', params);
    expect(pickTokens(params, generic, params.values).amount?.value).toBe('{p}');
  });
});

describe('a guess by the name alone', () => {
  it('is passed over where the value does not fit, and gets no postback refused', () => {
    for (const query of [
      'event_value=signup',
      'v=2',
      'deposit_currency=points',
      'deposit_time=soon',
      'e=1',
      'conv_name=true',
    ])
      expect(picked(`click_id=C&${query}`), query).toEqual({ clickId: 'C' });
    const params = emptyParams();
    readPairs('click_id=C&event_value={"af_revenue":"5"}', params);
    const read = readPostback(params, {
      sourceId: 's',
      profile: generic,
      settings: { currency: 'USD' },
      nowMs: Date.UTC(2026, 10, 6),
    });
    expect(read).toMatchObject({ ok: true, reading: { amountMicros: null } });
  });

  it('is not made of offers, campaigns, people, nor of a list of status words', () => {
    for (const name of [
      'offer_name',
      'offer_id',
      'campaign_name',
      'user_name',
      'sale_status',
      'site_id',
      'value_',
    ])
      expect(composedField(name, generic), name).toBeNull();
    expect(composedField(`${'order_'.repeat(7)}id`, generic)).toBeNull();
  });

  it('is not made where a sender says the field by its own names or not at all', () => {
    expect(composedField('order_number', profileOf('appsflyer'))).toBeNull();
    expect(composedField('conv_name', profileOf('keitaro'))).toBeNull();
    expect(composedField('deposit_currency', profileOf('keitaro'))).toBe('currency');
  });

  it('fits what the field can hold', () => {
    const fits = (field: Parameters<typeof fitsField>[0], value: string) =>
      fitsField(field, { name: 'some_name', value }, generic);
    expect(fits('amount', '12.5USD')).toBe(true);
    expect(fits('amount', '0x10')).toBe(false);
    expect(fits('currency', 'eur')).toBe(true);
    expect(fits('currency', 'gold')).toBe(false);
    expect(fits('eventTime', '1700000000')).toBe(true);
    expect(fits('eventTime', '17')).toBe(false);
    expect(fits('txid', 'x'.repeat(128))).toBe(true);
    expect(fits('txid', 'x'.repeat(129))).toBe(false);
    expect(fits('event', 'Yes')).toBe(false);
  });
});
