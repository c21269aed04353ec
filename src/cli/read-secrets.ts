import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { OperatorError } from '../errors.ts';
import { UsageError } from './command.ts';

/**
 * Secrets by name, each from the environment variable SECRET_<NAME>, else from a line of standard input, in the order
 * named. Never from an argument: those stand in the shell's history and in the list of processes.
 *
 * @param deps.ask shown where a person types.
 * @throws OperatorError `no_secret` when the input ends first or a line is empty.
 */
export async function readSecrets(
  names: readonly string[],
  deps: {
    readonly env: NodeJS.ProcessEnv;
    readonly input: Readable & { readonly isTTY?: boolean };
    readonly ask: (text: string) => void;
  },
): Promise<Readonly<Record<string, string>>> {
  for (const name of names)
    if (!/^[a-z][a-z0-9_]{0,62}$/i.test(name))
      // What was typed may be the secret itself: it is not repeated.
      throw new UsageError(
        '--secret takes the name of a secret, such as access_token; its value comes by standard input or SECRET_<NAME>',
      );
  const secrets: Record<string, string> = {};
  const asked = names.filter((name) => {
    const value = (deps.env[`SECRET_${name.toUpperCase()}`] ?? '').trim();
    if (value !== '') secrets[name] = value;
    return value === '';
  });
  if (asked.length === 0) return secrets;
  // Without an output the terminal shows nothing of what is typed.
  const lines = createInterface({ input: deps.input, terminal: deps.input.isTTY === true });
  try {
    const each = lines[Symbol.asyncIterator]();
    for (const name of asked) {
      if (deps.input.isTTY === true) deps.ask(`${name} (nothing is shown while you type):`);
      const { value, done } = await each.next();
      const text = done === true ? '' : value.trim();
      if (text === '')
        throw new OperatorError('no_secret', `no value came for the secret "${name}"`, {
          next: `Give it as a line of standard input, or in the environment variable SECRET_${name.toUpperCase()}.`,
        });
      secrets[name] = text;
    }
  } finally {
    lines.close();
  }
  return secrets;
}
