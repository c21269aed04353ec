import type { Command } from 'commander';
import { checkTemplate, type TemplateCheck } from '../sources/explain/check-template.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { profileNamed } from '../sources/explain/recognise.ts';
import { sourceProfiles } from '../sources/registry.ts';
import { type CliContext, UsageError } from './command.ts';
import { checkOwnLink, isOwnLink } from './own-link-check.ts';

/** `link check`: what is wrong with the template of a link or a postback, before it is pasted. Needs no database. */
export function registerCheck(link: Command, context: CliContext): void {
  link
    .command('check')
    .argument('<template>', 'the address with its macros, in quotes')
    .option('--source <name>', 'whose macros it uses (voluum, adjust, …)')
    .description('list the macros of an address and what would go wrong with it')
    .addHelpText(
      'after',
      '\nExample:\n  ./bidloop link check "https://trk.example.com/postback?cid=#s2#&payout={amount}" --source cake',
    )
    .action((template: string, options: { readonly source?: string }) => {
      const profile = options.source === undefined ? null : profileNamed(options.source);
      if (options.source !== undefined && profile === null) throw unknownSender(options.source);
      const plain = checkTemplate(template, profile);
      const check = isOwnLink(template) ? checkOwnLink(template, plain) : plain;
      context.print(check, checkText(check));
      if (check.findings.some((finding) => finding.weight === 'error')) process.exitCode = 1;
    });
}

function unknownSender(name: string): UsageError {
  const ids = sourceProfiles().map((one) => one.id);
  const near = nearestWord(name, ids);
  return new UsageError(
    `there is no sender "${name}"; ${near === null ? `there are: ${ids.join(', ')}` : `did you mean "${near}"?`}`,
  );
}

function checkText(check: TemplateCheck): string {
  const macros =
    check.macros.length === 0
      ? ['There is no macro in it.']
      : [
          'Macros:',
          ...check.macros.map(
            (token) => `  ${token.text}${token.means === null ? '' : `  (${token.means})`}`,
          ),
        ];
  const findings =
    check.findings.length === 0
      ? ['Nothing is wrong with it.']
      : check.findings.flatMap(({ weight, code, message, next }) => [
          `${weight} ${code}: ${message}`,
          `  ${next}`,
        ]);
  return [...macros, '', ...findings].join('\n');
}
