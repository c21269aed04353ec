const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const OWN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * When one of our own click ids was given out: its first ten characters are 48 bits of ms since the epoch.
 *
 * @returns ms since the epoch (workspace time), or undefined when the text is not one of our ids.
 */
export function clickIdTimeMs(id: string): number | undefined {
  if (!OWN.test(id)) return undefined;
  let ms = 0;
  for (let i = 0; i < 10; i += 1) ms = ms * 32 + DIGITS.indexOf(id.charAt(i));
  return ms;
}
