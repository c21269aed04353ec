import { UsageError } from './command.ts';

/** A request as somebody copied it, in the parts that the door would see. */
export interface Pasted {
  readonly address?: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

const METHODS = 'GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS';
const REQUEST_LINE = new RegExp(`^(?:${METHODS}) (\\S+)(?: HTTP/[\\d.]+)?\\s*$`);
/** A line of a web server's log holds the request line in quotes. */
const IN_LOG = new RegExp(`"(?:${METHODS}) (\\S+) HTTP/[\\d.]+"`);

/**
 * Takes apart what people paste: an address, a body of JSON, a `curl` command, a raw HTTP request, a line of an access
 * log. Anything else is an address: it has a reading, if only an empty one.
 *
 * @throws UsageError where a curl command names no address, or a file that cannot be seen from here.
 */
export function readPasted(text: string): Pasted {
  const trimmed = text.trim();
  if (/^(?:\$\s+)?curl(?:\.exe)?\s/.test(trimmed)) return readCurl(trimmed);
  const [first = '', ...rest] = trimmed.split(/\r?\n/);
  const line = REQUEST_LINE.exec(first);
  if (line !== null) return readRawRequest(line[1] ?? '', rest);
  const logged = IN_LOG.exec(trimmed);
  if (logged !== null) return { address: logged[1] ?? '', headers: {} };
  // A macro in braces begins an address whose host is a macro, not JSON.
  if (/^[{[]/.test(trimmed) && !/^\{[\w.-]+\}/.test(trimmed)) return { body: trimmed, headers: {} };
  return { address: trimmed.replace(/^(["'<])(.*)["'>]$/s, '$2'), headers: {} };
}

function readRawRequest(target: string, lines: readonly string[]): Pasted {
  const end = lines.findIndex((line) => line.trim() === '');
  const headers = headersOf(end === -1 ? lines : lines.slice(0, end));
  const body = end === -1 ? '' : lines.slice(end + 1).join('\n');
  const host = headers['host'];
  return {
    address: target.startsWith('/') && host !== undefined ? `http://${host}${target}` : target,
    headers,
    ...bodyParts(body, headers),
  };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf(':');
      return at < 1 ? [] : [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const];
    }),
  );
}

function bodyParts(body: string, headers: Readonly<Record<string, string>>) {
  const contentType = headers['content-type'];
  return body === '' ? {} : { body, ...(contentType === undefined ? {} : { contentType }) };
}

/** curl's options that take a value; of the others only -G changes what is sent. */
const VALUED = new Set(
  (
    '-X --request -H --header -d --data --data-raw --data-binary --data-ascii --data-urlencode --json -F --form ' +
    '--form-string --url -A --user-agent -e --referer -b --cookie -c --cookie-jar -u --user -o --output -x --proxy ' +
    '-m --max-time --connect-timeout --resolve --retry -w --write-out --cacert -E --cert --key'
  ).split(' '),
);
const DATA = new Set(['-d', '--data', '--data-raw', '--data-binary', '--data-ascii', '--json']);

function readCurl(text: string): Pasted {
  const words = shellWords(text).slice(text.startsWith('$') ? 2 : 1);
  const data: string[] = [];
  const lines: string[] = [];
  let address: string | undefined;
  let inQuery = false;
  for (let at = 0; at < words.length; at += 1) {
    const [option, attached] = optionOf(words[at] ?? '');
    if (option === null) {
      address ??= words[at];
      continue;
    }
    if (option === '-G' || option === '--get') inQuery = true;
    if (!VALUED.has(option)) continue;
    const value = attached ?? words[(at += 1)] ?? '';
    if (option === '--url') address = value;
    else if (option === '-H' || option === '--header') lines.push(value);
    else if (option === '--data-urlencode') data.push(encoded(value));
    else if (option.startsWith('--form') || option === '-F') data.push(encoded(value));
    else if (DATA.has(option)) {
      if (value.startsWith('@') && option !== '--data-raw')
        throw new UsageError(`curl's ${option} ${value} names a file: paste what is in it in its place`);
      if (option === '--json') lines.push('content-type: application/json');
      data.push(value);
    }
  }
  if (address === undefined) throw new UsageError('the curl command names no address');
  const headers = headersOf(lines);
  const sent = data.join('&');
  if (!inQuery) return { address, headers, ...bodyParts(sent, headers) };
  return { address: `${address}${address.includes('?') ? '&' : '?'}${sent}`, headers };
}

/** `-XPOST` is an option with its value, `--url=…` is too; a word without a hyphen is no option. */
function optionOf(word: string): readonly [option: string | null, value?: string] {
  const long = /^(--[\w-]+)(?:=(.*))?$/s.exec(word);
  if (long !== null) return long[2] === undefined ? [long[1] ?? ''] : [long[1] ?? '', long[2]];
  const short = /^(-[A-Za-z])(.*)$/s.exec(word);
  if (short === null) return [null];
  return short[2] === '' || !VALUED.has(short[1] ?? '') ? [short[1] ?? ''] : [short[1] ?? '', short[2] ?? ''];
}

function encoded(pair: string): string {
  const at = pair.indexOf('=');
  return `${pair.slice(0, at + 1)}${encodeURIComponent(pair.slice(at + 1))}`;
}

/** Words as a POSIX shell parts them: quotes, escapes, lines that go on after a backslash. */
function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      word = `${word ?? ''}${text.slice(at + 1, end === -1 ? text.length : end)}`;
      at = end === -1 ? text.length : end;
    } else if (char === '"') {
      word ??= '';
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
        if (text[at] === '\\' && /["\\$`]/.test(text[at + 1] ?? '')) at += 1;
        word += text[at] ?? '';
      }
    } else if (char === '\\') {
      at += 1;
      const next = text[at] ?? '';
      if (next === '\r' && text[at + 1] === '\n') at += 1;
      else if (next !== '\n') word = `${word ?? ''}${next}`;
    } else word = `${word ?? ''}${char}`;
  }
  return word === null ? words : [...words, word];
}
