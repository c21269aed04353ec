import type { Command } from 'commander';
import { nearestWord } from '../core/nearest-word.ts';
import { changeSource, signatureContext } from '../db/sources.ts';
import { seal } from '../secrets.ts';
import { settingNames } from '../sources/settings-schema.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './known-source.ts';
import { addSettingOptions, type SettingOptions } from './source-options.ts';
import { chooseSettings } from './source-settings.ts';
import { settingChanges } from './source-changes.ts';

interface SetOptions extends SettingOptions {
  readonly name?: string;
  readonly unset?: readonly string[];
}

/** `source set`: changes a source's settings and says what changed. */
export function registerSet(source: Command, context: CliContext): void {
  const command = source
    .command('set')
    .argument('<source>', 'its short name')
    .option('--name <name>', 'its name on screens')
    .option('--unset <setting...>', `back to what its profile says: ${settingNames().join(', ')}`);
  addSettingOptions(command)
    .description('change how its postbacks are read, checked and answered')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ./bidloop source set shop --map sub9=clickId --map total=amount --zone Europe/Berlin --date-order dmy',
        '  WALL_SECRET=… ./bidloop source set wall --signature-param sig --signature-algorithm md5 \\',
        "    --signature-formula '{user_id}{transaction_id}{payout}{secret}' --signature-secret-env WALL_SECRET",
        '  ./bidloop source set shop --unset zone addresses',
        '',
        'It holds for postbacks that arrive from now on, a moment after the command.',
      ].join('\n'),
    )
    .action((id: string, options: SetOptions) => set(context, id, options));
}

async function set(context: CliContext, id: string, options: SetOptions): Promise<void> {
  const { row, db } = await knownSource(context, id);
  const before = row.settings;
  const kept = withoutSettings(before, options.unset ?? []);
  const signed = row.signature_sealed !== null && kept['signature'] !== undefined;
  const { settings, secret } = chooseSettings(context, options, kept, signed);
  const changes = settingChanges(before, settings);
  const renamed = options.name !== undefined && options.name !== row.name ? options.name : null;
  if (changes.length === 0 && secret === null && renamed === null) {
    context.print({ id, changed: [], settings }, `Nothing changes: ${id} is set so already.`);
    return;
  }
  const forget = settings['signature'] === undefined && row.signature_sealed !== null;
  await changeSource(db, id, {
    settings,
    ...(renamed === null ? {} : { name: renamed }),
    ...(secret === null ? {} : { signatureSealed: seal(context.secretKey(), secret, signatureContext(id)) }),
    ...(forget ? { signatureSealed: null } : {}),
  });
  const lines = [
    ...(renamed === null ? [] : [`  name: ${row.name} → ${renamed}`]),
    ...changes.map(({ setting, from, to }) => `  ${setting}: ${from} → ${to}`),
    ...(secret === null ? [] : ['  secret of its signatures: new']),
    ...(forget ? ['  secret of its signatures: forgotten'] : []),
  ];
  context.print(
    { id, changed: changes, secretChanged: secret !== null || forget, settings },
    [`${id} from now on:`, ...lines].join('\n'),
  );
}

function withoutSettings(
  before: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const known = settingNames();
  const wrong = names.filter((name) => !known.some((one) => one === name));
  if (wrong.length > 0) {
    const near = nearestWord(wrong[0] ?? '', known);
    throw new UsageError(
      `there is no setting "${wrong[0]}"; ${near === null ? `there are: ${known.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  return Object.fromEntries(Object.entries(before).filter(([name]) => !names.includes(name)));
}
