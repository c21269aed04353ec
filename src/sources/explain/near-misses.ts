import { nearestWord } from '../../core/nearest-word.ts';
import { isPlaceholder } from '../macros.ts';
import type { Params } from '../params.ts';
import type { SourceProfile } from '../profile.ts';
import { fieldsOf } from '../profiles/dialect.ts';
import { macrosIn } from './macro-tokens.ts';

/** A name or macro that nobody fills or reads, and the one that was most likely meant. */
export interface NearMiss {
  readonly parameter: string;
  /** The odd word: the parameter's name, or the macro left in its value. */
  readonly written: string;
  readonly meant: string;
}

/** One thing, as networks and trackers call it. */
export const SAME_THING: readonly (readonly string[])[] = [
  ['campaign_id', 'campaignid', 'camp_id', 'cmpid', 'campaign'],
  [
    'adset_id',
    'adsetid',
    'adgroup_id',
    'adgroupid',
    'ad_group_id',
    'campaignid-group',
    'campaign_group_id',
    'adsquad_id',
    'line_item_id',
    'adset',
  ],
  ['ad_id', 'adid', 'creative_id', 'creativeid', 'banner_id', 'teaser_id', 'content_id'],
  ['placement', 'site_id', 'siteid', 'zone_id', 'zoneid', 'widget_id', 'publisher_id'],
  ['click_id', 'clickid', 'click-id', 'subid', 'sub_id', 'clid'],
];

/** In daily use for what no field is read from: no slips of the pen, however near. */
const OTHER_WORDS = new Set(
  'offer_id offerid offer_name aff_id affid affiliate_id pub_id pubid adv_id advertiser_id app_id device_type device_os click_url click_cost sub_site'.split(
    ' ',
  ),
);
const NUMBERED = /[a-z]_?\d{1,2}$/;

const CLICK_IDS = new Set(SAME_THING.at(-1));

const squeeze = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/**
 * Names of parameters and macros left unfilled that are nearly, or in other products' words, ones that are known:
 * `clik_id` for click_id, `{campaignid-group}` for what another product calls adset_id.
 *
 * @param wanted names beside the profile's: those of our own links.
 */
export function nearMisses(
  params: Params,
  profile: SourceProfile,
  wanted: readonly string[] = ['campaign_id', 'adset_id', 'ad_id', 'placement'],
): readonly NearMiss[] {
  const known = new Set([...fieldsOf(profile).flatMap((field) => profile.names[field]), ...wanted]);
  return missesAmong(params, profile, known, wanted);
}

/** As {@link nearMisses} for names of the click id only: little to compare, for a request that lacks one. */
export function nearClickId(params: Params, profile: SourceProfile): NearMiss | null {
  const names = profile.names.clickId;
  const misses = missesAmong(params, profile, new Set(names), names.slice(0, 1));
  return misses.find((miss) => names.includes(miss.meant) && miss.written === miss.parameter) ?? null;
}

function missesAmong(
  params: Params,
  profile: SourceProfile,
  known: ReadonlySet<string>,
  wanted: readonly string[],
): readonly NearMiss[] {
  // Those of the generic postback are examples: a sender that nobody knows has macros of its own.
  const template = profile.id === 'generic' ? '' : profile.template;
  const macros = macrosIn(template.replaceAll('%23', '#')).map((token) => token.name);
  const found: NearMiss[] = [];
  for (const [parameter, value] of [...params.values].slice(0, 50)) {
    if (!known.has(parameter) && !OTHER_WORDS.has(parameter) && !NUMBERED.test(parameter)) {
      const meant = meantBy(parameter, [...known], wanted);
      if (meant !== null) found.push({ parameter, written: parameter, meant });
    }
    const [token] = isPlaceholder(value.trim()) ? macrosIn(value) : [];
    if (token === undefined || macros.includes(token.name)) continue;
    // Each product has its own word for a click id, and it belongs where another's is wanted.
    const meant = meantBy(token.name, macros, CLICK_IDS.has(parameter) ? [] : [parameter]);
    if (meant !== null) found.push({ parameter, written: token.text, meant });
  }
  return found;
}

/** The known word that was meant: the same letters, the same thing in other words, or a slip of the pen. */
function meantBy(written: string, known: readonly string[], same: readonly string[]): string | null {
  const bare = squeeze(written);
  if (bare.length < 3 || written.length > 40) return null;
  const equal = known.find((name) => squeeze(name) === bare);
  if (equal !== undefined) return equal === written ? null : equal;
  const thing = SAME_THING.find((words) => words.some((word) => squeeze(word) === bare));
  const other = thing === undefined ? undefined : same.find((name) => thing.includes(name));
  if (other !== undefined && squeeze(other) !== bare) return other;
  if (written.length < 5) return null;
  const near = nearestWord(
    written,
    known.filter((name) => name.length >= 5),
  );
  return near === written ? null : near;
}
