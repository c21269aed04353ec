import { sql } from 'kysely';
import { loadForForwarding } from '../db/forwarding/conversions.ts';
import type { DestinationRow } from '../db/forwarding/destinations.ts';
import { openDestination } from '../destination-access.ts';
import { OperatorError } from '../errors.ts';
import { buildRequest } from '../outbound/build-request.ts';
import { outboundConversion } from '../outbound/conversion-facts.ts';
import type { OutboundConversion } from '../outbound/conversion.ts';
import { tokenRequest } from '../outbound/access-token.ts';
import type { Destination, OutboundRequest, Skipped } from '../outbound/destination.ts';
import type { HttpParts } from '../outbound/http-parts.ts';
import { judgeAnswer, type Verdict } from '../outbound/judge-answer.ts';
import { attemptLine, maskSecrets } from '../outbound/mask.ts';
import { type Sent, sendRequest } from '../outbound-send.ts';
import { createTokens } from '../outbound-token.ts';
import { ownMark } from '../own-addresses.ts';
import { type CliContext, UsageError } from './command.ts';
import { outboundGuard } from './outbound-guard.ts';

export interface TestOptions {
  readonly conversion?: string;
  readonly send?: true;
}

/** Newest conversions looked through for one that would go there. */
const LOOK_AT = 200;

/** Stands where the access token will stand that is fetched when something is really sent. */
const TOKEN_TO_COME = 'fetched-when-sent';

/** `destination test`: the request for a stored conversion, and with --send what the receiver says to it. */
export async function test(context: CliContext, row: DestinationRow, options: TestOptions): Promise<void> {
  const guard = outboundGuard(context);
  const send = (request: HttpParts): Promise<Sent> =>
    sendRequest(request, { guard, wallNowMs: () => context.wallNowMs() });
  const destination = await withToken(openDestination(context.secretKey(), row), send, options.send === true);
  const building = {
    nowMs: await context.nowMs(row.workspace_id),
    guard,
    mark: ownMark(context.secretKey()),
  };
  const { conversion, request } = await chooseConversion(context, row, {
    wanted: options.conversion,
    build: (one) => buildRequest(destination, one, building),
    mark: building.mark,
  });
  if (request.kind === 'skipped')
    throw new OperatorError(request.reason, unsentWords(conversion, request, options.conversion), {
      next: 'Change the destination with ./bidloop destination set, or name another conversion with --conversion.',
    });
  const said = requestView(destination, request);
  const what = `For conversion ${conversion.id} (${conversion.event}, ${conversion.status}):`;
  if (options.send !== true) {
    const end = 'Nothing was sent. With --send it is, once; the receiver may count it.';
    context.print(
      { conversion: conversion.id, request: said, sent: false },
      [what, ...requestLines(said), end].join('\n'),
    );
    return;
  }
  const sent = await send(request);
  if (sent.kind === 'refused_address')
    throw new OperatorError('refused_address', sent.why, {
      next: 'Give another address, or allow this one.',
    });
  const { nowMs } = building;
  const verdict = judgeAnswer(destination, sent, { attempts: 1, firstAtMs: nowMs, nowMs });
  const line = attemptLine(request, sent, destination.secrets);
  const why = verdict.kind === 'delivered' ? null : maskSecrets(verdict.why, destination.secrets);
  context.print(
    {
      conversion: conversion.id,
      request: said,
      sent: true,
      status: line.status,
      answer: line.body,
      latencyMs: sent.latencyMs,
      verdict: verdict.kind,
      why,
    },
    [
      what,
      ...requestLines(said),
      `  ← ${line.status ?? 'no answer'} after ${sent.latencyMs} ms: ${line.body}`,
      verdictWords(verdict, why),
      'This was a test: it stands in no log, and what is due is sent all the same.',
    ].join('\n'),
  );
}

/** A destination that signs in by a refresh token gets its access token when something is sent, and a word until then. */
async function withToken(
  destination: Destination,
  send: (request: HttpParts) => Promise<Sent>,
  really: boolean,
): Promise<Destination> {
  if (tokenRequest(destination) === null) return destination;
  if (!really) return { ...destination, secrets: { ...destination.secrets, access_token: TOKEN_TO_COME } };
  const ready = await createTokens({ send, wallNowMs: () => 0 }).tokenFor(destination);
  if (ready.kind === 'ready') return ready.destination;
  throw new OperatorError('no_access_token', ready.why, {
    next:
      ready.kind === 'passing'
        ? 'Ask again in a minute; what is due is sent by itself when the sign-in answers.'
        : `Sign in anew and store what you get: ./bidloop destination set ${destination.id} --secret refresh_token`,
  });
}

function verdictWords(verdict: Verdict, why: string | null): string {
  switch (verdict.kind) {
    case 'delivered':
      return verdict.askAtMs === null
        ? 'Delivered.'
        : 'Taken; it is judged later, and of a test nobody asks how.';
    case 'retry':
      return `It would be tried again: ${why}.`;
    case 'failed':
    case 'given_up':
      return `It would fail: ${why}. ${verdict.next}`;
  }
}

function unsentWords(conversion: OutboundConversion, skipped: Skipped, wanted: string | undefined): string {
  return wanted === undefined
    ? `none of the newest ${LOOK_AT} conversions would be sent; of the newest, ${conversion.id}: ${skipped.message}`
    : `conversion ${conversion.id} would not be sent: ${skipped.message}`;
}

interface Choice {
  readonly conversion: OutboundConversion;
  readonly request: OutboundRequest | Skipped;
}

/** The one that is wanted, or the newest that would be sent, or the newest. */
async function chooseConversion(
  context: CliContext,
  row: DestinationRow,
  choice: {
    readonly wanted: string | undefined;
    readonly build: (conversion: OutboundConversion) => OutboundRequest | Skipped;
    readonly mark: string;
  },
): Promise<Choice> {
  const { wanted, build, mark } = choice;
  const db = await context.db();
  if (wanted !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(wanted))
    throw new UsageError(`"${wanted}" is no conversion id; ./bidloop forward list --json names some`);
  const ids =
    wanted === undefined
      ? (
          await sql<{ id: string }>`
            select id from conversion where workspace_id = ${row.workspace_id}
            order by received_at desc limit ${LOOK_AT}`.execute(db)
        ).rows.map(({ id }) => id)
      : [wanted];
  const stored = await loadForForwarding(db, ids);
  let newest: Choice | null = null;
  for (const id of ids) {
    const facts = stored.get(id);
    if (facts === undefined || facts.workspaceId !== row.workspace_id) continue;
    const conversion = outboundConversion(facts, mark);
    const one = { conversion, request: build(conversion) };
    if (one.request.kind === 'request') return one;
    newest ??= one;
  }
  if (newest !== null) return newest;
  throw new OperatorError(
    'no_conversion',
    wanted === undefined
      ? 'there is no conversion in this workspace yet'
      : `there is no conversion "${wanted}" here`,
    { next: 'Send a test postback to a source first: ./bidloop source show <source>' },
  );
}

function requestView(destination: Destination, request: OutboundRequest) {
  const hide = (text: string) => maskSecrets(text, destination.secrets);
  return {
    method: request.method,
    url: hide(request.url),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, hide(value)])),
    body: request.body === null ? null : hide(request.body),
  };
}

function requestLines(request: ReturnType<typeof requestView>): readonly string[] {
  return [
    `  ${request.method} ${request.url}`,
    ...Object.entries(request.headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(request.body === null ? [] : [`  ${request.body}`]),
  ];
}
