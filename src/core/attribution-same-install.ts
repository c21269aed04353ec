import type { Match } from './attribution-candidates.ts';
import { readableSpan } from './attribution-words.ts';

/** One sender's report of an install: whose it is, when, and who earned it by that report alone. */
export interface InstallReport {
  readonly id: string;
  readonly sourceId: string;
  readonly deviceId: string | null;
  /** The user's hash, in any spelling that is equal for equal users. */
  readonly user: string | null;
  /** The click that earned it, and the click id as sent. */
  readonly clickIds: readonly string[];
  /** The install as the sender dates it, else the receipt; ms since the epoch. */
  readonly atMs: number;
  readonly dated: boolean;
  readonly receivedAtMs: number;
  /** Null while nothing has earned it. */
  readonly match: Match | 'follows' | 'sender' | null;
  readonly viewThrough: boolean;
  /** The report that it was found to repeat; null for none. */
  readonly sameAsId: string | null;
}

/** The report of the same install that counts, and by what the two are one, as half a sentence. */
export interface SameInstall {
  readonly id: string;
  readonly text: string;
}

/** Two senders date one install this far apart at most. */
const DATED_MS = 60_000;
/** Where one of them gives no date its receipt stands for it: senders delay for ten minutes and repeat for an hour. */
const UNDATED_MS = 3_600_000;

/**
 * By what two reports of different senders tell of one install: one click brings one install, whenever it is told of; else the
 * same device or user at about the same time. What one sender repeats itself is told by its conversion key, not here.
 *
 * @returns half a sentence, or null when they are not known to be one.
 */
export function sameInstall(a: InstallReport, b: InstallReport): string | null {
  if (a.sourceId === b.sourceId) return null;
  const apartMs = Math.abs(a.atMs - b.atMs);
  const dated = `dated ${readableSpan(apartMs)} apart`;
  if (a.clickIds.some((id) => b.clickIds.includes(id))) return `of the same click, ${dated}`;
  if (apartMs > (a.dated && b.dated ? DATED_MS : UNDATED_MS)) return null;
  if (a.deviceId !== null && a.deviceId === b.deviceId) return `of the same device, ${dated}`;
  return a.user !== null && a.user === b.user ? `of the same user, ${dated}` : null;
}

/**
 * Which of these reports repeat which other one. Reports that are one install two by two are one altogether; of these the one
 * with the surest credit counts, of equals the first received. A sender tells of each install once: two reports of one sender are
 * two installs, even where a third party's is like both (a click id that was pasted into a template is on thousands of installs).
 * What was once found to be one stays so.
 *
 * @param reports all that may be one with any of them; their order does not matter.
 * @returns by id: null for each that counts, else what it repeats.
 */
export function oneInstall(reports: readonly InstallReport[]): ReadonlyMap<string, SameInstall | null> {
  let groups: (readonly InstallReport[])[] = [];
  const known = reports.filter(({ sameAsId }) => sameAsId !== null);
  const joined = new Set(known.flatMap(({ id, sameAsId }) => [id, sameAsId]));
  // Groups of before first, so that nothing that came later takes their place.
  const inOrder = [
    ...reports.filter(({ id }) => joined.has(id)).toSorted(byReceipt),
    ...reports.filter(({ id }) => !joined.has(id)).toSorted(byReceipt),
  ];
  for (const report of inOrder) {
    let own: readonly InstallReport[] = [report];
    const others: (readonly InstallReport[])[] = [];
    for (const group of groups) {
      const one = group.some((member) => wereOne(member, report) || sameInstall(member, report) !== null);
      const sources = new Set(own.map(({ sourceId }) => sourceId));
      if (one && group.every(({ sourceId }) => !sources.has(sourceId))) own = [...group, ...own];
      else others.push(group);
    }
    groups = [...others, own];
  }
  const found = new Map<string, SameInstall | null>();
  for (const group of groups) {
    const [first, ...rest] = group.toSorted((a, b) => sureness(a) - sureness(b) || byReceipt(a, b));
    if (!first) continue;
    found.set(first.id, null);
    for (const report of rest) {
      // Where a third report joins the two, they have nothing in common that could be named.
      const why = sameInstall(report, first) ?? 'by way of another report';
      found.set(report.id, {
        id: first.id,
        text: `the same install as from source "${first.sourceId}", ${why}`,
      });
    }
  }
  return found;
}

function wereOne(a: InstallReport, b: InstallReport): boolean {
  return a.sameAsId === b.id || b.sameAsId === a.id || (a.sameAsId !== null && a.sameAsId === b.sameAsId);
}

/** As credit ranks what speaks for a conversion: the click that was sent, another click, the sender's word, a view, nothing. */
function sureness({ match, viewThrough }: InstallReport): number {
  if (match === null) return 4;
  if (viewThrough) return 3;
  return match === 'click_id' ? 0 : match === 'sender' ? 2 : 1;
}

function byReceipt(a: InstallReport, b: InstallReport): number {
  return a.receivedAtMs - b.receivedAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
