import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Db } from '../db/connection.ts';
import {
  hasDestinations,
  type Journey,
  journeyOf,
  newestClick,
  postbackOfTxid,
} from '../db/postback-journey.ts';
import { signatureContext } from '../db/sources.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { open } from '../secrets.ts';
import { emptyParams, readPairs } from '../sources/params.ts';
import type { Field } from '../sources/profile.ts';
import { signaturesOf } from '../sources/signature.ts';
import { type CliContext, UsageError } from './command.ts';
import { curlOf } from './curl.ts';
import { knownSource } from './known-source.ts';
import { reasonAdvice } from '../sources/advice.ts';
import { type Target, targetOf } from './postback-target.ts';
import { keyOf } from './source-address.ts';

interface SendOptions {
  readonly source: string;
  readonly click?: string;
  readonly event: string;
  readonly amount: string;
  readonly currency?: string;
  readonly param: readonly string[];
  readonly seconds: string;
}

const LOOK_MS = 250;
/** Forwarding is woken at once; where nothing comes of it by then, there is nothing to tell. */
const FORWARD_MS = 5_000;

/** `postback send`: a marked test conversion through the real door, followed to its outcome. It never counts. */
export function registerSend(postback: Command, context: CliContext): void {
  postback
    .command('send')
    .requiredOption('--source <source>', 'the source to send as, by its short name')
    .option('--click <id>', 'the click id to send; the newest click of its workspace when left out')
    .option('--event <name>', 'what happened', 'purchase')
    .option('--amount <amount>', 'its value', '1.00')
    .option('--currency <code>', "its currency; the source's when left out")
    .option(
      '--param <name=value>',
      'another parameter; may be given several times',
      (pair: string, before: readonly string[]) => [...before, pair],
      [],
    )
    .option('--seconds <n>', 'how long to wait for its outcome', '30')
    .description('send a marked test conversion through the real door and follow it; it counts nowhere')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop postback send --source shop\n  ./bidloop postback send --source shop --click 01K9ZQ7D3V5XW8R2M4N6P8Q0ST --event trial --amount 0 --json',
    )
    .action((options: SendOptions) => send(context, options));
}

async function send(context: CliContext, options: SendOptions): Promise<void> {
  const seconds = Number(options.seconds);
  if (!(seconds > 0 && seconds <= 3_600))
    throw new UsageError(`--seconds ${options.seconds}: write 1 to 3600`);
  if (options.event.trim() === '')
    throw new UsageError('--event is empty: name what happened, such as purchase');
  const { db, row } = await knownSource(context, options.source);
  const target = await targetOf(db, row);
  const clickId = options.click ?? (await newestClick(db, row.workspace_id));
  if (clickId === undefined)
    throw new OperatorError('no_click', `no click has come to workspace ${row.workspace_id} yet`, {
      next: 'Open a link of yours (./bidloop link list), or name any id with --click to see an unknown one refused.',
    });
  const txid = `test-${randomBytes(6).toString('hex')}`;
  const request = testRequest(context, target, { ...options, click: clickId }, txid);
  const fromWallMs = context.wallNowMs();
  const answer = await call(request);
  const id = idIn(answer.text) ?? (await postbackOfTxid(db, target.id, txid, fromWallMs));
  const journey =
    id === undefined
      ? undefined
      : await follow(context, db, { id, workspaceId: row.workspace_id, forMs: seconds * 1000 });
  const curl = curlOf(request);
  context.print(
    { source: target.id, click: clickId, curl, answer, journey: journey ?? null },
    [
      `Sent to "${target.id}" with click ${clickId}, marked as a test.`,
      `  ${curl}`,
      '',
      `Answered ${answer.status}: ${answer.text.slice(0, 1_000)}`,
      ...journeyLines(journey, seconds, target.id),
    ].join('\n'),
  );
  if (journey === undefined || journey.outcome !== 'test') process.exitCode = 1;
}

interface TestRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The request with the source's own parameter names, its key, its test mark and, where it signs, its signature. */
function testRequest(
  context: CliContext,
  target: Target,
  options: SendOptions & { readonly click: string },
  txid: string,
): TestRequest {
  const { names } = target.profile;
  const query = new URLSearchParams();
  const put = (field: Field, value: string | undefined): void => {
    const name = names[field][0];
    if (name !== undefined && value !== undefined) query.set(name, value);
  };
  put('clickId', options.click);
  put('event', options.event);
  put('txid', txid);
  put('amount', options.amount);
  put('currency', options.currency ?? target.settings.currency);
  put('test', '1');
  for (const pair of options.param) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--param "${pair}": write it as name=value`);
    query.set(pair.slice(0, at), pair.slice(at + 1));
  }
  const key = keyOf(context, target.row);
  if (key === undefined)
    throw new OperatorError('no_key', `only the hash of the key of "${target.id}" is on record`, {
      next: 'Send the test from the sender itself, with the test parameter set to 1.',
    });
  const path = `/p/${target.id}${key === null ? '' : `/${key}`}`;
  return signed(context, target, `${path}?${query.toString()}`);
}

function signed(context: CliContext, target: Target, pathAndQuery: string): TestRequest {
  const rule = target.settings.signature;
  const sealed = target.row.signature_sealed;
  const url = `${context.pageUrl()}${pathAndQuery}`;
  if (rule === undefined || sealed === null) return { url, headers: {} };
  const params = emptyParams();
  readPairs(pathAndQuery.slice(pathAndQuery.indexOf('?') + 1), params);
  const [signature] = signaturesOf(
    params,
    rule,
    open(context.secretKey(), sealed, signatureContext(target.id)),
    { url: pathAndQuery, body: null, headers: { host: new URL(url).host } },
  );
  return rule.in === 'header'
    ? { url, headers: { [rule.param]: signature } }
    : { url: `${url}&${new URLSearchParams({ [rule.param]: signature }).toString()}`, headers: {} };
}

async function call({
  url,
  headers,
}: TestRequest): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    return { status: response.status, text: (await response.text()).trim() };
  } catch (error) {
    throw new OperatorError('no_server', `nobody answers at ${new URL(url).origin}: ${messageOf(error)}`, {
      next: 'Start the installation with `npm start`, or the server alone with `./bidloop serve`.',
      cause: error,
    });
  }
}

/** The row's id, where the answer is our own JSON. */
function idIn(text: string): string | undefined {
  return /"id":"([0-9a-f-]{36})"/.exec(text)?.[1];
}

async function follow(
  context: CliContext,
  db: Db,
  one: { readonly id: string; readonly workspaceId: string; readonly forMs: number },
): Promise<Journey | undefined> {
  const fromMs = context.wallNowMs();
  let seen = await journeyOf(db, one.id);
  while (seen?.outcome === 'accepted' && context.wallNowMs() - fromMs < one.forMs) {
    await sleep(LOOK_MS);
    seen = await journeyOf(db, one.id);
  }
  if (seen === undefined || seen.conversionId === null || !(await hasDestinations(db, one.workspaceId)))
    return seen;
  const judgedMs = context.wallNowMs();
  while (seen?.forwards.length === 0 && context.wallNowMs() - judgedMs < FORWARD_MS) {
    await sleep(LOOK_MS);
    seen = await journeyOf(db, one.id);
  }
  return seen;
}

function journeyLines(journey: Journey | undefined, seconds: number, sourceId: string): readonly string[] {
  if (journey === undefined) return ['Nothing was stored under this id.'];
  if (journey.outcome === 'accepted')
    return [
      `Stored as ${journey.id}, and not judged within ${seconds} s.`,
      '→ Is a worker running? `./bidloop status` says.',
    ];
  const { what, next } = reasonAdvice(journey.reason ?? '');
  const isTest = journey.outcome === 'test';
  return [
    `Stored as ${journey.id}; ${isTest ? 'judged as a test: it counts nowhere' : `${journey.outcome}${journey.reason === null ? '' : ` (${journey.reason}: ${what})`}`}.`,
    ...(journey.detail === null ? [] : [`  ${journey.detail}`]),
    ...(isTest || next === '' ? [] : [`→ ${next.replaceAll('<source>', sourceId)}`]),
    ...journey.forwards.map(
      ({ destination, state, reason, message }) =>
        `Onward to ${destination}: ${state.replaceAll('_', ' ')}${reason === null ? '' : ` (${reason})`}${message === null ? '' : `. ${message}`}`,
    ),
  ];
}
