/** One request as a command line to paste into a shell: everything in single quotes, which nothing can leave. */
export function curlOf(request: {
  readonly url: string;
  /** Sent by POST when there is one. */
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}): string {
  const { url, body, contentType, headers = {} } = request;
  const others = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const sent =
    body === undefined
      ? []
      : [`-H ${quoted(`content-type: ${contentType ?? typeOf(body)}`)}`, `--data-binary ${quoted(body)}`];
  return ['curl', quoted(url.replaceAll(' ', '%20')), ...others, ...sent].join(' ');
}

function typeOf(body: string): string {
  return /^\s*[{[]/.test(body) ? 'application/json' : 'application/x-www-form-urlencoded';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
