import type { OutboundConversion } from './conversion.ts';
import { type Skipped, type TemplateDestination, skipped } from './destination.ts';
import type { Forward } from './forward.ts';
import { type HttpParts, headerText } from './http-parts.ts';
import { type TemplateProblem, checkMacros, checkTemplate } from './check-template.ts';
import { type Filled, fillPairs, fillText, fillUrl } from './template.ts';
import { macroValues } from './values.ts';

/** Everything that is wrong with a destination's templates; to be empty before it is kept. */
export function checkDestination(destination: TemplateDestination): readonly TemplateProblem[] {
  const { body, headers } = destination;
  const texts = [
    ...Object.values(headers),
    ...(body === null ? [] : body.kind === 'form' ? [body.template] : Object.values(body.members)),
  ];
  return [
    ...checkTemplate(destination.url),
    ...texts.flatMap(checkMacros),
    ...destination.needed.filter((name) => !mentions(destination, name)).map(unmentioned),
  ];
}

/** Whether a parameter of that name stands anywhere that is sent. */
function mentions({ url, body }: TemplateDestination, name: string): boolean {
  const pairs = `${url.slice(url.indexOf('?') + 1)}&${body?.kind === 'form' ? body.template : ''}`.split('&');
  return (
    pairs.some((pair) => pair.startsWith(`${name}=`)) ||
    (body?.kind === 'json' && Object.hasOwn(body.members, name))
  );
}

function unmentioned(name: string): TemplateProblem {
  const message = `${name} is said to be needed, and nothing sends it.`;
  return {
    part: name,
    message,
    next: `Add ${name}={…} to the address or take it off the list of what is needed.`,
  };
}

/** A template destination's request: URL, headers and body with their macros filled. */
export function templateRequest(
  destination: TemplateDestination,
  conversion: OutboundConversion,
  forward: Forward,
): HttpParts | Skipped {
  const [problem] = checkDestination(destination);
  if (problem !== undefined) return skipped('bad_template', `${problem.message} ${problem.next}`);
  const values = macroValues(destination, conversion, forward);
  const url = fillUrl(destination.url, values, destination);
  if (!url.ok) return missing(url.missing);
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(destination.headers)) {
    const filled = fillText(template, values, headerText);
    if (!filled.ok) return missing(filled.missing);
    headers[name.toLowerCase()] = filled.text;
  }
  if (destination.method === 'GET' || destination.body === null)
    return { method: destination.method, url: url.text, headers, body: null };
  if (destination.body.kind === 'form') {
    const form = fillPairs(destination.body.template, values, destination);
    if (!form.ok) return missing(form.missing);
    headers['content-type'] = 'application/x-www-form-urlencoded';
    return { method: 'POST', url: url.text, headers, body: form.text };
  }
  const members: [string, string | number][] = [];
  for (const [name, template] of Object.entries(destination.body.members)) {
    const filled: Filled = fillText(template, values, (value) => value);
    if (filled.ok) members.push([name, template === '{amount}' ? Number(filled.text) : filled.text]);
    else if (destination.keepEmpty.includes(name)) members.push([name, '']);
    else if (destination.needed.includes(name)) return missing(filled.missing);
  }
  headers['content-type'] = 'application/json';
  return { method: 'POST', url: url.text, headers, body: JSON.stringify(Object.fromEntries(members)) };
}

function missing(what: string): Skipped {
  return skipped('missing_value', `${what} has no value for this conversion, and the destination needs it.`);
}
