import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type AppleAppSettings, type AppleValues, appleValuesSchema } from '../contract/apple-settings.ts';
import { type AppleApp, listAppleApps, removeAppleApp, storeAppleApp } from '../db/apple-apps.ts';
import type { Db } from '../db/connection.ts';
import { findObjects } from '../db/explain.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';

interface SetOptions {
  readonly name?: string;
  readonly workspace?: string;
  readonly values?: string;
  readonly campaign: readonly string[];
  readonly short?: string;
}

/** `apple apps|set|remove`: which apps are expected, and what their identifiers and values mean. */
export function registerApps(apple: Command, context: CliContext): void {
  apple
    .command('apps')
    .description('the apps named here; without any, postbacks of every app count')
    .action(async () => {
      const apps = await listAppleApps(await context.db());
      context.print(
        apps,
        apps.length === 0
          ? 'No app is named: verified postbacks of every app count. Name yours: ./bidloop apple set <App Store id> --name <name>'
          : apps.map(line).join('\n'),
      );
    });
  apple
    .command('set')
    .argument('<app>', 'its App Store id')
    .description('name an app, or change what is known of it; what is not named stays as it is')
    .option('--name <name>', 'what it is called here')
    .option('--workspace <id>', 'whose it is; the only real one when left out')
    .option('--values <file>', 'a JSON file with the meaning of its conversion values; "none" forgets it')
    .option(
      '--campaign <identifier=campaign>',
      'the campaign of a source identifier (or campaign id), by name or network id; "39=" forgets it; may be repeated',
      (one: string, all: readonly string[]) => [...all, one],
      [],
    )
    .option('--short <which>', 'which digits of four a short identifier is: last (the default) or first')
    .addHelpText(
      'after',
      `
A file of conversion values, one entry per conversion window:
  {"currency":"USD","trustValues":true,"windows":[
    {"fine":{"0":{"event":"launch"},"20":{"event":"purchase","revenue":4.99}},"coarse":{"high":{"event":"purchase","revenue":9}}},
    {"coarse":{"high":{"event":"purchase","revenue":20}}}]}
Values are not signed: say "trustValues": true only where devices or an authenticated sender report to you directly.

Example:
  ./bidloop apple set 525463029 --name Runner --values values.json --campaign 39="US prospecting"`,
    )
    .action((id: string, options: SetOptions) => set(context, id, options));
  apple
    .command('remove')
    .argument('<app>', 'its App Store id')
    .description('forget an app; its postbacks stay')
    .action(async (id: string) => {
      const db = await context.db();
      if (!(await removeAppleApp(db, id))) {
        throw new OperatorError('unknown_app', `no app "${id}" is named here`, {
          next: '`./bidloop apple apps` lists them.',
        });
      }
      const left = (await listAppleApps(db)).length;
      context.print(
        { app: id, removed: true },
        left === 0
          ? `${id} is forgotten. No app is named now: verified postbacks of every app count.`
          : `${id} is forgotten: its later postbacks are kept as other_app and do not count.`,
      );
    });
}

async function set(context: CliContext, appId: string, options: SetOptions): Promise<void> {
  if (!/^\d{1,20}$/.test(appId))
    throw new UsageError(
      `"${appId}" is no App Store id; it is the number in the app's store address, id525463029`,
    );
  const db = await context.db();
  const before = (await listAppleApps(db)).find((app) => app.appId === appId);
  const workspace = await chooseWorkspace(db, options.workspace ?? before?.workspaceId);
  const app: AppleApp = {
    appId,
    workspaceId: workspace.id,
    name: options.name ?? before?.name ?? appId,
    settings: await changed(db, before?.settings ?? {}, options),
  };
  const counted = await storeAppleApp(db, app, await context.nowMs(workspace.id));
  context.print(
    { ...app, newlyCounted: counted },
    [
      line(app),
      ...(counted === 0 ? [] : [`${counted} postbacks that were received before count from now on.`]),
      ...(before === undefined
        ? ['From now on only postbacks of the apps named here count; name each one you run.']
        : []),
    ].join('\n'),
  );
}

async function changed(db: Db, before: AppleAppSettings, options: SetOptions): Promise<AppleAppSettings> {
  const settings: AppleAppSettings = { ...before };
  if (options.values === 'none') delete settings.values;
  else if (options.values !== undefined) settings.values = readValues(options.values);
  if (options.short !== undefined) {
    if (options.short !== 'last' && options.short !== 'first')
      throw new UsageError(`--short: "${options.short}" is neither "last" nor "first"`);
    settings.shortForm = options.short;
  }
  for (const text of options.campaign) {
    const [, identifier = '', campaign = ''] = /^(\d{1,4})=(.*)$/s.exec(text) ?? [];
    if (identifier === '')
      throw new UsageError(
        `--campaign: "${text}" is not an identifier of one to four digits, "=" and a campaign: 39="US prospecting"`,
      );
    const { [identifier]: _, ...others } = settings.campaigns ?? {};
    settings.campaigns =
      campaign === '' ? others : { ...others, [identifier]: await campaignId(db, campaign) };
  }
  return settings;
}

async function campaignId(db: Db, text: string): Promise<number> {
  const found = (await findObjects(db, text)).filter((object) => object.level === 'campaign');
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.id;
  throw new OperatorError(
    found.length === 0 ? 'unknown_campaign' : 'which_campaign',
    found.length === 0
      ? `there is no campaign "${text}"`
      : `several campaigns fit "${text}": ${found.map((one) => `${one.name} (${one.networkId})`).join(', ')}`,
    { next: 'Write its network id or its whole name; a sync brings new campaigns within minutes.' },
  );
}

function readValues(file: string): AppleValues {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--values: ${file} cannot be read as JSON: ${messageOf(error)}`);
  }
  const parsed = appleValuesSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const message =
      issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return `${issue.path.join('.') || 'the file'}: ${message}`;
  });
  throw new UsageError(`--values: ${file} is no map of conversion values: ${problems.join('; ')}`);
}

function line({ appId, name, workspaceId, settings }: AppleApp): string {
  const campaigns = Object.keys(settings.campaigns ?? {}).length;
  const parts = [
    settings.values === undefined
      ? 'values not mapped'
      : `values mapped (${settings.values.currency}${settings.values.trustValues ? '' : ', not trusted'})`,
    `${campaigns} ${campaigns === 1 ? 'identifier has a campaign' : 'identifiers have a campaign'}`,
  ];
  return `${name} (${appId}, workspace ${workspaceId}): ${parts.join(', ')}`;
}
