import type { Explanation } from '../sources/explain/read-anything.ts';

type Judged = NonNullable<Explanation['apple']>;
type Verified = Extract<Judged, { readonly signed: unknown }>;

/** What Apple's addresses would make of a postback, and why, for a person. */
export function appleVerdict(outcome: Judged): readonly string[] {
  if (!('signed' in outcome))
    return [
      outcome.kind === 'bad_signature'
        ? "Apple's signature does not hold: it would be kept and not counted."
        : `It cannot be checked (${outcome.reason}): it would be kept and not counted.`,
      `  ${outcome.message}`,
      `  ${outcome.next}`,
    ];
  const { signed, unsigned } = outcome;
  const identifier =
    signed.sourceIdentifier === null
      ? `campaign id ${signed.campaignId ?? 'none'}`
      : `source identifier ${signed.sourceIdentifier}`;
  const value = unsigned.fineValue ?? unsigned.coarseValue;
  return [
    `The signature holds: app ${signed.appId}, network ${signed.adNetworkId}, ${identifier}, conversion window ${signed.sequenceIndex + 1}.`,
    ...(value === null
      ? []
      : [`  Conversion value ${value}: beside the signature, so anybody on the way could have set it.`]),
    `${fate(outcome)} It belongs to the addresses that \`./bidloop apple --help\` names, not to a postback source.`,
  ];
}

function fate(outcome: Verified): string {
  switch (outcome.kind) {
    case 'counts':
      return outcome.firstReport
        ? `It would count as ${outcome.eventType === 'install' ? 'an install' : `a ${outcome.eventType}`}, once, if its app is expected.`
        : 'It would add its value to an install that the first window reported.';
    case 'not_winning':
      return 'It would not count: another network won.';
    case 'dev_signature':
      return `It would not count: ${outcome.keyId} signs on phones in developer mode.`;
    case 'other_app':
      return 'It would not count: its app is not expected.';
  }
}
