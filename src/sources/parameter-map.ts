import type { Field, SourceProfile } from './profile.ts';
import { sourceProfiles } from './registry.ts';

const FIELDS: Readonly<Record<Field, string>> = {
  clickId: 'click id',
  txid: 'transaction id',
  event: 'event',
  status: 'status',
  amount: 'amount',
  currency: 'currency',
  eventTime: 'event time',
  deviceId: 'device id',
  rejected: 'rejected by the sender (1, true)',
  test: 'test (1, true)',
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

/** The parameters each sender may use, as a page of the documentation: generated, so that it cannot lag behind. */
export function parameterMap(): string {
  const lines = [
    '# Parameters by source',
    '',
    'Generated from `src/sources`; `npx vitest run --project unit test/unit/sources -u` writes it anew. Names match in any case, values are kept as sent. Where several names fill one field, the first of the list that has a value is used.',
    '',
  ];
  for (const profile of sourceProfiles()) lines.push(...section(profile));
  return lines.join('\n');
}

function section(profile: SourceProfile): string[] {
  const rows = (Object.keys(FIELDS) as Field[])
    .filter(
      (field) =>
        profile.names[field].length > 0 &&
        (profile.attributesBySender || !['campaign', 'adset', 'ad', 'network'].includes(field)),
    )
    .map(
      (field) => `- **${FIELDS[field]}**: ${profile.names[field].map((name) => `\`${name}\``).join(', ')}`,
    );
  const statuses = new Map<string, string[]>();
  for (const [word, status] of Object.entries(profile.statuses))
    statuses.set(status, [...(statuses.get(status) ?? []), word]);
  const words =
    profile.names.status.length === 0
      ? []
      : [...statuses].map(([status, list]) => `- \`${status}\`: ${list.join(', ')}`);
  return [
    `## ${profile.title} (\`source add ${profile.id}\`)`,
    '',
    ...rows,
    '',
    ...(words.length === 0 ? [] : ['Status words, in any case:', '', ...words, '']),
    `Without a status: ${profile.defaultStatus}. ${words.length === 0 ? '' : `A word not listed is kept as sent and counts as ${profile.unmappedStatus}. `}Without an event: \`${profile.defaultEvent}\`.`,
    '',
    `Without a transaction id, conversions are: ${SCOPES[profile.scopeWithoutTxid]}.`,
    '',
    profile.answers === 'codes'
      ? 'Answers: 200 accepted, 409 duplicate, 4xx with what is wrong.'
      : 'Answers: 200 with the outcome in the body, also for duplicates and refusals, because this sender punishes other codes; 401 for a wrong key, 503 when nothing was stored.',
    '',
  ];
}
