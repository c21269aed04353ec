import { describe, expect, it } from 'vitest';
import { buildRequest } from '../../../src/outbound/build-request.ts';
import { PRESETS, presetDestination } from '../../../src/outbound/presets.ts';
import { checkDestination } from '../../../src/outbound/template-request.ts';
import { CONTEXT, conversion } from './support.ts';

const settings = { domain: 'go.example.net', goal: '1b'.repeat(16), param: 'sub1' };
const secrets = { security_token: 'st' };
const clicked = conversion({
  event: 'purchase',
  networkIds: new Map([
    ['tblci', 'GiA_1'],
    ['ob_click_id', 'ob1'],
  ]),
  clickParams: new Map([['sub1', 'theirs']]),
});

function made(id: string) {
  const preset = PRESETS.find((one) => one.id === id);
  if (preset === undefined) throw new Error(id);
  return presetDestination(preset, { id, settings, secrets });
}

describe('presets', () => {
  it.each([
    [
      'taboola',
      'https://trc.taboola.com/actions-handler/log/3/s2s-action?click-id=GiA_1&name=purchase&revenue=42.5&currency=USD&orderid=01HCONV',
    ],
    [
      'outbrain',
      'https://tr.outbrain.com/unifiedPixel?ob_click_id=ob1&name=purchase&orderValue=42.5&currency=USD&orderId=01HCONV',
    ],
    ['mgid', 'https://a.mgid.com/postback?c=theirs&e=purchase&r=42.5'],
    ['exoclick', `https://go.example.net/tag.php?goal=${settings.goal}&tag=theirs`],
    [
      'tune',
      'https://go.example.net/aff_lsr?transaction_id=theirs&amount=42.5&adv_sub=01HCONV&security_token=st',
    ],
  ])('%s', (id, url) => {
    const destination = made(id);
    if (!destination.ok) throw new Error(destination.message);
    expect(checkDestination(destination.destination)).toEqual([]);
    expect(buildRequest(destination.destination, clicked, CONTEXT)).toMatchObject({ method: 'GET', url });
  });

  it('each is known by its own id and sends nothing without its click id', () => {
    expect(new Set(PRESETS.map((preset) => preset.id)).size).toBe(PRESETS.length);
    for (const preset of PRESETS) {
      const destination = made(preset.id);
      if (!destination.ok) throw new Error(destination.message);
      expect(buildRequest(destination.destination, conversion(), CONTEXT)).toMatchObject({
        kind: 'skipped',
        reason: 'missing_value',
      });
    }
  });

  it('a setting cannot end one part of the address and begin another', () => {
    const [preset] = PRESETS.filter((one) => one.id === 'exoclick');
    if (preset === undefined) throw new Error('exoclick');
    for (const domain of ['', 'a/b', 'a?b', 'a@b', 'a:1', 'a b', '{click_id}'])
      expect(presetDestination(preset, { id: 'x', settings: { ...settings, domain }, secrets: {} }).ok).toBe(
        false,
      );
  });
});
