import type { Command } from 'commander';
import { type AlertAnswer, isTaken, sendAlert } from '../alert-send.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { alertContext, findAlerts, listAlertReceivers, listAlerts, setAlertUrl } from '../db/alerts.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { open, seal } from '../secrets.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { readSecrets } from './read-secrets.ts';

interface WorkspaceOption {
  readonly workspace?: string;
}

const WORDS = ['list', 'to', 'test', 'off'];

/** `alert list|to|test|off`: what is wrong just now, and who is told. */
export function register(program: Command, context: CliContext): void {
  const alert = program
    .command('alert')
    .description('silent sources, waiting postbacks, outages and refusals: what is wrong, and who is told');
  const workspace = (command: Command): Command =>
    command.option('--workspace <id>', 'whose; needed when there are several workspaces');
  workspace(alert.command('list', { isDefault: true }))
    .description('what is wrong just now; the default')
    // A word that is no command comes here, as the default's.
    .allowExcessArguments()
    .action(async (options: WorkspaceOption, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) throw unknownWord(word);
      await list(context, options);
    });
  workspace(alert.command('to'))
    .description('tell a webhook or a Slack address of each trouble, once until it is over')
    .addHelpText(
      'after',
      '\nThe address is read from SECRET_ALERT_URL or a line of standard input: it holds its own key.\n\nExamples:\n  SECRET_ALERT_URL=https://hooks.slack.com/services/… ./bidloop alert to\n  ./bidloop alert to --workspace shop < address.txt',
    )
    .action((options: WorkspaceOption) => to(context, options));
  workspace(alert.command('test'))
    .description('send one alert that says it is a test, and say what the receiver answered')
    .action((options: WorkspaceOption) => test(context, options));
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
    `Trouble in ${id} is told to ${new URL(url).host} from now on, within a minute and each once until it is over. Try it: ./bidloop alert test --workspace ${id}`,
  );
}

async function test(context: CliContext, options: WorkspaceOption): Promise<void> {
  const db = await context.db();
  const { id } = await chooseWorkspace(db, options.workspace);
  const sealed = (await listAlertReceivers(db)).find((receiver) => receiver.id === id)?.sealed;
  if (sealed === undefined)
    throw new OperatorError('no_receiver', `nobody is told of trouble in ${id}`, {
      next: `Say who: SECRET_ALERT_URL=… ./bidloop alert to --workspace ${id}`,
    });
  const url = open(context.secretKey(), sealed, alertContext(id));
  const { host } = new URL(url);
  const next = 'Is the address right, and still valid at its receiver? Set it anew with ./bidloop alert to';
  let answer: AlertAnswer;
  try {
    answer = await sendAlert(url, id, {
      key: 'test',
      text: 'This is a test: nothing is wrong.',
      next: 'Nothing is to be done.',
    });
  } catch (error) {
    throw new OperatorError('alert_not_taken', `${host}: ${messageOf(error)}`, { next, cause: error });
  }
  const said = `${host} answered ${answer.status}${answer.text === '' ? '' : ` "${answer.text}"`}`;
  if (!isTaken(answer)) throw new OperatorError('alert_not_taken', said, { next });
  context.print({ workspace: id, host, ...answer }, `${said}: alerts of ${id} arrive there.`);
}

function unknownWord(word: string): UsageError {
  const meant = nearestWord(word, WORDS);
  return new UsageError(
    `there is no \`alert ${word}\`; ${meant === null ? `there are: ${WORDS.join(', ')}` : `did you mean "${meant}"?`}`,
  );
}
