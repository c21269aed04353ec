import type { Command } from 'commander';
import { findPerson, forgetPerson, type Found, type Person } from '../db/forget.ts';
import { hashedUser } from '../sources/person.ts';
import { chooseWorkspace } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';

interface Options {
  readonly user?: string;
  readonly device?: string;
  readonly click?: string;
  readonly workspace?: string;
  readonly yes?: true;
}

/** `forget`: erases what identifies one person from everything that is kept. */
export function register(program: Command, context: CliContext): void {
  program
    .command('forget')
    .description('erase what identifies one person; what was counted stays counted')
    .option('--user <id>', 'by user id or e-mail address, or the SHA-256 of it')
    .option('--device <id>', 'by advertising id')
    .option('--click <id>', "by click id, ours or the network's")
    .option('--workspace <id>', 'where there are several')
    .option('--yes', 'erase; without it only what there is is told')
    .addHelpText(
      'after',
      `
Clicks go; postbacks lose ids, addresses, user agents and what was received; conversions lose their ids; the log of postbacks
out loses what was sent about them. Figures and decisions stay. It cannot be undone.

Examples:
  ./bidloop forget --user ann@example.com
  ./bidloop forget --device 38400000-8cf0-11bd-b23e-10b96e40000d --yes`,
    )
    .action((options: Options) => run(context, options));
}

async function run(context: CliContext, options: Options): Promise<void> {
  const person = personOf(options);
  const db = await context.db();
  const { id } = await chooseWorkspace(db, options.workspace);
  context.note('Looking through every day that is kept …');
  const erased = options.yes === true;
  const found = erased ? await forgetPerson(db, id, person) : await findPerson(db, id, person);
  const some = Object.values(found).some((count) => count > 0);
  context.print(
    { workspace: id, erased: erased && some, ...found },
    !some
      ? 'There is nothing under this id.'
      : erased
        ? `Erased from ${told(found)}.`
        : `There are ${told(found)}. Erase what identifies the person with --yes; it cannot be undone.`,
  );
}

function personOf({ user, device, click }: Options): Person {
  const given = [user, device, click].filter((id) => id !== undefined && id.trim() !== '');
  if (given.length !== 1)
    throw new UsageError('say whom: exactly one of --user, --device and --click, with an id');
  const hash = hashedUser(user?.trim());
  if (hash !== null) return { by: 'user', hash };
  return device === undefined ? { by: 'click', id: click ?? '' } : { by: 'device', id: device.trim() };
}

function told({ clicks, postbacks, conversions, attempts }: Found): string {
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
  return [
    count(clicks, 'click'),
    count(postbacks, 'postback'),
    `${count(conversions, 'conversion')} and ${count(attempts, 'logged request')} to others`,
  ].join(', ');
}
