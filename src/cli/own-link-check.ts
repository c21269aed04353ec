import { nearestWord } from '../core/nearest-word.ts';
import { OWN_PARAMS } from '../http/read-click.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import type { Finding, TemplateCheck } from '../sources/explain/check-template.ts';
import { splitAddress } from '../sources/explain/split-address.ts';
import { misspeltLinkNames } from '../sources/misspelt-link-names.ts';
import { emptyParams, readPairs } from '../sources/params.ts';

/** Said of addresses that others call; a link of ours is called by visitors, and its click id is made by us. */
const OF_POSTBACKS = new Set(['no_click_id', 'address_not_a_name']);
const IDS = ['campaign_id', 'adset_id', 'ad_id'] as const;

/** Whether a template is the address of a tracking link here: /c/<link>. */
export function isOwnLink(template: string): boolean {
  return /^\/c\/[\w-]+\/?$/.test(splitAddress(template, 'template').path);
}

/** The check of a template as one of a link's own: its parameters name the ad, and its macros are a network's. */
export function checkOwnLink(template: string, check: TemplateCheck): TemplateCheck {
  const address = splitAddress(template, 'template');
  const id = address.path.split('/')[2] ?? '';
  const params = emptyParams();
  readPairs(address.query, params);
  const paste = `Paste the parameters that "bidloop link show ${id}" prints.`;
  const findings: Finding[] = check.findings.filter(({ code }) => !OF_POSTBACKS.has(code));
  for (const warning of misspeltLinkNames(OWN_PARAMS)(params)) {
    const [, written = '', meant = ''] = warning.split(':');
    findings.push({
      code: 'near_miss',
      weight: 'warning',
      message: `"${written}" is read by nobody here; did you mean "${meant}"?`,
      next: paste,
    });
  }
  const registry = createNetworkRegistry();
  const macros = registry.ids.flatMap((network) => Object.values(registry.get(network).linkMacros));
  for (const { text } of check.macros) {
    const meant = macros.includes(text) ? null : nearestWord(text, macros);
    if (meant !== null)
      findings.push({
        code: 'near_miss',
        weight: 'warning',
        message: `${text} is no macro that is known; did you mean ${meant}?`,
        next: paste,
      });
  }
  if (!IDS.some((name) => params.values.has(name)))
    findings.push({
      code: 'no_ad',
      weight: 'error',
      message:
        'No parameter names the campaign, the ad set or the ad: what its clicks bring is credited to none.',
      next: paste,
    });
  return { ...check, findings };
}
