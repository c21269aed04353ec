import { describe, expect, it } from 'vitest';
import { explanationText } from '../../../src/cli/postback-text.ts';
import { type Explanation, readAnything } from '../../../src/sources/explain/read-anything.ts';
import { DEVELOPMENT_JWS, VECTORS } from './vectors.ts';

const explain = (body: string): Explanation => readAnything({ body, nowMs: 0 });

describe("the debugger on Apple's postbacks", () => {
  it('says whether the signature holds, what it covers and what would become of it', () => {
    const explanation = explain(VECTORS['4.0 fine']);
    expect(explanation).toMatchObject({
      kind: 'inbound_postback',
      source: { id: 'apple', title: 'SKAdNetwork' },
      apple: { kind: 'counts' },
      postback: null,
      nearMisses: [],
      unread: [],
    });
    const text = explanationText(explanation);
    expect(text).toContain('The signature holds: app 525463029, network com.example, source identifier 5239');
    expect(text).toContain('Conversion value 63: beside the signature');
    expect(text).toContain('It would count as an install, once');
    expect(text).not.toContain('click id');
  });

  it('an altered one is told to be so, a lost and a development one not to count', () => {
    expect(explanationText(explain(VECTORS['4.0 fine'].replace('5239', '5238')))).toContain(
      "Apple's signature does not hold: it would be kept and not counted.",
    );
    expect(explanationText(explain(VECTORS['3.0 lost']))).toContain('another network won');
    expect(explanationText(explain(DEVELOPMENT_JWS))).toContain('signs on phones in developer mode');
  });

  it('names that a forwarder added are what is not read', () => {
    expect(explain(VECTORS['passed on, with a timestamp']).unread).toContain('timestamp');
  });

  it('anything else is read as before', () => {
    expect(explain('{"click_id":"C1","event":"lead"}')).toMatchObject({
      apple: null,
      postback: { ok: true },
    });
  });
});
