import { SAME_THING } from './explain/near-misses.ts';
import { isOneEdit } from './misspelt-names.ts';
import { NETWORK_CLICK_PARAMS } from './network-click-ids.ts';
import type { Params } from './params.ts';
import { DEVICE_ID_NAMES } from './profiles/common-names.ts';
import { generic } from './profiles/generic.ts';

/** A parameter of ours that a name was most likely meant for. */
interface Meant {
  readonly own: string;
  /** Another product's word for it, rather than a slip of the pen. */
  readonly otherWord: boolean;
}

/** Names remembered, and looked at in one address: they come from outside, so there is an end to them. */
const REMEMBERED = 5_000;
const LOOKED_AT = 50;
const MOST = 5;

/** From the broadest: an ad's id says its ad set and campaign too. */
const LEVELS = ['campaign_id', 'adset_id', 'ad_id'];
const ELSEWHERE = new Set<string>([
  ...NETWORK_CLICK_PARAMS,
  ...DEVICE_ID_NAMES,
  ...generic.names.userId,
  'click_id',
]);

const squeeze = (name: string): string => name.replaceAll(/[^a-z0-9]/g, '');

/**
 * Parameters of a click's address that nobody reads here and that were most likely meant for one of a link's own, which
 * is missing: one letter, hyphens or capitals off (`campaignid`, `adset-id`), or another product's word for the same
 * thing (`adgroupid`, `campaignid-group`) where no narrower id says it already.
 *
 * @returns a checker that remembers names, for a page of links with the same parameters.
 */
export function misspeltLinkNames(own: readonly string[]): (params: Params) => readonly string[] {
  const memory = new Map<string, Meant | null>();

  function meantBy(name: string): Meant | null {
    if (ELSEWHERE.has(name) || name.length < 4 || name.length > 40) return null;
    const letters = squeeze(name);
    const slip = own.find(
      (one) => squeeze(one) === letters || (one.length > 5 && name.length > 5 && isOneEdit(name, one)),
    );
    if (slip !== undefined) return { own: slip, otherWord: false };
    const thing = SAME_THING.find((words) => words.some((word) => squeeze(word) === letters));
    const other = own.find((one) => thing?.includes(one));
    return other === undefined ? null : { own: other, otherWord: true };
  }

  return (params) => {
    const found: string[] = [];
    let looks = 0;
    for (const name of params.values.keys()) {
      if (own.includes(name)) continue;
      looks += 1;
      if (looks > LOOKED_AT || found.length === MOST) break;
      let meant = memory.get(name);
      if (meant === undefined) {
        if (memory.size >= REMEMBERED) memory.clear();
        memory.set(name, (meant = meantBy(name)));
      }
      if (meant === null || params.values.has(meant.own)) continue;
      const level = LEVELS.indexOf(meant.own);
      if (meant.otherWord && level >= 0 && LEVELS.slice(level).some((one) => params.values.has(one)))
        continue;
      found.push(`near_miss:${name}:${meant.own}`);
    }
    return found;
  };
}
