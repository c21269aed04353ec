import { isIP } from 'node:net';
import { emptyParams, type Params, readPairs } from '../params.ts';
import { ACCOUNT_NAMES, FILLERS } from '../pick-fields.ts';
import type { SourceProfile } from '../profile.ts';
import { DEVICE_ID_NAMES } from '../profiles/common-names.ts';
import { clickIdsIn } from './click-ids.ts';
import { type MacroToken, macrosIn, meaningOf } from './macro-tokens.ts';
import { nearMisses } from './near-misses.ts';
import { readAnything } from './read-anything.ts';
import type { SaidFields } from './said.ts';
import { splitAddress } from './split-address.ts';

/** What is wrong with a template and what to change. */
export interface Finding {
  readonly code:
    | 'empty'
    | 'missing_question_mark'
    | 'wrong_dialect'
    | 'mixed_dialects'
    | 'duplicate_name'
    | 'nested_not_encoded'
    | 'hash_macro'
    | 'cut_by_fragment'
    | 'near_miss'
    | 'html_entity'
    | 'open_bracket'
    | 'no_click_id'
    | 'no_ad'
    | 'to_fill'
    | 'too_long'
    | 'address_not_a_name'
    | 'space';
  /** `error` loses data for certain, `warning` where it depends on who fills the template. */
  readonly weight: 'error' | 'warning';
  readonly message: string;
  readonly next: string;
}

export interface TemplateCheck {
  readonly macros: readonly (MacroToken & { readonly means: string | null })[];
  readonly findings: readonly Finding[];
}

/** AppsFlyer stores no longer ones, and older servers cut there. */
const MAX_LENGTH = 2_048;

/**
 * Checks the template of an address before it is pasted anywhere: macros of the wrong kind, names given twice, nested
 * addresses, and what cuts the address off. Pure.
 *
 * @param profile whose macros it must use; null for anybody's.
 */
export function checkTemplate(text: string, profile: SourceProfile | null): TemplateCheck {
  const macros = macrosIn(text);
  const address = splitAddress(text, 'template');
  const pairs = rawPairs(address.query);
  const findings: Finding[] = [];
  const add = (code: Finding['code'], weight: Finding['weight'], message: string, next: string): void => {
    findings.push({ code, weight, message, next });
  };

  if (text.trim() === '')
    add('empty', 'error', 'There is nothing to check.', 'Paste the whole address in quotes.');
  if (address.missingMark)
    add(
      'missing_question_mark',
      'error',
      'The parameters follow the path without a question mark.',
      `Write "?" before "${pairs[0]?.name ?? ''}=".`,
    );
  for (const finding of dialectFindings(macros, profile)) findings.push(finding);
  for (const name of repeated(pairs.map((pair) => pair.name.toLowerCase())))
    add(
      'duplicate_name',
      'error',
      `"${name}" stands there more than once; the first value wins.`,
      `Keep one "${name}=".`,
    );
  for (const { name, value } of pairs) {
    if (!/^https?:\/\//i.test(value) || !value.includes('?')) continue;
    add(
      'nested_not_encoded',
      'error',
      `The address in "${name}" is not percent-encoded: what follows its first & belongs to the outer address.`,
      `Encode the whole value once: ${name}=${encodeURIComponent(value).slice(0, 60)}…`,
    );
  }
  const hashes = macros.filter((token) => token.dialect === '#name#');
  if (hashes.length > 0)
    add(
      'hash_macro',
      'warning',
      `${hashes.map((token) => token.text).join(', ')}: where such a macro is not filled, a # ends the address and everything after it is never sent.`,
      'Use it only in the product that fills it before the call; test with one real click.',
    );
  if (address.fragment.includes('='))
    add(
      'cut_by_fragment',
      'error',
      `Everything after "#" is never sent: ${address.fragment.slice(0, 60)}`,
      'Move these parameters before the "#".',
    );
  if (/&amp;|[¤©®×¶§¬°][\w-]*=/.test(text))
    add(
      'html_entity',
      'error',
      'The address went through HTML: "&amp;" or a sign such as ¤ stands in it.',
      'Copy it as plain text: "&currency=", not "¤cy=".',
    );
  for (const bracket of openBrackets(text, macros))
    add(
      'open_bracket',
      'error',
      `"${bracket}" opens or closes a macro that has no other end.`,
      'Complete its brackets.',
    );
  if (/\s/.test(macros.reduce((rest, token) => rest.replace(token.text, ''), text.trim())))
    add(
      'space',
      'error',
      'There is a space or a line break in the address.',
      'Take it out, or write it as %20.',
    );
  if (text.length > MAX_LENGTH)
    add(
      'too_long',
      'warning',
      `The address has ${text.length} characters; some senders keep ${MAX_LENGTH}.`,
      'Leave out what nobody reads.',
    );
  if (isIP(address.host) !== 0)
    add(
      'address_not_a_name',
      'warning',
      `${address.host} is an address, not a host name; Adjust, for one, calls names only.`,
      'Use a host name with https.',
    );

  const params = emptyParams();
  readPairs(address.query, params);
  if (profile !== null)
    for (const miss of nearMisses(params, profile))
      add(
        'near_miss',
        'warning',
        `"${miss.written}"${miss.written === miss.parameter ? '' : ` in "${miss.parameter}"`} is not known; did you mean "${miss.meant}"?`,
        `Write "${miss.meant}".`,
      );
  const fillers = [...params.values]
    .filter(([, value]) => FILLERS.has(value.replaceAll(/^[[{(<]|[\])}>]$/g, '')))
    .map(([name]) => name);
  if (fillers.length > 0)
    add(
      'to_fill',
      'error',
      `${fillers.map((name) => `"${name}"`).join(', ')} still ${fillers.length === 1 ? 'holds a word' : 'hold words'} that stand for a macro.`,
      "Write the sender's own macro there, or take the parameter out.",
    );
  const said = saidOf(text, profile);
  const clickIds = clickIdsIn(params, address.fragment, null, profile === null ? [] : [profile]);
  if (clickIds.length === 0 && said.clickId === undefined && text.trim() !== '')
    add('no_click_id', 'warning', ...withoutClickId(said, params));
  return { macros: macros.map((token) => ({ ...token, means: meaningOf(token) })), findings };
}

function saidOf(text: string, profile: SourceProfile | null): SaidFields {
  const source = profile === null ? {} : { source: profile.id };
  return readAnything({ address: text, kind: 'outbound_template', ...source, nowMs: 0 }).said;
}

/** What is missing, and what to do: a device or an account may say who, but only what they did before credits an ad. */
function withoutClickId(said: SaidFields, params: Params): [message: string, next: string] {
  const accounts = ACCOUNT_NAMES.filter((name) => params.values.has(name));
  const who = said.deviceId?.name ?? DEVICE_ID_NAMES.find((name) => params.values.has(name)) ?? accounts[0];
  return who === undefined
    ? [
        'No parameter holds a click id.',
        'Without one nothing can be credited to a click: add the macro of the click id.',
      ]
    : [
        `No parameter holds a click id; "${who}" says who it was.`,
        'It is credited only where an earlier click or install named the same one: add the macro of the click id, if the sender has it.',
      ];
}

function dialectFindings(macros: readonly MacroToken[], profile: SourceProfile | null): readonly Finding[] {
  const used = new Set(macros.map((token) => token.dialect));
  if (profile === null || profile.id === 'generic') {
    if (used.size < 2) return [];
    return [
      {
        code: 'mixed_dialects',
        weight: 'warning',
        message: `Macros of several products stand side by side: ${[...used].join(' and ')}.`,
        next: 'Each product fills its own brackets only; say whose template it is with --source.',
      },
    ];
  }
  const wanted = new Set(macrosIn(profile.template.replaceAll('%23', '#')).map((token) => token.dialect));
  return macros
    .filter((token) => !wanted.has(token.dialect))
    .map((token) => ({
      code: 'wrong_dialect' as const,
      weight: 'error' as const,
      message: `${token.text} is not how ${profile.title} writes a macro.`,
      next: `Write it as ${[...wanted].join(' or ')}: ${[...wanted][0]?.replace(/name/i, token.name) ?? token.name}.`,
    }));
}

function rawPairs(query: string): readonly { readonly name: string; readonly value: string }[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1
        ? { name: pair, value: '' }
        : { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
    });
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

/** Curly brackets that are part of no macro. */
function openBrackets(text: string, macros: readonly MacroToken[]): readonly string[] {
  let left = text;
  for (const token of macros) left = left.replace(token.text, '');
  return [...new Set(left.match(/[{}]/g) ?? [])];
}
