import { type Command, Option } from 'commander';

/** What the options of `source add` and `source set` say about a source's settings. */
export interface SettingOptions {
  readonly settings?: string;
  readonly currency?: string;
  readonly event?: string;
  readonly defaultStatus?: string;
  readonly unmappedStatus?: string;
  readonly status?: readonly string[];
  readonly map?: readonly string[];
  readonly zone?: string;
  readonly dateOrder?: string;
  readonly commaThousands?: boolean;
  readonly scope?: string;
  readonly repeatsCount?: boolean;
  readonly duplicates?: string;
  readonly attributesBySender?: boolean;
  readonly answers?: string;
  readonly answerAccepted?: string;
  readonly answerDuplicate?: string;
  readonly keyParam?: string;
  readonly signatureParam?: string;
  readonly signatureAlgorithm?: string;
  readonly signatureFormula?: string;
  readonly signatureOver?: string;
  readonly signatureIn?: string;
  readonly signatureSecretEnv?: string;
  readonly allowAddress?: readonly string[];
  readonly window?: readonly string[];
  readonly viewWindow?: readonly string[];
  readonly reengagementWindow?: string;
}

/** Adds an option for every setting a source may have. */
export function addSettingOptions(command: Command): Command {
  const many = (flags: string, text: string): Option =>
    new Option(flags, `${text}; may be given several times`).argParser(
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    );
  const toggle = (name: string, text: string): void => {
    command.addOption(new Option(`--${name}`, text)).addOption(new Option(`--no-${name}`).hideHelp());
  };
  command
    .option('--settings <file>', 'a JSON file of settings, as "settings" in: bidloop --json source show')
    .option('--currency <code>', "of amounts that name none; the workspace's when left out")
    .option('--event <name>', 'event of postbacks that name none')
    .option('--default-status <status>', 'status of postbacks that name none')
    .addOption(many('--status <word=status>', "what a word of the sender's means: lead=pending"))
    .option('--unmapped-status <status>', 'what any other word counts as')
    .addOption(many('--map <parameter=field>', 'which field a parameter fills: sub9=clickId'))
    .option('--zone <zone>', 'IANA zone of times that name none')
    .option('--date-order <order>', 'ymd, mdy or dmy: how 11/12/2026 is meant');
  toggle('comma-thousands', '1,234 is a thousand and more (--no-… for one and a bit)');
  command.option(
    '--scope <scope>',
    'which messages without transaction id are one conversion: click-event, click-event-amount, occurrence or each',
  );
  toggle('repeats-count', 'a repeated message without transaction id is a second conversion');
  command.option(
    '--duplicates <policy>',
    'what a further message about one conversion does: update (amount and status), ignore, or add (its amount)',
  );
  toggle('attributes-by-sender', 'credit ads by the campaign and ad ids it sends');
  command
    .option('--answers <policy>', 'codes (409 and 4xx) or always-200, for senders that punish a 4xx')
    .option('--answer-accepted <text>', 'what it wants to read when a conversion was kept: OK')
    .option('--answer-duplicate <text>', 'what it wants to read when it was there already: DUP')
    .option('--key-param <name>', 'a parameter in which it shows the key, beside key')
    .option('--signature-param <name>', 'the parameter (or header) that holds its signature')
    .option('--signature-in <place>', 'parameter (the default) or header: where it stands')
    .option(
      '--signature-over <what>',
      'parameters in a formula (the default), the raw body, or the url as it was called, without the signature',
    )
    .option('--signature-algorithm <name>', 'md5, sha1, sha256, hmac-md5, hmac-sha1 or hmac-sha256')
    .option(
      '--signature-formula <text>',
      'what is hashed: parameters in braces, the secret as {secret}; {user_id}{payout}{secret}',
    )
    .option(
      '--signature-secret-env <name>',
      'the environment variable that holds the secret; - reads it from standard input',
    )
    .addOption(many('--allow-address <address>', 'an address or network it sends from; others are refused'))
    .addOption(many('--window <event=time>', 'how long a click may earn an event: purchase=7d'))
    .addOption(many('--view-window <event=time>', 'the same for ad views: install=24h'))
    .option('--reengagement-window <time>', 'how long events after a re-engagement belong to it: 30d');
  return command;
}
