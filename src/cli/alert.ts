import type { Command } from 'commander';
import { alertContext, findAlerts, listAlerts, setAlertUrl } from '../db/alerts.ts';
import { seal } from '../secrets.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { readSecrets } from './read-secrets.ts';

interface WorkspaceOption {
  readonly workspace?: string;
}

/** `alert list|to|off`: what is wrong just now, and who is told. */
export function register(program: Command, context: CliContext): void {
  const alert = program
    .command('alert')
    .description('silent sources, waiting postbacks, outages and refusals: what is wrong, and who is told');
  const workspace = (command: Command): Command =>
    command.option('--workspace <id>', 'whose; needed when there are several workspaces');
  workspace(alert.command('list', { isDefault: true }))
    .description('what is wrong just now; the default')
    .action((options: WorkspaceOption) => list(context, options));
  workspace(alert.command('to'))
    .description('tell a webhook or a Slack address of each trouble, once until it is over')
    .addHelpText(
      'after',
      '\nThe address is read from SECRET_ALERT_URL or a line of standard input: it holds its own key.\n\nExamples:\n  SECRET_ALERT_URL=https://hooks.slack.com/services/… ./bidloop alert to\n  ./bidloop alert to --workspace shop < address.txt',
    )
    .action((options: WorkspaceOption) => to(context, options));
  workspace(alert.command('off'))
    .description('tell nobody')
    .action(async (options: WorkspaceOption) => {
      const db = await context.db();
      const { id } = await chooseWorkspace(db, options.workspace);
      await setAlertUrl(db, id, null);
      context.print({ workspace: id, told: false }, `Nobody is told of trouble in ${id} any more.`);
    });
}

async function list(context: CliContext, options: WorkspaceOption): Promise<void> {
  const db = await context.db();
  const { id } = await chooseWorkspace(db, options.workspace);
  const found = await findAlerts(db, {
    workspaceId: id,
    nowMs: await context.nowMs(id),
    wallMs: context.wallNowMs(),
  });
  const told = new Map((await listAlerts(db, id)).map((alert) => [alert.key, alert]));
  context.print(
    found.map((alert) => ({
      ...alert,
      since: told.get(alert.key)?.since.toISOString() ?? null,
      sentAt: told.get(alert.key)?.sentAt?.toISOString() ?? null,
    })),
    found.length === 0
      ? `Nothing is wrong in ${id}.`
      : found
          .flatMap(({ key, text, next }) => {
            const sentAt = told.get(key)?.sentAt;
            return [
              `${text}${sentAt === undefined || sentAt === null ? '' : ` (told at ${sentAt.toISOString()})`}`,
              `  → ${next}`,
            ];
          })
          .join('\n'),
  );
}

async function to(context: CliContext, options: WorkspaceOption): Promise<void> {
  const db = await context.db();
  const { id } = await chooseWorkspace(db, options.workspace);
  const { alert_url: url = '' } = await readSecrets(['alert_url'], {
    env: context.env,
    input: process.stdin,
    ask: (text) => context.note(text),
  });
  if (!/^https?:\/\/[^\s/]+/.test(url) || !URL.canParse(url))
    throw new UsageError('the address must begin with https:// (or http://), as the receiver gave it');
  await setAlertUrl(db, id, seal(context.secretKey(), url, alertContext(id)));
  context.print(
    { workspace: id, told: true, host: new URL(url).host },
    `Trouble in ${id} is told to ${new URL(url).host} from now on, with the hourly maintenance: each once until it is over.`,
  );
}
