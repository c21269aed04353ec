import { expect, it } from 'vitest';
import { emptyParams, readPairs } from '../../../src/sources/params.ts';
import { readPostback } from '../../../src/sources/read-postback.ts';
import { sourceProfile } from '../../../src/sources/registry.ts';

function warnings(query: string, id = 'generic', attributesBySender = false): readonly string[] {
  const params = emptyParams();
  readPairs(query, params);
  const profile = sourceProfile(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  const outcome = readPostback(params, {
    sourceId: 's',
    profile,
    settings: { currency: 'USD', attributesBySender },
    nowMs: Date.UTC(2026, 10, 6),
  });
  return outcome.ok ? outcome.reading.warnings : outcome.refusal.warnings;
}

it('a name one letter off is told where its field is empty', () => {
  expect(warnings('click_id=C&amont=3')).toEqual(['near_miss:amont:amount']);
  expect(warnings('click_id=C&Curency=EUR&payout=3')).toEqual(['near_miss:curency:currency']);
  // Hyphens and capitals apart it is the same name, and is read.
  expect(warnings('click_id=C&event-time=1793630000')).toEqual([]);
});

it('what fills no empty field, or is another parameter altogether, is left alone', () => {
  expect(warnings('click_id=C&amount=3&amont=4')).toEqual([]);
  for (const other of ['offer_id=1', 'aff_sub2=x', 'sub_id2=x', 'source=x', 'order=9', 's2=1', 'key=k'])
    expect(warnings(`device_id=D&${other}`)).toEqual([]);
  expect(warnings('subid=C&sale_status=a', 'keitaro')).toEqual([]);
});

it("ids of campaigns and ads only where the sender's are read", () => {
  expect(warnings('click_id=C&adsetid=7')).toEqual([]);
  expect(warnings('click_id=C&adsetid=7', 'generic', true)).toEqual(['near_miss:adsetid:adset_id']);
});

it('names without end do not fill the memory, and cost no warning without end', () => {
  for (let i = 0; i < 6_000; i += 1) warnings(`click_id=C&strange_${i}=1`);
  const many = Array.from(
    { length: 20 },
    (_, i) => `&${'amount'.slice(0, i % 6)}x${'amount'.slice(i % 6)}=1`,
  );
  expect(warnings(`click_id=C${many.join('')}`).length).toBeLessThanOrEqual(5);
  expect(warnings('click_id=C&amont=3')).toEqual(['near_miss:amont:amount']);
});
