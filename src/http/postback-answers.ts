import type { ServerResponse } from 'node:http';
import type { NewPostback } from '../db/postback-insert.ts';
import type { Params } from '../sources/params.ts';
import type { Stored } from './group-commit.ts';
import { uuidText } from './ids.ts';
import { sendJson, sendText } from './plain-answers.ts';
import type { SourceEntry } from './tracking-book.ts';

/** Why a request is no conversion, in words for the person who set its sender up. */
export interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
  readonly message: string;
  readonly next: string;
  readonly warnings?: readonly string[];
}

/** Answers a postback that was understood, in its sender's way. */
export function answerStored(
  stored: Stored,
  row: NewPostback,
  source: SourceEntry,
  params: Params,
  response: ServerResponse,
): void {
  const { profile } = source;
  const strict = profile.answers === 'codes';
  if (stored.outcome === 'unavailable') return sendUnavailable(response);
  const text = answerText(source, params) ?? profileText(source, stored.outcome);
  if (text !== null) return sendText(response, 200, text);
  switch (stored.outcome) {
    case 'stored': {
      const warnings = row.warnings === null ? '' : `,"warnings":${JSON.stringify(row.warnings.split('\n'))}`;
      return sendJson(response, 200, `{"status":"accepted","id":"${uuidText(row.id)}"${warnings}}`);
    }
    case 'duplicate':
      return sendJson(
        response,
        strict ? 409 : 200,
        `{"status":"duplicate","reason":"duplicate","id":"${uuidText(row.id)}","firstId":${stored.firstId === null ? 'null' : `"${stored.firstId}"`}}`,
      );
    case 'unstorable':
      return sendJson(
        response,
        strict ? 400 : 200,
        refusalBody(
          {
            httpStatus: 400,
            reason: 'unstorable',
            message: 'The database cannot hold a value of this postback.',
            next: 'Look for numbers or texts of unusual size in it.',
          },
          null,
        ),
      );
  }
}

/** The text the sender asked to be answered with, or null. */
export function answerText(source: SourceEntry, params: Params): string | null {
  const name = source.profile.answerParam;
  const text = name === null ? undefined : params.values.get(name);
  return text === undefined || text === '' ? null : text.slice(0, 200);
}

/** What the sender reads instead of our JSON: offerwalls look for OK and DUP. */
function profileText(source: SourceEntry, outcome: Stored['outcome']): string | null {
  const texts = source.profile.answerTexts;
  if (texts === null) return null;
  return outcome === 'stored' ? texts.accepted : outcome === 'duplicate' ? texts.duplicate : null;
}

/** @param id the row's, or null when none was kept. */
export function refusalBody(refusal: Refusal, id: string | null): string {
  return JSON.stringify({
    status: 'refused',
    reason: refusal.reason,
    message: refusal.message,
    next: refusal.next,
    ...(id === null ? {} : { id }),
  });
}

/** Nothing was stored: the one case in which a sender shall repeat. */
export function sendUnavailable(response: ServerResponse): void {
  sendJson(
    response,
    503,
    '{"status":"unavailable","reason":"not_stored","message":"The database does not answer; nothing was stored.","next":"Send the same request again in a few seconds."}',
    { 'retry-after': '5' },
  );
}
