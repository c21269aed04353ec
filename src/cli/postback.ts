import type { Command } from 'commander';
import { readAnything } from '../sources/explain/read-anything.ts';
import { type CliContext, UsageError } from './command.ts';
import { registerErrors } from './postback-errors.ts';
import { explanationData, explanationText } from './postback-text.ts';

const KINDS = { inbound: 'inbound_postback', template: 'outbound_template', click: 'click' } as const;

interface ExplainOptions {
  readonly source?: string;
  readonly kind?: string;
  readonly body?: string;
}

/** `postback explain|errors`: what a postback says, field by field, and what is wrong with those that came. */
export function register(program: Command, context: CliContext): void {
  const postback = program
    .command('postback')
    .description('look into postbacks before and after they arrive');
  registerErrors(postback, context);
  postback
    .command('explain')
    .argument('<what>', 'an address with its parameters, or the JSON of a body; in quotes')
    .option('--source <name>', 'whose words it speaks (voluum, adjust, …); guessed when left out')
    .option('--kind <kind>', `what it is: ${Object.keys(KINDS).join(', ')}; guessed when left out`)
    .option('--body <text>', 'the body that came with the address')
    .description('say what each field holds and what is odd, writing nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop postback explain "https://trk.example.com/postback?cid=[subid]&payout=[commission]" --source voluum\n  ./bidloop postback explain \'{"name":"open","timestamp":1512681005807}\' --json',
    )
    .action((what: string, options: ExplainOptions) => {
      const isBody = /^\s*[{[]/.test(what) && !/^\s*\{[\w.-]+\}/.test(what);
      if (isBody && options.body !== undefined)
        throw new UsageError('give the address first and its body with --body, not two bodies');
      const body = isBody ? what : options.body;
      const kind = kindOf(options.kind);
      const explanation = readAnything({
        ...(isBody ? {} : { address: what }),
        ...(body === undefined ? {} : { body }),
        ...(options.source === undefined ? {} : { source: options.source }),
        ...(kind === undefined ? {} : { kind }),
        nowMs: context.wallNowMs(),
      });
      context.print(explanationData(explanation), explanationText(explanation));
    });
}

function kindOf(word: string | undefined): (typeof KINDS)[keyof typeof KINDS] | undefined {
  if (word === undefined) return undefined;
  for (const [short, kind] of Object.entries(KINDS)) if (word === short || word === kind) return kind;
  throw new UsageError(`--kind is one of ${Object.keys(KINDS).join(', ')}, not "${word}"`);
}
