import type { Command } from 'commander';
import type { AppleAppReport } from '../core/apple/report.ts';
import { appleReport, NO_MEANING } from '../core/apple/report.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { type AppleApp, listAppleApps } from '../db/apple-apps.ts';
import { appleMeanings } from '../db/apple-meanings.ts';
import { type AppleReceived, loadAppleCounts, loadAppleReceived } from '../db/apple-report.ts';
import { OperatorError } from '../errors.ts';
import { registerApps } from './apple-app.ts';
import { appleText } from './apple-text.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import type { CliContext } from './command.ts';
import { readSince } from './since.ts';

/** `apple`: installs that Apple itself reports, by ad network and source identifier. */
export function register(program: Command, context: CliContext): void {
  const apple = program
    .command('apple')
    .description('installs that Apple reports (SKAdNetwork, AdAttributionKit), by source identifier')
    .addHelpText(
      'after',
      `
Apple's devices report to your own domain:
  https://<your domain>/.well-known/skadnetwork/report-attribution/
  https://<your domain>/.well-known/appattribution/report-attribution/
Only postbacks whose signature verifies count. They come days after the install and name no person, so they are summed here
and never drive a rule.

Examples:
  ./bidloop apple
  ./bidloop apple --app 525463029 --since 90d --json
  ./bidloop apple set 525463029 --name Runner --campaign 39="US prospecting"`,
    );
  apple
    .command('report', { isDefault: true })
    .description('what came and what it adds up to; the default')
    .option('--app <id>', 'one app, by its App Store id or the name given here')
    .option('--since <time>', 'how far back by receipt: 24h, 30d', '30d')
    .option('--workspace <id>', 'whose; the only real one when left out')
    .action((options: { app?: string; since: string; workspace?: string }) => report(context, options));
  registerApps(apple, context);
}

async function report(
  context: CliContext,
  options: { readonly app?: string; readonly since: string; readonly workspace?: string },
): Promise<void> {
  const sinceMs = readSince(options.since);
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const apps = (await listAppleApps(db)).filter((app) => app.workspaceId === workspace.id);
  const appId = options.app === undefined ? null : findApp(options.app, apps);
  const fromMs = (await context.nowMs(workspace.id)) - sinceMs;
  const question = { workspaceId: workspace.id, appId, fromMs };
  const received = await loadAppleReceived(db, question);
  const meanings = await appleMeanings(db, apps);
  const reports = appleReport(await loadAppleCounts(db, question), (id) => meanings.get(id) ?? NO_MEANING);
  context.print(view(reports, received, apps, fromMs), appleText(reports, received, apps, options.since));
}

/** An App Store id may be asked for before it was named here; a name may not. */
function findApp(text: string, apps: readonly AppleApp[]): string {
  if (/^\d{1,20}$/.test(text)) return text;
  const found = apps.find((app) => app.name.toLowerCase() === text.toLowerCase());
  if (found) return found.appId;
  const meant = nearestWord(
    text,
    apps.map((app) => app.name),
  );
  throw new OperatorError('unknown_app', `there is no app "${text}"`, {
    next:
      meant === null
        ? 'Write its App Store id (digits), or name it: ./bidloop apple set <App Store id> --name <name>'
        : `Did you mean "${meant}"?`,
  });
}

function view(
  reports: readonly AppleAppReport[],
  received: readonly AppleReceived[],
  apps: readonly AppleApp[],
  fromMs: number,
): object {
  const known = new Map(apps.map((app) => [app.appId, app]));
  return {
    since: new Date(fromMs).toISOString(),
    received: received.map((one) => ({ ...one, lastAt: one.lastAt.toISOString() })),
    apps: reports.map((one) => ({
      ...one,
      name: known.get(one.appId)?.name ?? null,
      currency: known.get(one.appId)?.settings.values?.currency ?? null,
    })),
  };
}
