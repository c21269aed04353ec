import { nearestWord } from '../core/nearest-word.ts';
import { isPlaceholder } from '../sources/macros.ts';
import { MACRO } from './template.ts';

export interface TemplateProblem {
  readonly part: string;
  readonly message: string;
  readonly next: string;
}

/** Names that every conversion has a place for. Names of the click's own parameters come as `{click.NAME}`. */
export const MACRO_NAMES = [
  'click_id',
  'event',
  'status',
  'amount',
  'currency',
  'txid',
  'sender_txid',
  'event_time',
  'event_time_ms',
  'event_time_iso',
  'click_time',
  'click_time_ms',
  'ip',
  'user_agent',
  'page_url',
] as const;

/** Prefixes whose rest is free: a network's click id, a parameter of the click, a secret of the destination. */
const FREE_PREFIXES = ['network.', 'click.', 'secret.'];

/**
 * What is wrong with a URL template, before anything is sent with it. An empty list means that each macro is known here
 * and stands where it can be filled.
 */
export function checkTemplate(template: string): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  const problem = (part: string, message: string, next: string): unknown =>
    problems.push({ part, message, next });
  const bare = template.replaceAll(MACRO, 'x');
  let url: URL | null = null;
  try {
    url = new URL(bare);
  } catch {
    problem(template, 'This is not an address.', 'Begin with https:// and a host name.');
  }
  if (url !== null && url.protocol !== 'https:' && url.protocol !== 'http:')
    problem(url.protocol, 'Only http and https can be called.', 'Begin with https://.');
  if (url !== null && (url.username !== '' || url.password !== ''))
    problem(
      'user:password@',
      'An address with a password in it ends up in logs.',
      'Use a header with {secret.NAME}.',
    );
  if (template.includes('#'))
    problem(
      '#',
      'Everything behind a # stays here and is never sent.',
      'Write macros as {name}; take the # away.',
    );
  // Whoever sends a click could otherwise choose the server that is called.
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(template)?.[0] ?? '';
  if (origin.includes('{')) problem(origin, 'The host is a macro.', 'Write the host name out.');
  problems.push(...checkMacros(template));
  const foreign = /\$\{|[{}]/.exec(template.replaceAll(/(?<!\$)\{[\w.-]+\}/g, 'x'));
  if (foreign !== null)
    problem(
      foreign[0],
      'A brace that belongs to no macro would be sent as it stands.',
      'Macros are {name}; write another brace as %7B or %7D.',
    );
  const damage = /&amp;|[¤©®×¶§¬°]/.exec(template);
  if (damage !== null)
    problem(
      damage[0],
      'The address went through HTML: & signs were read as entities.',
      'Copy it as plain text.',
    );
  problems.push(...checkQuery(template));
  for (const part of parts(bare)) {
    if (isPlaceholder(part)) {
      const next = 'Write it as {name}.';
      problem(part, `${part} is a macro of another product and would be sent as it stands.`, next);
    }
  }
  return problems;
}

/** Parameters that the receiver would read otherwise than they were meant. */
function checkQuery(template: string): readonly TemplateProblem[] {
  const cut = template.indexOf('?');
  if (cut === -1) return [];
  const problems: TemplateProblem[] = [];
  const seen = new Set<string>();
  for (const pair of template.slice(cut + 1).split('&')) {
    const [name = ''] = pair.split('=', 1);
    if (seen.has(name) && name !== '') {
      const message = `The parameter ${name} stands there twice; receivers take one of the two.`;
      problems.push({ part: name, message, next: 'Take one of them away.' });
    }
    seen.add(name);
    if (/:\/\/[^?]*\?/.test(pair)) {
      const message = `The address in ${name} ends at its first & unless it is encoded.`;
      const next = 'Percent-encode the inner address; macros inside it cannot be filled.';
      problems.push({ part: pair, message, next });
    }
  }
  return problems;
}

/** Macros in any text (a header, a body) that are not known here. */
export function checkMacros(text: string): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  for (const [whole, name = ''] of text.matchAll(MACRO)) {
    if (isKnown(name)) continue;
    const near = nearestWord(name, MACRO_NAMES);
    const known = near === null ? `Known are ${MACRO_NAMES.join(', ')}.` : `Did you mean {${near}}?`;
    const next = `${known} Parameters of the click are {click.NAME}, ids of ad networks {network.NAME}.`;
    problems.push({ part: whole, message: `No macro is called ${whole}.`, next });
  }
  return problems;
}

function isKnown(name: string): boolean {
  return (
    MACRO_NAMES.some((known) => known === name) ||
    FREE_PREFIXES.some((prefix) => name.startsWith(prefix) && name.length > prefix.length)
  );
}

/** The pieces of an address in which another product's macro may stand alone: path segments and values. */
function parts(url: string): readonly string[] {
  const [path = '', ...query] = (url.split('#', 1)[0] ?? '').split('?');
  const values = query
    .join('?')
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [...path.split('/'), ...values];
}
