import type { Command } from 'commander';
import { nearestWord } from '../core/nearest-word.ts';
import type { Db } from '../db/connection.ts';
import { rehearse } from '../db/rehearsal.ts';
import { signatureContext } from '../db/sources.ts';
import { OperatorError } from '../errors.ts';
import { acceptedRow, type Inbound } from '../http/postback-row.ts';
import { open } from '../secrets.ts';
import { type Explanation, type Given, readAnything } from '../sources/explain/read-anything.ts';
import { profileNamed } from '../sources/explain/recognise.ts';
import { splitAddress } from '../sources/explain/split-address.ts';
import { FIRST_OF_NETWORK } from '../sources/network-click-ids.ts';
import { emptyParams, readBody, readPairs } from '../sources/params.ts';
import { ownMark } from '../own-addresses.ts';
import { sourceProfiles } from '../sources/registry.ts';
import { readVia } from '../sources/via.ts';
import { checkSignature, placeOfSignature, type Wire } from '../sources/signature.ts';
import { publicAddress } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { curlOf } from './curl.ts';
import { type Pasted, readPasted } from './postback-paste.ts';
import { type Here, sourcesHere, speaker, type Target, targetNamed, targetOf } from './postback-target.ts';
import { explanationData, explanationText } from './postback-text.ts';
import { rehearsalData, rehearsalText } from './rehearsal-text.ts';
import { shownKeyOf } from './source-address.ts';

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
    .argument(
      '<what>',
      'in quotes: an address with its parameters, the JSON of a body, a whole curl command, an HTTP request, a line of an access log',
    )
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
  const kind = kindOf(options.kind);
  const pasted = readPasted(what);
  if (pasted.body !== undefined && options.body !== undefined)
    throw new UsageError('give the address first and its body with --body, not two bodies');
  const { address, contentType } = pasted;
  const body = pasted.body ?? options.body;
  const given: Given = {
    ...(address === undefined ? {} : { address }),
    ...(body === undefined ? {} : { body }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(kind === undefined ? {} : { kind }),
    nowMs: context.wallNowMs(),
  };
  const here = await sourcesHere(context);
  checkSourceName(options.source, here);
  const found = await findTarget(context, here, given);
  refuseNothing(given, found.explanation);
  const { explanation, target } = found;
  const happens =
    here === null || target === null
      ? null
      : await happening(context, here.db, { target, given, pasted, explanation });
  const forSources = explanation.kind === 'inbound_postback' && explanation.apple === null;
  context.print(
    { ...explanationData(explanation), ...happens?.data },
    [
      explanationText(explanation, found.source),
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

interface FoundTarget {
  readonly target: Target | null;
  readonly explanation: Explanation;
  /** How the source was found, for a person; null where readAnything says it. */
  readonly source: string | null;
}

/** By its name, else by the address itself, else by whose words it speaks, if only one source speaks so. */
async function findTarget(context: CliContext, here: Here | null, given: Given): Promise<FoundTarget> {
  if (here === null) return { target: null, explanation: readAnything(given), source: null };
  const read = async (target: Target): Promise<Explanation> =>
    readAnything({ ...given, target, nowMs: await context.nowMs(target.row.workspace_id) });
  const named = targetNamed(here.rows, given.source, given.address);
  if (named !== undefined) {
    const target = await targetOf(here.db, named);
    const how = given.source === undefined ? 'as its address says' : 'as you said';
    return {
      target,
      explanation: await read(target),
      source: `${target.profile.title} (source "${target.id}", ${how})`,
    };
  }
  const explanation = readAnything(given);
  const only =
    explanation.kind === 'inbound_postback' && explanation.apple === null
      ? await speaker(here, explanation.source.id)
      : null;
  if (only === null) return { target: null, explanation, source: null };
  const target = await targetOf(here.db, only);
  return {
    target,
    explanation: await read(target),
    source: `${target.profile.title} (source "${target.id}", the only one that speaks so)`,
  };
}

/** @throws OperatorError `unknown_source` for a name that is neither a source nor a sender nor a network. */
function checkSourceName(name: string | undefined, here: Here | null): void {
  if (name === undefined) return;
  const sources = here?.rows.map((row) => row.id) ?? [];
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  if (sources.includes(name) || profileNamed(name) !== null) return;
  if (words.some((word) => Object.hasOwn(FIRST_OF_NETWORK, word))) return;
  const near = nearestWord(name, [...sources, ...sourceProfiles().map((profile) => profile.id)]);
  throw new OperatorError(
    'unknown_source',
    `"${name}" is neither a source here nor a sender that is known${near === null ? '' : `; did you mean "${near}"?`}`,
    { next: '`./bidloop source list` names the sources; leave --source out to have it guessed.' },
  );
}

/** @throws UsageError for a text in which nothing could be read by anybody. */
function refuseNothing({ address = '', body }: Given, explanation: Explanation): void {
  const silent = Object.keys(explanation.said).length === 0 && explanation.unread.length === 0;
  if (!silent || body !== undefined || /[/=?]/.test(address)) return;
  throw new UsageError(
    'there is nothing in it that could be read; paste an address with its parameters, a body of JSON, or a whole curl command, in quotes',
  );
}

interface Rehearsing {
  readonly target: Target;
  readonly given: Given;
  readonly pasted: Pasted;
  readonly explanation: Explanation;
}

/** What its source's door and ingest would make of it, and the command that sends it as a test. */
async function happening(
  context: CliContext,
  db: Db,
  { target, given, pasted, explanation: { postback } }: Rehearsing,
): Promise<{ readonly data: object; readonly lines: readonly string[] } | null> {
  if (postback === null) return null;
  const curl = testCurl(context, target, given);
  const nowMs = await context.nowMs(target.row.workspace_id);
  const inbound = inboundOf(context, target, given);
  const base = { inbound, workspaceId: target.row.workspace_id, sourceId: target.id, nowMs, secret: null };
  const rehearsal = postback.ok
    ? await rehearse(db, acceptedRow(base, postback.reading), context.wallNowMs())
    : null;
  const ours = postback.ok && readVia(postback.reading.via).includes(ownMark(context.secretKey()));
  const back = ours
    ? [
        '  It carries the mark of this installation: our own postback, come back. No destination is told of it.',
      ]
    : [];
  return {
    data: { target: target.id, wouldHappen: rehearsal === null ? null : rehearsalData(rehearsal), curl },
    lines: [
      ...(rehearsal === null
        ? []
        : ['', `At source "${target.id}", right now:`, ...rehearsalText(rehearsal, target.id), ...back]),
      ...signatureLines(context, { target, given, pasted }),
      '',
      'Send it as a test, which counts nowhere:',
      `  ${curl}`,
    ],
  };
}

/** Whether the door would believe it, where its sender signs. */
function signatureLines(
  context: CliContext,
  { target, given, pasted }: Pick<Rehearsing, 'target' | 'given' | 'pasted'>,
): readonly string[] {
  const rule = target.settings.signature;
  const sealed = target.row.signature_sealed;
  if (rule === undefined || sealed === null) return [];
  const params = emptyParams();
  readPairs(splitAddress(given.address ?? '', 'sent').query, params);
  if (given.body !== undefined) readBody(Buffer.from(given.body), given.contentType ?? '', params);
  const place = placeOfSignature(rule);
  if (rule.in === 'header' && Object.keys(pasted.headers).length === 0)
    return [`  Its signature stands in ${place}: paste the whole request, as a curl command, to check it.`];
  const verdict = checkSignature(
    params,
    rule,
    open(context.secretKey(), sealed, signatureContext(target.id)),
    wireOf(given, pasted),
  );
  return {
    right: [`  Its signature in ${place} holds.`],
    wrong: [`  But its signature in ${place} does not hold: it would be refused (bad_signature).`],
    unsigned: [`  But it has no signature in ${place}: it would be refused (signature_missing).`],
  }[verdict];
}

/** The bytes that its sender signed, as far as they were pasted. */
function wireOf({ address = '', body }: Given, { headers }: Pasted): Wire {
  const [, host, url = address] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)([^#]*)/i.exec(address) ?? [];
  return {
    url,
    body: body === undefined ? null : Buffer.from(body),
    headers: host === undefined ? headers : { host, ...headers },
  };
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
    headers: {},
    wallMs: context.wallNowMs(),
  };
}

function testCurl(context: CliContext, target: Target, given: Given): string {
  const { base } = publicAddress(context.config.publicUrl, context.pageUrl());
  const key = shownKeyOf(context, target.row);
  const query = [
    splitAddress(given.address ?? '', 'sent').query,
    `${target.profile.names.test[0] ?? 'test'}=1`,
  ];
  return curlOf({
    url: `${base}/p/${target.id}${key === null ? '' : `/${key}`}?${query.filter((part) => part !== '').join('&')}`,
    ...(given.body === undefined ? {} : { body: given.body }),
    ...(given.contentType === undefined ? {} : { contentType: given.contentType }),
  });
}

function kindOf(word: string | undefined): (typeof KINDS)[keyof typeof KINDS] | undefined {
  if (word === undefined) return undefined;
  for (const [short, kind] of Object.entries(KINDS)) if (word === short || word === kind) return kind;
  throw new UsageError(`--kind is one of ${Object.keys(KINDS).join(', ')}, not "${word}"`);
}
