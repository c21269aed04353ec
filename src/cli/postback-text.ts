import { decimalFromMicros, micros } from '../core/money.ts';
import type { Explanation } from '../sources/explain/read-anything.ts';
import type { Said } from '../sources/explain/said.ts';
import type { Field } from '../sources/profile.ts';
import { reasonAdvice, warningAdvice } from '../sources/advice.ts';
import { appleVerdict } from './apple-verdict.ts';

const LABELS: Readonly<Record<Field, string>> = {
  clickId: 'click id',
  txid: 'transaction id',
  event: 'event',
  status: 'status',
  amount: 'amount',
  currency: 'currency',
  eventTime: 'event time',
  clickTime: 'click time',
  installTime: 'install time',
  installBegin: 'download began',
  site: 'site',
  deviceId: 'device or user',
  rejected: 'rejected',
  rejectReason: 'reject reason',
  viewThrough: 'view-through',
  reEngagement: 're-engagement',
  test: 'test',
  userId: 'user',
  country: 'country',
  visitorIp: 'visitor address',
  adUserData: 'consent: data',
  adPersonalization: 'consent: ads',
  campaign: 'campaign',
  adset: 'ad set',
  ad: 'ad',
  network: 'network',
};

const KINDS: Readonly<Record<Explanation['kind'], string>> = {
  click: 'a click address',
  inbound_postback: 'a postback as it arrives',
  outbound_template:
    'a template: each field is shown with the macro that fills it (--kind inbound if it arrived like this)',
};

const PLACES: Readonly<Record<Said['place'], string>> = {
  parameter: '',
  macro: ', told by its macro',
  path: ', from the path',
  status: ': nothing else says what happened',
  nested: ', inside the address it carries',
  signed: ', inside the signed message',
  cookie: ', inside the cookie',
};

/** One document for --json. */
export function explanationData(explanation: Explanation): object {
  const { postback, eventAtMs, amountMicros, ...rest } = explanation;
  return {
    ...rest,
    amount: amountMicros === null ? null : decimalFromMicros(micros(amountMicros)),
    eventAt: eventAtMs === null ? null : new Date(eventAtMs).toISOString(),
    reading:
      postback === null
        ? null
        : (unreadBody(explanation) ?? (postback.ok ? readingOf(postback.reading) : postback.refusal)),
  };
}

type Refused = Extract<NonNullable<Explanation['postback']>, { ok: false }>;
type Reading = Extract<NonNullable<Explanation['postback']>, { ok: true }>['reading'];

function readingOf(reading: Reading): unknown {
  const { event, eventType, status, unmappedStatus, viewThrough, reEngagement, test } = reading;
  return { event, eventType, status, unmappedStatus, viewThrough, reEngagement, test };
}

/**
 * The same for a person.
 *
 * @param target how its source here was found; null where it has none.
 */
export function explanationText(explanation: Explanation, target: string | null = null): string {
  const { source, said, clickIds, postback } = explanation;
  const lines = [`This is ${KINDS[explanation.kind]}.`, `Source: ${target ?? sourceLine(source)}`, ''];
  const fields = Object.entries(LABELS).flatMap(([field, label]) => {
    const found = new Map(Object.entries(said)).get(field);
    if (found === undefined) return [];
    return [`  ${label.padEnd(15)} ${found.value}  (${found.name}${PLACES[found.place]})`];
  });
  lines.push(...(fields.length === 0 ? ['  No field of ours is in it.'] : fields));
  if (explanation.amountMicros !== null)
    lines.push(
      '',
      `The amount is ${decimalFromMicros(micros(explanation.amountMicros))} ${explanation.currency ?? "in the source's own currency"}.`,
    );
  if (explanation.eventAtMs !== null)
    lines.push(`The time is ${new Date(explanation.eventAtMs).toISOString()}.`);
  if (clickIds.length > 1)
    lines.push(
      '',
      `Click ids in it: ${clickIds.map((id) => id.name).join(', ')}; ${clickIds[0]?.name} counts.`,
    );
  if (postback !== null) lines.push('', ...readingLines(postback, explanation));
  if (explanation.apple !== null) lines.push('', ...appleVerdict(explanation.apple));
  lines.push(...remarks(explanation));
  return lines.join('\n');
}

function sourceLine(source: Explanation['source']): string {
  if (source.how === 'named') return `${source.title} (as you said)`;
  if (source.how === 'common') return 'none that is known; the common names are read';
  return `looks like ${source.title}, by ${source.because.slice(0, 4).join(', ')}`;
}

/** The door looks into no field of a body that it cannot read. */
function unreadBody({
  warnings,
}: Explanation): Pick<Refused['refusal'], 'reason' | 'message' | 'next'> | null {
  const problem = warnings.find((warning) => warning === 'broken_json' || warning === 'unreadable_body');
  if (problem === undefined) return null;
  const { what, next } = reasonAdvice(problem);
  return { reason: problem, message: sentence(what), next };
}

function readingLines(postback: NonNullable<Explanation['postback']>, explanation: Explanation): string[] {
  const refusal = unreadBody(explanation) ?? (postback.ok ? null : postback.refusal);
  if (refusal !== null)
    return [`It would be refused: ${refusal.reason}.`, `  ${refusal.message}`, `  ${refusal.next}`];
  if (!postback.ok) return [];
  const { said } = explanation;
  const { event, eventType, status, unmappedStatus } = postback.reading;
  const word = unmappedStatus === null ? '' : ` (its word "${unmappedStatus}" is not mapped)`;
  // Of a lead that is sold later both messages are one conversion, so a status names no event.
  const unnamed = said.event?.place === 'status' && said.event.value !== event;
  return [
    `It would be kept as ${eventType === 'event' ? 'the event' : `the ${eventType}`} "${event}", ${status ?? 'a refund of that much'}${word}.`,
    ...(unnamed
      ? [
          `  Its status says that "${said.event?.value}" happened, and no parameter names an event: add one, such as event=purchase.`,
        ]
      : []),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function remarks(explanation: Explanation): string[] {
  const lines: string[] = [];
  const warnings = [
    ...explanation.warnings,
    ...(explanation.postback?.ok === true ? explanation.postback.reading.warnings : []),
  ].filter((warning) => {
    const [code, name] = warning.split(':');
    if (code === 'broken_json' || code === 'unreadable_body') return false;
    return code !== 'near_miss' || !explanation.nearMisses.some((miss) => miss.parameter === name);
  });
  const odd = [
    ...[...new Set(warnings)].map((warning) => {
      const { what, next } = warningAdvice(warning);
      return `${sentence(what)}${next === '' ? '' : ` ${next}`}`;
    }),
    ...explanation.nearMisses.map(
      (miss) =>
        `"${miss.written}"${miss.written === miss.parameter ? '' : ` in "${miss.parameter}"`}: did you mean "${miss.meant}"?`,
    ),
  ];
  if (odd.length > 0) lines.push('', 'Odd:', ...odd.map((line) => `  ${line}`));
  if (explanation.unread.length > 0)
    lines.push('', `Not read: ${explanation.unread.slice(0, 30).join(', ')}`);
  return lines;
}
