import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnything } from '../../../../src/sources/explain/read-anything.ts';
import { sourceProfiles } from '../../../../src/sources/registry.ts';
import { WIRE_LINES } from './wire-lines.ts';

const NOW = Date.UTC(2026, 10, 6);

const titled = WIRE_LINES.map((line) => ({
  line,
  title: `${line.kind} of ${line.source ?? 'somebody'}: ${(line.url ?? line.body ?? '').slice(0, 90)}`,
}));

describe('reading anything', () => {
  it('is tried on every kind of sender', () => {
    expect(WIRE_LINES.length).toBeGreaterThanOrEqual(60);
    const named = new Set(WIRE_LINES.map((line) => line.source));
    const missing = sourceProfiles().filter(
      ({ id }) => id !== 'generic' && id !== 'revcontent' && !named.has(id),
    );
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  it.each(titled)('$title', ({ line }) => {
    const explanation = readAnything({
      ...(line.url === undefined ? {} : { address: line.url }),
      ...(line.body === undefined ? {} : { body: line.body }),
      ...(line.source === null ? {} : { source: line.source }),
      kind: line.kind,
      nowMs: NOW,
    });
    const read = Object.fromEntries(
      Object.keys(line.said).map((field) => [
        field,
        new Map(Object.entries(explanation.said)).get(field)?.value ?? null,
      ]),
    );
    expect(read).toEqual(line.said);
    if (line.at !== undefined) expect(explanation.eventAtMs).toBe(Date.parse(line.at));
    if (line.worth !== undefined) expect(explanation.amountMicros).toBe(Math.round(line.worth * 1e6));
  });

  it('no text makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.webUrl({ withQueryParameters: true, withFragments: true }),
        ),
        fc.option(fc.oneof(fc.string(), fc.json()), { nil: undefined }),
        fc.constantFrom(
          undefined,
          'click' as const,
          'inbound_postback' as const,
          'outbound_template' as const,
        ),
        fc.constantFrom(undefined, 'adjust', 'constructor', '__proto__', ''),
        (address, body, kind, source) => {
          readAnything({
            address,
            ...(body === undefined ? {} : { body }),
            ...(kind === undefined ? {} : { kind }),
            ...(source === undefined ? {} : { source }),
            nowMs: NOW,
          });
        },
      ),
    );
  });
});
