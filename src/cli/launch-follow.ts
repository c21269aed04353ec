import { setTimeout as sleep } from 'node:timers/promises';
import { clickOfLink, postbackOfClick, strayPostbacks, type Since } from '../db/launch-facts.ts';
import { OperatorError } from '../errors.ts';
import { clickAdvice, reasonAdvice } from '../sources/advice.ts';
import type { CliContext } from './command.ts';

const LOOK_MS = 500;

export interface Followed {
  readonly sourceId: string;
  readonly workspaceId: string;
  readonly linkId: string;
  readonly untilWallMs: number;
}

/**
 * Waits for a click of the link, then for what becomes of a postback with its id. What the source sends meanwhile and
 * nobody can be credited with is told at once: most often that is the conversion, with the wrong id in it.
 *
 * @throws OperatorError `nothing_arrived` when the time is over, `not_matched` when the postback is not credited.
 */
export async function followVisit(
  context: CliContext,
  { sourceId, workspaceId, linkId, untilWallMs }: Followed,
): Promise<void> {
  const db = await context.db();
  const since: Since = { wallMs: context.wallNowMs(), workspaceMs: await context.nowMs(workspaceId) };
  const until = async <T>(look: () => Promise<T | undefined>, what: string, next: string): Promise<T> => {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (context.wallNowMs() > untilWallMs) throw new OperatorError('nothing_arrived', what, { next });
      await sleep(LOOK_MS);
    }
  };
  context.note('\nWaiting for the visit (Ctrl-C ends the waiting) …');
  const click = await until(
    () => clickOfLink(db, linkId, since),
    `no visit of "${linkId}" came`,
    'Is PUBLIC_URL what the device can reach? Open the address itself on the device.',
  );
  for (const flag of click.flags) {
    const { what, next } = clickAdvice(flag, linkId);
    context.note(`Odd: ${what}. ${next}`);
  }
  context.note(`Click ${click.id}. Now convert on the device; waiting for the postback …`);
  const told = new Set<string>();
  const postback = await until(
    async () => {
      const found = await postbackOfClick(db, sourceId, click.id, since);
      if (found !== undefined) return found;
      for (const stray of (await strayPostbacks(db, sourceId, click.id, since)).toReversed()) {
        if (told.has(stray.id)) continue;
        told.add(stray.id);
        const why = stray.reason === null ? '' : ` (${stray.reason})`;
        context.note(
          `Another postback came, without this click: ${stray.outcome}${why}. ${stray.detail ?? ''}`.trimEnd(),
        );
      }
      return undefined;
    },
    `the visit came as click ${click.id}, but no postback with this id`,
    'Does the landing page keep the click id, and does the sender send it back? `./bidloop postback errors` shows what else came.',
  );
  const isMatch = ['counted', 'updated', 'test'].includes(postback.outcome);
  if (!isMatch) {
    const { what, next } = reasonAdvice(postback.reason ?? '');
    throw new OperatorError(
      'not_matched',
      `its postback came and is ${postback.outcome}${postback.reason === null ? '' : ` (${postback.reason}: ${what})`}${postback.detail === null ? '' : `; ${postback.detail}`}`,
      {
        next: next === '' ? '`./bidloop postback explain` says why.' : next.replaceAll('<source>', sourceId),
      },
    );
  }
  const end =
    postback.outcome === 'test' ? 'It was marked as a test and counts nowhere.' : 'Ready to launch.';
  context.print({ click: click.id, ...postback }, `Matched: ${postback.detail ?? postback.outcome}. ${end}`);
}
