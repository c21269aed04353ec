import { sql } from 'kysely';
import { loadForForwarding } from '../db/forwarding/conversions.ts';
import type { DestinationRow } from '../db/forwarding/destinations.ts';
import { openDestination } from '../destination-access.ts';
import { OperatorError } from '../errors.ts';
import { buildRequest } from '../outbound/build-request.ts';
import { outboundConversion } from '../outbound/conversion-facts.ts';
import type { OutboundConversion } from '../outbound/conversion.ts';
import type { Destination, OutboundRequest } from '../outbound/destination.ts';
import { planForward } from '../outbound/forward.ts';
import { judgeAnswer } from '../outbound/judge-answer.ts';
import { attemptLine, maskSecrets } from '../outbound/mask.ts';
import { sendRequest } from '../outbound-send.ts';
import { ownMark } from '../own-addresses.ts';
import { type CliContext, UsageError } from './command.ts';
import { outboundGuard } from './outbound-guard.ts';

export interface TestOptions {
  readonly conversion?: string;
  readonly send?: true;
}

/** Newest conversions looked through for one that would go there. */
const LOOK_AT = 200;

/** `destination test`: the request for a stored conversion, and with --send what the receiver says to it. */
export async function test(context: CliContext, row: DestinationRow, options: TestOptions): Promise<void> {
  const destination = openDestination(context.secretKey(), row);
  const mark = ownMark(context.secretKey());
  const conversion = await chooseConversion(context, row, { destination, mark, wanted: options.conversion });
  const guard = outboundGuard(context);
  const nowMs = await context.nowMs(row.workspace_id);
  const request = buildRequest(destination, conversion, { nowMs, guard, mark });
  if (request.kind === 'skipped')
    throw new OperatorError(
      request.reason,
      `conversion ${conversion.id} would not be sent: ${request.message}`,
      {
        next: 'Change the destination with ./bidloop destination set, or name another one with --conversion.',
      },
    );
  const said = requestView(destination, request);
  if (options.send !== true) {
    context.print(
      { conversion: conversion.id, request: said, sent: false },
      [
        `For conversion ${conversion.id} (${conversion.event}, ${conversion.status}):`,
        ...requestLines(said),
        'Nothing was sent. With --send it is, once; the receiver may count it.',
      ].join('\n'),
    );
    return;
  }
  const sent = await sendRequest(request, { guard, wallNowMs: () => context.wallNowMs() });
  if (sent.kind === 'refused_address')
    throw new OperatorError('refused_address', sent.why, {
      next: 'Give another address, or allow this one.',
    });
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
      `For conversion ${conversion.id} (${conversion.event}, ${conversion.status}):`,
      ...requestLines(said),
      `  ← ${line.status ?? 'no answer'} after ${sent.latencyMs} ms: ${line.body}`,
      why === null ? 'Delivered.' : `${verdict.kind}: ${why}`,
      'This was a test: it stands in no log, and what is due is sent all the same.',
    ].join('\n'),
  );
}

async function chooseConversion(
  context: CliContext,
  row: DestinationRow,
  choice: { readonly destination: Destination; readonly mark: string; readonly wanted: string | undefined },
): Promise<OutboundConversion> {
  const { destination, mark, wanted } = choice;
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
  const conversions = ids.flatMap((id) => {
    const facts = stored.get(id);
    return facts === undefined || facts.workspaceId !== row.workspace_id
      ? []
      : [outboundConversion(facts, mark)];
  });
  const fitting =
    conversions.find((one) => planForward(destination, one).kind === 'forward') ?? conversions[0];
  if (fitting !== undefined) return fitting;
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
