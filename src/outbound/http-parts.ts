/** What a destination's own part makes of a conversion; keys are added where all come together. */
export interface HttpParts {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Text as part of an address, encoded exactly once. A lone surrogate has no UTF-8 and would make the encoder throw. */
export function urlText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Text as part of a header: a line break in it would begin another header. */
export function headerText(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e]/g, '');
}

/** A POST of JSON. Members that are null are left out at every depth: "unknown" is said by silence. */
export function jsonPost(url: string, headers: Readonly<Record<string, string>>, body: object): HttpParts {
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)])),
    },
    body: JSON.stringify(body, (_name, value: unknown) => (value === null ? undefined : value)),
  };
}
