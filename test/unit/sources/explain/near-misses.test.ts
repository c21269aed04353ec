import { expect, it } from 'vitest';
import { nearMisses } from '../../../../src/sources/explain/near-misses.ts';
import { emptyParams, readPairs } from '../../../../src/sources/params.ts';
import { sourceProfile } from '../../../../src/sources/registry.ts';

function misses(query: string, source = 'generic') {
  const params = emptyParams();
  readPairs(query, params);
  const profile = sourceProfile(source);
  if (profile === undefined) throw new Error(`no profile ${source}`);
  return nearMisses(params, profile).map(({ parameter, written, meant }) => [parameter, written, meant]);
}

it.each([
  ['clik_id=7', [['clik_id', 'clik_id', 'click_id']]],
  ['campaignid-group=7', [['campaignid-group', 'campaignid-group', 'adset_id']]],
  ['adgroup_id=7', [['adgroup_id', 'adgroup_id', 'adset_id']]],
  ['adset_id={campaignid-group}', [['adset_id', '{campaignid-group}', 'adset_id']]],
  ['click_id=7&amount=3', []],
  ['click_id={sub_id}&amount={payout}', []],
  ['click_id={ClickId}', []],
  ['click_id=c&offer_id=1&aff_id=2&pub_id=3&sub_id2=4&advertiser_id=5&device_type=6', []],
  ['zzzzqqq=1', []],
])('%s', (query, expected) => {
  expect(misses(query)).toEqual(expected);
});

it('a macro is compared with those of its own product', () => {
  expect(misses('clickid=(clikid)', 'appsflyer')).toEqual([['clickid', '(clikid)', 'clickid']]);
  expect(misses('clickid=(clickid)', 'appsflyer')).toEqual([]);
  expect(misses('cid={sub_id}', 'voluum')).toEqual([]);
});
