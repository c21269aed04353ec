/**
 * The ways in which one click id may have been stored, the likeliest first: as received; with the plus signs that a
 * query turned into spaces; decoded once more, for senders that encode twice; and with the equals signs that some cut
 * off a base64 end. Letters keep their case: ids differ by it.
 */
export function clickIdSpellings(received: string): readonly string[] {
  const spellings = new Set([received]);
  if (received.includes(' ')) spellings.add(received.replaceAll(' ', '+'));
  if (received.includes('%')) {
    try {
      spellings.add(decodeURIComponent(received));
    } catch {
      // Not encoded after all.
    }
  }
  if (/^[\w+/-]{16,}$/.test(received)) for (const end of ['=', '==']) spellings.add(received + end);
  else if (received.endsWith('=')) spellings.add(received.replace(/=+$/, ''));
  return [...spellings];
}
