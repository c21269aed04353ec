import { composedField } from '../composed-names.ts';
import type { Field } from '../profile.ts';
import { fieldsOf } from '../profiles/dialect.ts';
import { generic } from '../profiles/generic.ts';

/** One macro of a template. */
export interface MacroToken {
  /** As written, with its brackets. */
  readonly text: string;
  /** What stands inside, without arguments: `cl` of {cl?Net}, `a.b` of ${(a.b)!}. */
  readonly name: string;
  readonly dialect: string;
}

/** Bounded, and so is what may follow a name: an opened bracket without an end must not be searched over and over. */
const NAME = String.raw`_?~?[A-Za-z][\w.~-]{0,120}`;
const DIALECTS: readonly (readonly [string, RegExp])[] = [
  ['${(name)!}', new RegExp(String.raw`\$\{\((${NAME})\)!?[^{}]{0,300}\}`, 'g')],
  ['TS{name}', new RegExp(String.raw`TS\{(${NAME})\}`, 'g')],
  ['${name}', new RegExp(String.raw`\$\{(${NAME})[^{}]{0,300}\}`, 'g')],
  ['{{name}}', new RegExp(String.raw`\{\{\s*(${NAME})[^{}]{0,300}\}\}`, 'g')],
  ['#{name}', new RegExp(String.raw`#\{(${NAME})[^{}]{0,300}\}`, 'g')],
  ['%{name}', new RegExp(String.raw`%\{(${NAME})[^{}]{0,300}\}`, 'g')],
  ['{name}', new RegExp(String.raw`\{(${NAME})[^{}]{0,300}\}`, 'g')],
  ['$(name)', new RegExp(String.raw`\$\((${NAME})\)`, 'g')],
  ['[[name]]', new RegExp(String.raw`\[\[(${NAME})\]\]`, 'g')],
  ['[name]', new RegExp(String.raw`\[(${NAME})\]`, 'g')],
  ['(name)', new RegExp(String.raw`\((${NAME})\)`, 'g')],
  ['#name#', new RegExp(String.raw`#(${NAME})#`, 'g')],
  ['<name>', new RegExp(String.raw`<(${NAME})>`, 'g')],
  ['%%name%%', new RegExp(String.raw`%%(${NAME})%%`, 'g')],
  ['%name%', new RegExp(String.raw`(?<![\w%])%([A-Za-z_]\w{2,})%(?!%)`, 'g')],
  ['__NAME__', /(?<!\w)__([A-Z][A-Z0-9_]*?|[a-z]+(?:_[a-z0-9]+)+)__(?!\w)/g],
  ['@name@', new RegExp(String.raw`@(${NAME})@`, 'g')],
];

/** Every macro in a text, in the order of its place; of nested brackets the outermost that is a dialect. */
export function macrosIn(text: string): readonly MacroToken[] {
  const found: (MacroToken & { readonly at: number })[] = [];
  let left = text.slice(0, 20_000);
  for (const [dialect, shape] of DIALECTS) {
    left = left.replaceAll(shape, (whole: string, name: string, at: number) => {
      found.push({ text: whole, name, dialect, at });
      return '\u0001'.repeat(whole.length);
    });
  }
  return found
    .toSorted((a, b) => a.at - b.at)
    .map(({ text: whole, name, dialect }) => ({ text: whole, name, dialect }));
}

/** What senders call a field inside their macros, beside the names that parameters have. */
const MORE: Readonly<Partial<Record<Field, readonly string[]>>> = {
  clickId: [
    'click',
    'cl',
    'attributedclickid',
    'conversions_tracking',
    'tracking_id',
    'affclickid',
    'aff_click_id',
    'external_id',
    'trackid',
    'logid',
    'reqid',
    'callback_param',
    'tjcid',
  ],
  txid: ['lead_id', 'leadid', 'sale_id', 'actionid', 'order'],
  event: ['product', 'goal_name', 'event-name', 'eventid'],
  amount: ['sale_amount', 'payout_amount', 'event_revenue_usd', 'revenue_in_usd', 'orig-monetary'],
  eventTime: ['utcm', 'eventdatetime', 'conversion_date', 'event-unix-ts'],
};

/** Names that a receiver may want its click id in, but that senders' macros use for sub ids of any content. */
const ONLY_NAMES = new Set(['sub1', 'aff_sub']);

const squeeze = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const MEANINGS: ReadonlyMap<string, Field> = new Map(
  fieldsOf(generic)
    .flatMap((field) =>
      [...generic.names[field], ...(MORE[field] ?? [])]
        .filter((name) => !ONLY_NAMES.has(name))
        .map((name) => [squeeze(name), field]),
    )
    .toReversed() as [string, Field][],
);

/** The macro of a text that holds one and no more; there may be other words around it. */
export function onlyMacro(text: string): MacroToken | undefined {
  const [token, ...more] = macrosIn(text);
  return more.length === 0 ? token : undefined;
}

/** The field a macro's own name speaks of; of a dotted name its end decides. Null for what is none of ours. */
export function meaningOf(token: MacroToken): Field | null {
  const last = token.name.slice(token.name.lastIndexOf('.') + 1).toLowerCase();
  const end = squeeze(last);
  const known = MEANINGS.get(squeeze(token.name)) ?? MEANINGS.get(end);
  if (known !== undefined) return known;
  // `{my_click_id}`, `{placeholderForClickId}`: whoever's it is, it is a click id.
  if (end.endsWith('clickid')) return 'clickId';
  return /[a-z]_?status$/.test(last) ? 'status' : composedField(last, generic);
}

const OTHER_THINGS =
  /camp|adgroup|ad_group|adset|zone|banner|offer|creative|site|source|cost|geo|country|keyword|widget|teaser|price|placement|target|device|browser|publisher|^ad[._-]?(?:id|name)$|^os$/i;

/** True for a parameter's name that speaks of something else than a click: `campid`, `zone`. */
export function isNameOfOtherThing(name: string): boolean {
  return OTHER_THINGS.test(name);
}

/** True for a value that is one macro about something else than a click: `cid={campaign_id}` is no click id. */
export function namesOtherThing(value: string): boolean {
  const token = onlyMacro(value);
  return token !== undefined && token.text === value && OTHER_THINGS.test(token.name);
}
