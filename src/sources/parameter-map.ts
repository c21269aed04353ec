import { lookUp } from './look-up.ts';
import type { Field, SourceProfile } from './profile.ts';
import { fieldsOf } from './profiles/dialect.ts';
import { GENERIC_STATUSES } from './profiles/generic.ts';
import { sourceProfiles } from './registry.ts';

const FIELDS: Readonly<Record<Field, string>> = {
  clickId: 'click id',
  txid: 'transaction id',
  event: 'event',
  status: 'status',
  amount: 'amount',
  currency: 'currency',
  eventTime: 'event time',
  clickTime: 'time of the click',
  installTime: 'time of the install',
  installBegin: 'begin of the download',
  site: 'site, zone, publisher',
  deviceId: 'device or user id',
  rejected: 'rejected by the sender (1, true)',
  rejectReason: 'why the sender rejected it',
  viewThrough: 'after a view (1, true, impression, view)',
  reEngagement: 're-engagement (1, true, re-engagement, retargeting)',
  test: 'test (1, true)',
  userId: "user's id or e-mail address (kept as SHA-256)",
  country: 'country (two letters)',
  visitorIp: "visitor's address",
  adUserData: 'consent to pass data on to ad networks',
  adPersonalization: 'consent to personalised ads',
  campaign: 'campaign of the network',
  adset: 'ad set of the network',
  ad: 'ad of the network',
  network: 'network, media source',
};

const SCOPES: Readonly<Record<SourceProfile['scopeWithoutTxid'], string>> = {
  'click-event': 'one per click and event; a repeat updates it',
  'click-event-amount': 'one per click and event; another amount is another conversion',
  occurrence: 'one install per device; other events one per device, event, event time and value',
  each: 'each message its own',
};

/** Where the documentation's generated part begins. */
export const PARAMETER_MAP_TITLE = '## Parameters by source';

/** The parameters each sender may use, as a part of the documentation: generated, so that it cannot lag behind. */
export function parameterMap(): string {
  const lines = [
    PARAMETER_MAP_TITLE,
    '',
    'What `./bidloop source parameters` prints; `npx vitest run --project unit test/unit/sources -u` writes it here anew. Names match in any case, values are kept as sent. Where several names fill one field, the first of the list that has a value is used. A name that is on no list but put together of such words (`deposit_currency`, `partner_payout`, `converted_at`) is read last, where its value fits. Below each source stand the names of its own; after them every source also reads those of the generic postback, unless they mean another field there or the list says "only".',
    '',
    ...overview(),
  ];
  for (const profile of sourceProfiles()) lines.push(...parametersOf(profile));
  return lines.join('\n');
}

const COLUMNS = ['clickId', 'txid', 'event', 'status', 'amount', 'currency', 'eventTime'] as const;

/** Which field each one expects, one line each. */
function overview(): string[] {
  const cells = (profile: SourceProfile) =>
    COLUMNS.map((field) => {
      const first = (profile.own[field] ?? (profile.id === 'generic' ? profile.names[field] : []))[0];
      return first === undefined ? '–' : `\`${first}\``;
    });
  const rows = [
    ['source', ...COLUMNS.map((field) => FIELDS[field])],
    ...sourceProfiles().map((profile) => [profile.title, ...cells(profile)]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [
    'What each is asked for first; – where one of the common names is used:',
    '',
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...body.map(line),
    '',
  ];
}

/** The names to print: its own; of the generic postback all. */
function shownNames(profile: SourceProfile, field: Field): string | null {
  const own = profile.id === 'generic' ? profile.names[field] : (profile.own[field] ?? []);
  if (own.length === 0) return null;
  const only = profile.id !== 'generic' && profile.names[field].length === own.length ? 'only ' : '';
  return only + own.map((name) => `\`${name}\``).join(', ');
}

/** One sender's part of the map, as lines. */
export function parametersOf(profile: SourceProfile): string[] {
  const rows = fieldsOf(profile).flatMap((field) => {
    const byIds = ['campaign', 'adset', 'ad', 'network'].includes(field);
    const names = byIds && !profile.attributesBySender ? null : shownNames(profile, field);
    return names === null ? [] : [`- **${FIELDS[field]}**: ${names}`];
  });
  if (profile.weakClickNames.length > 0 && profile.id === 'generic')
    rows.push(
      `- **click id** where nothing else says who: ${profile.weakClickNames.map((name) => `\`${name}\``).join(', ')}`,
    );
  const words = statusWords(profile);
  return [
    `### ${profile.title} (\`source add ${profile.id}\`)`,
    '',
    ...rows,
    '',
    ...words,
    `Without a status: ${profile.defaultStatus}. ${profile.names.status.length === 0 ? '' : `A word not listed is kept as sent and counts as ${profile.unmappedStatus}. `}Without an event: \`${profile.defaultEvent}\`.`,
    '',
    `Without a transaction id, conversions are: ${SCOPES[profile.scopeWithoutTxid]}.`,
    '',
    answers(profile),
    '',
  ];
}

function answers(profile: SourceProfile): string {
  const texts =
    profile.answerTexts === null
      ? ''
      : ` A conversion that is kept is answered \`${profile.answerTexts.accepted}\`, a repeated message \`${profile.answerTexts.duplicate}\`.`;
  return profile.answers === 'codes'
    ? `Answers: 200 accepted, 409 duplicate, 4xx with what is wrong.${texts}`
    : `Answers: 200 with the outcome in the body, also for duplicates and refusals, because this sender punishes other codes; 401 for a wrong key, 503 when nothing was stored.${texts}`;
}

/** Its status words, where they are not those of the generic postback. */
function statusWords(profile: SourceProfile): string[] {
  if (profile.names.status.length === 0) return [];
  const plain = profile.id === 'generic' ? {} : GENERIC_STATUSES;
  const words = new Map<string, string[]>();
  for (const [word, status] of Object.entries(profile.statuses))
    if (lookUp(plain, word) !== status) words.set(status, [...(words.get(status) ?? []), word]);
  if (words.size === 0) return [];
  return [
    profile.id === 'generic'
      ? 'Status words, in any case:'
      : 'Status words beside those of the generic postback, in any case:',
    '',
    ...[...words].map(([status, list]) => `- \`${status}\`: ${list.join(', ')}`),
    '',
  ];
}
