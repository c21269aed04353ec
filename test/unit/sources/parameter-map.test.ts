import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PARAMETER_MAP_TITLE, parameterMap } from '../../../src/sources/parameter-map.ts';
import { sourceProfiles } from '../../../src/sources/registry.ts';

it('the page of parameters says what the code reads', async () => {
  const page = readFileSync(new URL('../../../docs/sources.md', import.meta.url), 'utf8');
  const [written = ''] = page.split(PARAMETER_MAP_TITLE);
  expect(written).toContain('## Sources');
  await expect(written + parameterMap()).toMatchFileSnapshot('../../../docs/sources.md');
});

it.each(sourceProfiles())('$id: every parameter of its address is one it reads', (profile) => {
  const known = new Set(Object.values(profile.names).flat());
  const used = [...new URLSearchParams(profile.template).keys()];
  expect(used.length).toBeGreaterThan(3);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
  expect(used.some((name) => profile.names.clickId.includes(name))).toBe(true);
});
