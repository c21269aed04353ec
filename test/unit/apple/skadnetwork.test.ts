import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readApple } from '../../../src/sources/apple/read-apple.ts';
import { SIGNED_ORDER, signedText } from '../../../src/sources/apple/skadnetwork.ts';
import { OWN_KEYS, signPostback, values } from './signing.ts';
import { VECTORS } from './vectors.ts';

const FULL: Readonly<Record<string, string>> = {
  'ad-network-id': 'abc123.skadnetwork',
  'campaign-id': '7',
  'source-identifier': '4321',
  'app-id': '1234567890',
  'transaction-id': '0f4b2c1e-5a67-4c3d-9e8f-102938475610',
  redownload: 'false',
  'source-app-id': '99887766',
  'fidelity-type': '1',
  'did-win': 'true',
  'postback-sequence-index': '0',
};

/** The fields of one version, signed with our keys. */
function postback(version: string, changes: Readonly<Record<string, string>> = {}): Map<string, string> {
  const names = SIGNED_ORDER[version] ?? [];
  const all = { ...FULL, version, ...changes };
  return signPostback(Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))));
}

const judge = (map: ReadonlyMap<string, string>) => readApple(map, { keys: OWN_KEYS });

describe('published postbacks', () => {
  it.each(Object.entries(VECTORS).filter(([name]) => name !== '3.0 lost'))('%s counts', (_name, json) => {
    expect(readApple(values(json)).kind).toBe('counts');
  });

  it('a lost one is signed all the same, and does not count', () => {
    const outcome = readApple(values(VECTORS['3.0 lost']));
    expect(outcome).toMatchObject({ kind: 'not_winning', signed: { didWin: false, sourceAppId: null } });
  });

  it.each(Object.entries(VECTORS))('%s fails under the key of the other curve', (_name, json) => {
    const keys = { ...OWN_KEYS, skadnetwork: swapped };
    expect(readApple(values(json), { keys }).kind).toBe('bad_signature');
  });

  it.each(Object.entries(VECTORS))('%s fails when any one signed field is altered', (_name, json) => {
    const original = values(json);
    const text = signedText(original);
    if (!text.ok) throw new Error('the vector is not readable');
    for (const name of text.names.filter((one) => one !== 'version')) {
      const altered = new Map(original).set(name, another(name, original.get(name) ?? ''));
      expect([name, readApple(altered).kind]).toEqual([name, 'bad_signature']);
    }
    for (const other of Object.keys(SIGNED_ORDER)) {
      if (other === text.version) continue;
      expect(readApple(new Map(original).set('version', other)).kind).not.toMatch(/counts|not_winning/);
    }
  });
});

describe('what is read', () => {
  it('tells signed from unsigned', () => {
    const outcome = readApple(values(VECTORS['4.0 fine']));
    expect(outcome).toMatchObject({
      kind: 'counts',
      event: 'install',
      eventType: 'install',
      firstReport: true,
      signed: {
        framework: 'skadnetwork',
        version: '4.0',
        postbackId: '6aafb7a5-0170-41b5-bbe4-fe71dedf1e30',
        appId: '525463029',
        campaignId: null,
        sourceIdentifier: '5239',
        sourceAppId: null,
        sourceDomain: 'example.com',
        fidelityType: 1,
        didWin: true,
        sequenceIndex: 0,
      },
      unsigned: { fineValue: 63, coarseValue: null, others: {} },
      warnings: [],
    });
  });

  it('a redownload is an install of somebody who had the app', () => {
    expect(readApple(values(VECTORS['3.0 won']))).toMatchObject({ event: 'install', eventType: 'reinstall' });
  });

  it('keeps what a forwarder added, and what a version does not sign is such an addition', () => {
    expect(readApple(values(VECTORS['passed on, with campaign names']))).toMatchObject({
      unsigned: { others: { 'adjust-campaign': 'a_campaign', timestamp: '1622794663' } },
    });
    expect(readApple(values(VECTORS['1.0']))).toMatchObject({
      signed: { conversionType: null },
      unsigned: { others: { redownload: 'false' } },
    });
    const glued = new Map(postback('2.2')).set('did-win', 'false');
    expect(judge(glued)).toMatchObject({ kind: 'counts', unsigned: { others: { 'did-win': 'false' } } });
  });

  it('numbers may come as strings, as query parameters too', () => {
    const text = VECTORS['4.0 fine'].replace('525463029', '"525463029"').replace(':63', ':"63"');
    expect(readApple(values(text))).toMatchObject({ kind: 'counts', unsigned: { fineValue: 63 } });
    const query = values(VECTORS['4.0 fine']);
    query.set('attribution-signature', (query.get('attribution-signature') ?? '').replaceAll('+', ' '));
    expect(readApple(query).kind).toBe('counts');
  });

  it('a source app id of 0 is present: it is signed, and taking it away breaks the signature', () => {
    for (const version of ['2.0', '2.1', '2.2', '3.0', '4.0']) {
      const zero = postback(version, { 'source-app-id': '0' });
      expect(judge(zero)).toMatchObject({
        kind: 'counts',
        signed: { sourceAppId: '0' },
        warnings: ['source_app_zero'],
      });
      const without = new Map(zero);
      without.delete('source-app-id');
      expect(judge(without).kind).toBe('bad_signature');
    }
  });

  it.each(['2.0', '2.1', '2.2', '3.0', '4.0'])('version %s without a source app verifies', (version) => {
    expect(judge(postback(version, { 'source-app-id': '' })).kind).toBe('counts');
  });

  it('postbacks of later windows are more about a conversion that was reported', () => {
    for (const index of ['1', '2'])
      expect(judge(postback('4.0', { 'postback-sequence-index': index }))).toMatchObject({
        kind: 'counts',
        firstReport: false,
        signed: { sequenceIndex: Number(index) },
      });
  });

  it('values outside their range are left out and noted', () => {
    const odd = new Map(postback('4.0')).set('conversion-value', '64').set('coarse-conversion-value', 'huge');
    expect(judge(odd)).toMatchObject({
      kind: 'counts',
      unsigned: { fineValue: null, coarseValue: null },
      warnings: ['value_out_of_range'],
    });
    const both = new Map(postback('4.0')).set('conversion-value', '0').set('coarse-conversion-value', 'low');
    expect(judge(both)).toMatchObject({ unsigned: { fineValue: 0 }, warnings: ['two_values'] });
  });

  it('a real postback about an app that is not expected does not count', () => {
    expect(readApple(postback('4.0'), { keys: OWN_KEYS, appIds: ['1'] }).kind).toBe('other_app');
    expect(readApple(postback('4.0'), { keys: OWN_KEYS, appIds: ['1234567890'] }).kind).toBe('counts');
  });
});

describe('what cannot be checked', () => {
  it('says so for versions, fields and signatures', () => {
    const good = postback('4.0');
    expect(judge(new Map(good).set('version', '9.1'))).toMatchObject({ reason: 'unknown_version' });
    expect(judge(new Map(good).set('attribution-signature', ''))).toMatchObject({ reason: 'no_signature' });
    expect(judge(new Map(good).set('redownload', '1'))).toMatchObject({ reason: 'malformed_field' });
    const missing = new Map(good);
    missing.delete('did-win');
    expect(judge(missing)).toMatchObject({ reason: 'missing_field' });
    expect(judge(new Map([['click_id', 'x']])).kind).toBe('not_apple');
  });

  it('a value cannot slide into its neighbour under the same signature', () => {
    const good = postback('4.0');
    const asDomain = new Map(good).set('source-domain', '99887766');
    asDomain.delete('source-app-id');
    expect(judge(asDomain).kind).toBe('unverifiable');
    const glued = new Map(good).set('redownload', 'false\u206399887766');
    glued.delete('source-app-id');
    expect(judge(glued).kind).toBe('unverifiable');
  });
});

describe('properties', () => {
  it('every signed field of every version is covered: another value breaks it', () => {
    const cases = Object.entries(SIGNED_ORDER).flatMap(([version, names]) =>
      names.filter((name) => name !== 'source-domain').map((name) => [version, name] as const),
    );
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.string({ maxLength: 60 }), ([version, name], text) => {
        const good = postback(version);
        expect(judge(good).kind).toBe('counts');
        fc.pre(text !== good.get(name));
        expect(judge(new Map(good).set(name, text)).kind).not.toMatch(/counts|not_winning|other_app/);
      }),
      { numRuns: 300 },
    );
  });

  it('altered digits and booleans break it too, not only nonsense', () => {
    for (const [version, names] of Object.entries(SIGNED_ORDER)) {
      const good = postback(version);
      for (const name of names.filter((one) => good.has(one) && one !== 'version'))
        expect(judge(new Map(good).set(name, another(name, good.get(name) ?? ''))).kind).toBe(
          'bad_signature',
        );
    }
  });

  it('never throws, whatever JSON arrives', () => {
    const anyName = fc.oneof(
      fc.constantFrom(...Object.keys(FULL), 'version', 'attribution-signature'),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.dictionary(anyName, fc.oneof(fc.jsonValue(), fc.constantFrom('1.0', '2.0', '4.0', 'true', '0'))),
        (body) => {
          expect(readApple(values(JSON.stringify(body))).kind).not.toBe('counts');
        },
      ),
    );
    const field = fc.constantFrom(
      ...Object.keys(FULL),
      'version',
      'attribution-signature',
      'conversion-value',
    );
    fc.assert(
      fc.property(field, fc.string({ unit: 'binary' }), (name, text) => {
        expect(() => readApple(values(VECTORS['4.0 fine']).set(name, text))).not.toThrow();
      }),
    );
  });
});

const swapped = Object.fromEntries(
  Object.entries(OWN_KEYS.skadnetwork).map(([version]) => [
    version,
    OWN_KEYS.skadnetwork[version === '1.0' || version === '2.0' ? '4.0' : '1.0'] ?? '',
  ]),
);

/** Another value of the same shape. */
function another(name: string, value: string): string {
  if (value === 'true') return 'false';
  if (value === 'false') return 'true';
  if (name === 'fidelity-type') return value === '1' ? '0' : '1';
  if (name === 'postback-sequence-index') return value === '0' ? '1' : '0';
  return /\d$/.test(value) ? value.slice(0, -1) + String((Number(value.at(-1)) + 1) % 10) : `x${value}`;
}
