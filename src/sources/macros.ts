/**
 * Placeholders that a sender forgot to fill in. Every product has its own brackets, and a value that still wears them
 * is absent, not a value: counting `{click_id}` as an id would merge all of that sender's conversions into one.
 */

const NAME = String.raw`[A-Za-z_~][A-Za-z0-9_.~\-]*`;
/** Arguments and fallbacks some dialects allow inside: {cl?Net}, {name:arg}, {amount50%}, ${(a.b)!}. */
const LOOSE = String.raw`\(?[A-Za-z_~][A-Za-z0-9_.~:?!%\- ]*\)?!?`;

/** Whole-value dialects: brackets that may legitimately occur inside a value count only around all of it. */
const WHOLE = new RegExp(
  [
    String.raw`[$#%]?\{\{?\s?${LOOSE}\s?\}?\}`,
    String.raw`TS\{${LOOSE}\}`,
    String.raw`\$?\(${NAME}\)`,
    String.raw`\[{1,3}${NAME}\]{1,3}`,
    String.raw`#${NAME}#`,
    `<${NAME}>`,
    `%%?${NAME}%%?`,
    '__[A-Z][A-Z0-9_]*__',
    `@${NAME}@`,
  ]
    .map((dialect) => `^${dialect}$`)
    .join('|'),
);

/** Curly macros are also found glued to other text ("{status}123"); JSON has quotes, which keeps it out. */
const CURLY_INSIDE = new RegExp(String.raw`\{\{?${NAME}\}?\}`);

const WORDS = new Set(['REPLACE', 'OPTIONAL', 'CLICK_ID', 'CLICKID', 'TRANSACTION_ID']);
const NOTHING = new Set(['', 'undefined', 'null', 'none', 'nan', 'n/a', '-']);
const ENCODED = /%(?:25)?(?:7b|5b|28|23|3c|24)/i;
const OPENING = /[{[(#<%_@T$]/;

/** True when a decoded value is still the sender's placeholder. */
export function isPlaceholder(value: string): boolean {
  if (WORDS.has(value)) return true;
  if (!OPENING.test(value)) return false;
  if (looksFilled(value)) return false;
  return true;
}

function looksFilled(value: string): boolean {
  if (WHOLE.test(value)) return false;
  if (!value.includes('"') && CURLY_INSIDE.test(value)) return false;
  if (!ENCODED.test(value)) return true;
  let decoded: string;
  try {
    decoded = decodeURIComponent(value);
  } catch {
    return true;
  }
  return decoded === value || looksFilled(decoded);
}

/** True for the words senders write where they have nothing: "", "null", "-" and their like. */
export function isNothing(value: string): boolean {
  return value.length <= 9 && NOTHING.has(value.toLowerCase());
}
