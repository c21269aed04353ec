import type { Command } from 'commander';
import type { Db } from '../db/connection.ts';
import { type Rehearsal, rehearse } from '../db/rehearsal.ts';
import { acceptedRow, type Inbound } from '../http/postback-row.ts';
import { type Explanation, type Given, readAnything } from '../sources/explain/read-anything.ts';
import { signatureContext } from '../db/sources.ts';
import { open } from '../secrets.ts';
import { emptyParams, readBody, readPairs } from '../sources/params.ts';
import { checkSignature } from '../sources/signature.ts';
import { splitAddress } from '../sources/explain/split-address.ts';
import { type CliContext, UsageError } from './command.ts';
import { curlOf } from './curl.ts';
import { type Target, sourcesHere, targetNamed, targetOf } from './postback-target.ts';
import { explanationData, explanationText } from './postback-text.ts';
import { rehearsalData, rehearsalText } from './rehearsal-text.ts';
import { keyOf } from './source-address.ts';
import { publicAddress } from './choose-workspace.ts';

const KINDS = { inbound: 'inbound_postback', template: 'outbound_template', click: 'click' } as const;

interface ExplainOptions {
  readonly source?: string;
  readonly kind?: string;
  readonly body?: string;
}

/**
 * `postback explain`: what a postback, a template or a click says, field by field, and what would become of it here.
 * Writes nothing, and needs no database for the reading.
 */
export function registerExplain(postback: Command, context: CliContext): void {
  postback
    .command('explain')
    .argument('<what>', 'an address with its parameters, or the JSON of a body; in quotes')
    .option(
      '--source <name>',
      'the source it would come to, or whose words it speaks (voluum, adjust, …); guessed when left out',
    )
    .option('--kind <kind>', `what it is: ${Object.keys(KINDS).join(', ')}; guessed when left out`)
    .option('--body <text>', 'the body that came with the address')
    .description('say what each field holds, what is odd, and what would happen, writing nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop postback explain "https://trk.example.com/postback?cid=[subid]&payout=[commission]" --source voluum\n  ./bidloop postback explain "click_id=01K9…&event=purchase&amount=12.50" --source shop\n  ./bidloop postback explain \'{"name":"open","timestamp":1512681005807}\' --json',
    )
    .action((what: string, options: ExplainOptions) => explain(context, what, options));
}

async function explain(context: CliContext, what: string, options: ExplainOptions): Promise<void> {
  const isBody = /^\s*[{[]/.test(what) && !/^\s*\{[\w.-]+\}/.test(what);
  if (isBody && options.body !== undefined)
    throw new UsageError('give the address first and its body with --body, not two bodies');
  const body = isBody ? what : options.body;
  const kind = kindOf(options.kind);
  const given: Given = {
    ...(isBody ? {} : { address: what }),
    ...(body === undefined ? {} : { body }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(kind === undefined ? {} : { kind }),
    nowMs: context.wallNowMs(),
  };
  const here = await sourcesHere(context);
  const first = here === null ? undefined : targetNamed(here.rows, options.source, given.address);
  let target = here === null || first === undefined ? null : await targetOf(here.db, first);
  let explanation = await read(context, given, target);
  const forSources = explanation.kind === 'inbound_postback' && explanation.apple === null;
  if (here !== null && target === null && forSources) {
    // Whose words it speaks tells where it would come to, if only one source speaks so.
    const speakers = here.rows.filter((row) => row.profile === explanation.source.id);
    const [only] = speakers;
    if (only !== undefined && speakers.length === 1) {
      target = await targetOf(here.db, only);
      explanation = await read(context, given, target);
    }
  }
  const happens =
    here === null || target === null ? null : await happening(context, here.db, target, given, explanation);
  context.print(
    { ...explanationData(explanation), ...happens?.data },
    [
      explanationText(explanation),
      ...(happens?.lines ?? []),
      ...(here !== null && target === null && forSources && here.rows.length > 0
        ? [
            '',
            `To see what would become of it here, name its source: --source ${here.rows
              .slice(0, 5)
              .map((row) => row.id)
              .join(' | ')}`,
          ]
        : []),
    ].join('\n'),
  );
}

async function read(context: CliContext, given: Given, target: Target | null): Promise<Explanation> {
  if (target === null) return readAnything(given);
  return readAnything({ ...given, target, nowMs: await context.nowMs(target.row.workspace_id) });
}

/** What its source's door and ingest would make of it, and the command that sends it as a test. */
async function happening(
  context: CliContext,
  db: Db,
  target: Target,
  given: Given,
  { postback }: Explanation,
): Promise<{ readonly data: object; readonly lines: readonly string[] } | null> {
  if (postback === null) return null;
  const curl = testCurl(context, target, given);
  const rehearsal = postback.ok
    ? await rehearse(
        db,
        acceptedRow(
          {
            inbound: inboundOf(context, target, given),
            workspaceId: target.row.workspace_id,
            sourceId: target.id,
            nowMs: await context.nowMs(target.row.workspace_id),
            secret: null,
          },
          postback.reading,
        ),
        context.wallNowMs(),
      )
    : null;
  return {
    data: { target: target.id, wouldHappen: rehearsal === null ? null : rehearsalData(rehearsal), curl },
    lines: [
      ...lines(target, rehearsal),
      ...signatureLines(context, target, given),
      '',
      'Send it as a test, which counts nowhere:',
      `  ${curl}`,
    ],
  };
}

function lines(target: Target, rehearsal: Rehearsal | null): readonly string[] {
  return rehearsal === null ? [] : ['', `At source "${target.id}", right now:`, ...rehearsalText(rehearsal)];
}

/** Whether the door would believe it, where its sender signs. */
function signatureLines(context: CliContext, target: Target, given: Given): readonly string[] {
  const rule = target.settings.signature;
  const sealed = target.row.signature_sealed;
  if (rule === undefined || sealed === null) return [];
  const params = emptyParams();
  readPairs(splitAddress(given.address ?? '', 'sent').query, params);
  if (given.body !== undefined) readBody(Buffer.from(given.body), '', params);
  const verdict = checkSignature(
    params,
    rule,
    open(context.secretKey(), sealed, signatureContext(target.id)),
  );
  return {
    right: [`  Its signature in "${rule.param}" holds.`],
    wrong: [`  But its signature in "${rule.param}" does not hold: it would be refused (bad_signature).`],
    unsigned: [`  But it has no signature in "${rule.param}": it would be refused (signature_missing).`],
  }[verdict];
}

/** The request as the door would see it. */
function inboundOf(context: CliContext, target: Target, given: Given): Inbound {
  const query = splitAddress(given.address ?? '', 'sent').query;
  const path = `/p/${target.id}`;
  return {
    method: given.body === undefined ? 'GET' : 'POST',
    url: `${path}?${query}`,
    path,
    query,
    sourceId: target.id,
    pathKey: null,
    body: given.body === undefined ? null : Buffer.from(given.body),
    bodySize: 0,
    cutOff: false,
    contentType: null,
    address: null,
    userAgent: null,
    preview: false,
    clientSide: false,
    headerKey: null,
    wallMs: context.wallNowMs(),
  };
}

function testCurl(context: CliContext, target: Target, given: Given): string {
  const { base } = publicAddress(context.config.publicUrl, context.pageUrl());
  const key = keyOf(context, target.row);
  const query = [
    splitAddress(given.address ?? '', 'sent').query,
    `${target.profile.names.test[0] ?? 'test'}=1`,
  ];
  return curlOf({
    url: `${base}/p/${target.id}${key === null ? '' : `/${key ?? '<key>'}`}?${query.filter((part) => part !== '').join('&')}`,
    ...(given.body === undefined ? {} : { body: given.body }),
  });
}

function kindOf(word: string | undefined): (typeof KINDS)[keyof typeof KINDS] | undefined {
  if (word === undefined) return undefined;
  for (const [short, kind] of Object.entries(KINDS)) if (word === short || word === kind) return kind;
  throw new UsageError(`--kind is one of ${Object.keys(KINDS).join(', ')}, not "${word}"`);
}
