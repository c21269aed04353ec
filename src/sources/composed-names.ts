import { isPlaceholder } from './macros.ts';
import type { Field, SourceProfile } from './profile.ts';
import { readTime } from './times.ts';
import { readAmount, readCurrency } from './values.ts';

/** Whose: what stands before the word that says what it is. */
const OF =
  '(?:total|net|gross|order|sales?|lead|deposit|dep|ftd|first_?deposit|purchase|transaction|trans|tran|trx|txn|tx|payment|conversion|conv|cnv|cv|goal|action|event|evt|ev|deal|checkout|booking|invoice|cart|basket|commission|affiliate|aff|publisher|pub|partner|reg|registration|signup)';
const POSTED = '(?:postback|pb|callback|tracker|tracking|custom|in_?app|notification)';
const SEP = '[_-]?';

/**
 * Names that nobody has listed, put together of words that everybody uses: `deposit_currency`, `conv_value`, `converted_at`.
 * The last word says what it is. Product manuals have them by the hundred, so a rule stands here in place of a list.
 */
const SHAPES: readonly (readonly [Field, RegExp])[] = [
  [
    'currency',
    new RegExp(
      `^(?:(?:${OF}|revenue|payout|amount|value|price|sum|money|af|iso)${SEP}(?:currency|curr|cur)(?:${SEP}(?:code|iso))?|currency${SEP}iso|ccy|waluta|valuta|moneda|moeda|devise)$`,
    ),
  ],
  [
    'eventTime',
    new RegExp(
      `^(?:(?:(?:${OF}|unix|utc|epoch|creation|completion)${SEP}){1,2}(?:time|date|datetime|timestamp|ts)(?:${SEP}(?:utc|ms|unix|s))?|(?:time|timestamp)_?(?:utc|s|unix)|(?:created|converted|completed|occurred|happened|purchased|registered|deposited|paid|triggered|fired)${SEP}(?:at|on|time|date)|date${SEP}created|create${SEP}(?:time|date)|epoch)$`,
    ),
  ],
  [
    'txid',
    new RegExp(
      `^(?:(?:(?:ext(?:ernal)?|merchant|partner|internal|unique|adv(?:ertiser)?)${SEP})?(?:order|sale|lead|deposit|dep|purchase|transaction|trans|tran|trx|txn|tx|payment|conversion|conv|deal|trade|booking|invoice|receipt)${SEP}(?:id|uid|uuid|guid|no|nr|num|number|ref|reference)|(?:event|action)${SEP}(?:uid|uuid|guid)|(?:unique|external)${SEP}event${SEP}id|dedup(?:e|lication)?${SEP}(?:id|key)|idempotency${SEP}key|ref${SEP}no|eid)$`,
    ),
  ],
  [
    'event',
    new RegExp(
      `^(?:(?:${OF}|${POSTED}|offer)${SEP}(?:event|goal)(?:${SEP}(?:name|type))?|(?:event|evt|ev|goal|action|conversion|conv|cnv|cv)${SEP}(?:name|type|code|key)(?:${SEP}(?:name|code))?|(?:lead|activity|milestone|${POSTED})${SEP}(?:name|type)|e)$`,
    ),
  ],
  [
    'amount',
    new RegExp(
      `^(?:(?:${OF}${SEP}){1,2}(?:amount|amt|sum|total|revenue|rev|payout|value|price|commission|earnings|profit|income)|sum${SEP}dep|dep${SEP}sum|(?:total|full|order|deal|purchase)${SEP}cost|grand${SEP}total|payout${SEP}value|payment|kwota|betrag|montant|importe|valor|summa|v)$`,
    ),
  ],
];

/** Longer names are nobody's. */
const LONGEST = 40;
const REMEMBERED = 5_000;
const remembered = new Map<string, Field | null>();

/**
 * The field that an unlisted name speaks of by its last word; null for none, and where this sender says the field by its
 * own names or not at all.
 *
 * @param name lower case.
 */
export function composedField(name: string, profile: SourceProfile): Field | null {
  if (name.length > LONGEST) return null;
  let field = remembered.get(name);
  if (field === undefined) {
    field = SHAPES.find(([, shape]) => shape.test(name))?.[0] ?? null;
    // Names come from outside, so there is an end to them.
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(name, field);
  }
  if (field === null || Object.hasOwn(profile.statusLists, name)) return null;
  const own = profile.own[field] ?? [];
  return profile.names[field].some((one) => !own.includes(one)) ? field : null;
}

/**
 * Whether a value is what such a name promises: a guess by the name alone must never get a postback refused.
 *
 * @param value of the parameter `name`, trimmed.
 */
export function fitsField(
  field: Field,
  { name, value }: { readonly name: string; readonly value: string },
  profile: SourceProfile,
): boolean {
  if (isPlaceholder(value)) return true;
  // `v=2` is some version; money has its cents.
  if (name.length === 1 && field === 'amount') return /^-?\d+\.\d{2}$/.test(value);
  if (field === 'amount') return readAmount(value, profile.commaThousands) !== undefined;
  if (field === 'currency') return readCurrency(value) !== null;
  if (field === 'eventTime') return readTime(value, profile) !== undefined;
  if (field === 'event')
    return /^[A-Za-z][\w .:-]{1,63}$/.test(value) && !/^(?:true|false|yes|no)$/i.test(value);
  return value.length <= 128;
}
