/** What a reason or a warning means, and what to do about it. */
export interface Advice {
  readonly what: string;
  readonly next: string;
}

/** Of requests that are no conversion, and of conversions that nobody earned. */
const REASONS: Readonly<Record<string, Advice>> = {
  missing_click_id: {
    what: 'no click id, device, user or id of the sender says who converted',
    next: 'Put the click id that our redirect gave into the postback: "bidloop source show" prints the parameter.',
  },
  unresolved_macro: {
    what: 'the click id is still a macro',
    next: 'Use the macro of the sender\'s own product; check the template with: bidloop link check "<template>" --source <sender>',
  },
  bad_click_id: {
    what: 'the click id is too long or holds control characters',
    next: 'Send the click id exactly as our redirect gave it.',
  },
  amount_unparsed: {
    what: 'the amount is no number',
    next: 'Send a plain number such as 12.50, or leave it out; for 1,234 as a thousand: bidloop source set <source> --comma-thousands',
  },
  unknown_currency: {
    what: 'the currency is no ISO 4217 code',
    next: 'Send three letters such as USD, or set the currency: bidloop source set <source> --currency USD',
  },
  status_ignored: {
    what: 'the address itself says that this status is to be ignored',
    next: 'Nothing, unless it should count: then take the word out of ignore_status.',
  },
  broken_json: {
    what: 'the body is no JSON',
    next: 'Check quotes, commas and escapes in the body template.',
  },
  unreadable_body: {
    what: 'the body holds no parameters that can be read',
    next: 'Send parameters in the query, as a form, or as one JSON object.',
  },
  body_too_large: { what: 'the body is over 1 MiB', next: 'Send one conversion per request.' },
  cut_off: {
    what: 'the connection ended before the body did',
    next: 'Look at time-outs and proxies between the sender and here.',
  },
  method_not_allowed: { what: 'neither GET nor POST', next: 'Call the address with GET or POST.' },
  head_request: {
    what: 'a HEAD request asked whether the address works',
    next: 'Nothing: it is no conversion.',
  },
  link_preview: { what: 'a link preview looked at the address', next: 'Nothing: it is no conversion.' },
  wrong_key: {
    what: 'no key, or not this source\u2019s',
    next: 'Paste the whole address that "bidloop source show <source>" prints into the sender.',
  },
  unknown_source: {
    what: 'no source of that name',
    next: 'Compare with "bidloop source list"; was the source removed, or the address misspelt?',
  },
  signature_missing: {
    what: 'not signed',
    next: 'Turn signing on at the sender; without it: bidloop source set <source> --unset signature',
  },
  bad_signature: {
    what: 'not signed by this source\u2019s secret',
    next: "Compare formula and secret with the sender's own; if they agree, somebody else is sending.",
  },
  signature_unchecked: {
    what: 'the secret of its signatures cannot be opened here',
    next: 'Start the server with the BIDLOOP_SECRET_KEY it was sealed with, or set the secret again.',
  },
  address_not_allowed: {
    what: "not from one of the sender's addresses",
    next: 'If it is the sender: bidloop source set <source> --allow-address <address>',
  },
  unstorable: {
    what: 'the database cannot hold a value',
    next: 'Look for numbers or texts of unusual size.',
  },
  unknown_click: {
    what: 'a click id that we never gave',
    next: 'Is the click id passed through every page and tracker unaltered? It counts as soon as its click is known.',
  },
  no_click: {
    what: 'nothing ties it to a click',
    next: 'Send the click id, or a device or user id that the click carries too.',
  },
  unknown_object: {
    what: 'its ad or campaign is not known here',
    next: 'It counts after the next sync, if the account is connected: bidloop account list',
  },
  duplicates_ignored: {
    what: 'another message about a conversion that is known; this source is set to ignore those',
    next: 'To let it change the conversion: bidloop source set <source> --duplicates update',
  },
  same_install: {
    what: 'another sender reports the same install, which counts once',
    next: 'Nothing: "bidloop postback explain" says which report counts and why.',
  },
  outside_window: {
    what: 'too long after its click',
    next: 'Is the window right? bidloop source set <source> --window purchase=30d',
  },
  held_by_sender: {
    what: 'the sender holds it back',
    next: 'Nothing: it counts when the sender approves it.',
  },
  ingest_failed: {
    what: 'counting it failed here',
    next: 'Look at the log of the worker; this is a fault of Bidloop.',
  },
};

/** Of requests that were kept although something was odd, by the name it was found in. */
const WARNINGS: Readonly<Record<string, (name: string, meant: string) => Advice>> = {
  unresolved_macro: (name) => ({
    what: `"${name}" still holds a macro`,
    next: 'It is misspelt, or unknown to this sender.',
  }),
  near_miss: (name, meant) => ({
    what: `"${name}" is read by nobody`,
    next:
      meant === ''
        ? 'Compare its name with: bidloop source parameters <sender>'
        : `Did you mean "${meant}"? If it is right as it stands, map it: bidloop source set <source> --map ${name}=<field>`,
  }),
  repeated: (name) => ({
    what: `"${name}" is sent twice with different values`,
    next: 'The first one is used: take the other out.',
  }),
  damaged_text: (name) => ({
    what: `"${name}" holds a NUL byte or half a character`,
    next: 'It is kept without. Is it cut or encoded twice on its way?',
  }),
  unknown_currency: (name) => ({
    what: `the currency in "${name}" is no ISO 4217 code`,
    next: 'Send three letters such as USD.',
  }),
  html_entity: (name) => ({
    what: `"${name}" was damaged by HTML`,
    next: 'Write & instead of &amp; in the address.',
  }),
  too_long: (name) => ({
    what: `"${name}" is longer than any device id`,
    next: 'It was left out: is it the right macro?',
  }),
  hardcoded_id: () => ({
    what: 'its click id came with conversions of three or more people',
    next: 'Somebody pasted a test click into the template: put the macro of the click id there; bidloop link check "<template>"',
  }),
  future_event_time: () => ({
    what: 'its event time lies in the future',
    next: "Is the sender's clock or time zone right? bidloop source set <source> --zone Europe/Berlin",
  }),
  time_unparsed: (name) => ({
    what: `the time in "${name}" cannot be read`,
    next: 'The time of receipt is used; say how dates are written: bidloop source set <source> --date-order dmy',
  }),
  ambiguous_amount: (name) => ({
    what: `the comma in "${name}" was read as a decimal point`,
    next: 'If it parts thousands: bidloop source set <source> --comma-thousands',
  }),
  negative_amount: () => ({
    what: 'a negative amount without a status',
    next: 'It is taken from what the conversion is worth; what takes all of it away is a reversal. Send a status to say otherwise.',
  }),
  refund_exceeds_amount: () => ({
    what: 'more was taken back than the conversion was worth',
    next: 'It counts nothing now. Is the refund in the same currency, and of this transaction?',
  }),
  refund_without_conversion: () => ({
    what: 'money was taken back of a conversion that is not known',
    next: 'It is counted as value below zero until the conversion comes: send both with the same transaction id.',
  }),
  status_unmapped: () => ({
    what: 'a status word that nobody mapped',
    next: 'Say what it means: bidloop source set <source> --status <word>=approved',
  }),
  unsure_unit: (name) => ({
    what: `"${name}" may be in another unit than its currency`,
    next: 'Send the amount in whole units.',
  }),
  points: (name) => ({
    what: `"${name}" counts points, which are no money`,
    next: 'Send the payout in a currency if there is one.',
  }),
  conversion_before_click: () => ({
    what: 'the conversion is dated before its click',
    next: "Is the sender's clock or time zone right? bidloop source set <source> --zone Europe/Berlin",
  }),
  clock_skew: () => ({
    what: 'the conversion is dated some seconds before its click',
    next: 'It is credited all the same: the clocks of two machines differ.',
  }),
  sender_differs: () => ({
    what: 'the sender names another ad than the click does',
    next: 'The click is believed; who else claims it stands with the conversion.',
  }),
  missing_question_mark: () => ({
    what: 'the parameters stand in the path',
    next: 'Put a ? before the first of them.',
  }),
  client_side_call: () => ({
    what: "a visitor's browser sent it",
    next: "Anybody who opens that page can send more: call the address from the sender's server instead.",
  }),
};

/** What a stored reason means; words of a part that is not listed here speak for themselves. */
export function reasonAdvice(reason: string): Advice {
  return own(REASONS, reason) ?? { what: reason.replaceAll('_', ' '), next: '' };
}

/** What a stored warning means: a code, and after colons where it was found and what was meant. */
export function warningAdvice(warning: string): Advice {
  const [code = '', name = '', meant = ''] = warning.split(':');
  return own(WARNINGS, code)?.(name, meant) ?? { what: warning.replaceAll('_', ' '), next: '' };
}

/** What is odd about a click, by the flag it carries. */
export function clickAdvice(flag: string, linkId: string): Advice {
  const [code = '', name = '', meant = ''] = flag.split(':');
  const show = `Paste the parameters that "bidloop link show ${linkId}" prints into the ad.`;
  switch (code) {
    case 'unresolved_macro':
      return { what: `the network did not fill the macro in "${name}"`, next: show };
    case 'near_miss':
      return { what: `"${name}" is read by nobody`, next: `Did you mean "${meant}"? ${show}` };
    case 'robot':
      return {
        what: 'a program made the visit, not a browser',
        next: 'Nothing, where it was a check of your own; conversions of such clicks carry the sign robot_click.',
      };
    case 'link_removed':
      return { what: 'the link was removed', next: 'Take it out of the ads that still run.' };
    default:
      return own(WARNINGS, code)?.(name, meant) ?? { what: flag.replaceAll('_', ' '), next: '' };
  }
}

/** What to do about one kind of trouble of one source. */
export function errorAdvice(error: {
  readonly kind: string;
  readonly code: string;
  readonly sourceId: string;
}): Advice {
  const advice = error.kind === 'warning' ? warningAdvice(error.code) : reasonAdvice(error.code);
  return { ...advice, next: advice.next.replaceAll('<source>', error.sourceId) };
}

function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
