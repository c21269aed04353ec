import { VIA_HEADER, VIA_PARAM } from '../sources/via.ts';
import type { Destination } from './destination.ts';
import { type HttpParts, urlText } from './http-parts.ts';

/**
 * A request with the marks of the installations that its news came through, ours the last. The check of addresses finds a
 * destination that is this installation by name; a relay in between, or another installation that sends back, is known by
 * the mark alone. Networks' own interfaces get the header only: they refuse parameters that they do not know.
 */
export function withMark(destination: Destination, parts: HttpParts, via: string): HttpParts {
  const marked = { ...parts, headers: { ...parts.headers, [VIA_HEADER]: via } };
  if (destination.kind !== 'template' || destination.loopMark === 'header') return marked;
  const { url } = parts;
  const joint = url.includes('?') ? (/[?&]$/.test(url) ? '' : '&') : '?';
  return { ...marked, url: `${url}${joint}${VIA_PARAM}=${urlText(via)}` };
}
