/** "27 : 1", "1.8 : 1", "1 : 4"; what is close to nothing is called so. */
export function oddsText(ln: number): string {
  if (ln < Math.log(0.01)) return 'under 1 : 100';
  if (ln > Math.log(10_000)) return 'over 10,000 : 1';
  const odds = Math.exp(Math.abs(ln));
  const text = odds < 9.95 ? String(Number(odds.toFixed(1))) : Math.round(odds).toLocaleString('en-US');
  return ln >= 0 ? `${text} : 1` : `1 : ${text}`;
}

/** Whether odds fall short of those that are needed and read the same: 19.7 : 1 is not 20 : 1. */
export function isJustUnder(ln: number, lnNeeded: number): boolean {
  return ln < lnNeeded && oddsText(ln) === oddsText(lnNeeded);
}

/** "3 : 1 of 20 : 1", "just under 20 : 1". */
export function oddsOf(ln: number, lnNeeded: number): string {
  const need = oddsText(lnNeeded);
  return isJustUnder(ln, lnNeeded) ? `just under ${need}` : `${oddsText(ln)} of ${need}`;
}
