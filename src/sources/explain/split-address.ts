/** An address in its parts, none of them decoded. */
export interface SplitAddress {
  /** Lower case, without port; empty when the text has none. */
  readonly host: string;
  readonly path: string;
  /** Without its `?`. */
  readonly query: string;
  /** Without its `#`: never sent by whoever calls the address. */
  readonly fragment: string;
  /** The parameters stand in the path, as the `?` is missing. */
  readonly missingMark: boolean;
}

/** `#name#` is a macro, and {cl?Net} holds a question mark that parts nothing. */
const MACROS = /#[A-Za-z_][\w.-]*#|[#$]?\{[^{}]*\}/g;

/**
 * Parts an address as it is written, also one that no URL parser takes: with macros for a host, without a scheme, a
 * query alone, or with its parameters in the path.
 *
 * @param form `template` keeps `#name#` macros whole; `sent` cuts at the first `#`, as every HTTP client does.
 */
export function splitAddress(text: string, form: 'template' | 'sent'): SplitAddress {
  const trimmed = text.trim();
  // Same length, so that what is found in it stands at the same place.
  const masked = trimmed.replaceAll(MACROS, (macro) =>
    form === 'sent' && macro.startsWith('#') ? macro : 'x'.repeat(macro.length),
  );
  const hash = masked.indexOf('#');
  const whole = hash === -1 ? trimmed : trimmed.slice(0, hash);
  const fragment = hash === -1 ? '' : trimmed.slice(hash + 1);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(whole)?.[0].length ?? 0;
  const mark = masked.slice(0, whole.length).indexOf('?');
  const before = mark === -1 ? whole : whole.slice(0, mark);
  const query = mark === -1 ? '' : whole.slice(mark + 1);
  if (scheme === 0 && mark === -1 && /^[^/?=]*=/.test(whole))
    return { host: '', path: '', query: whole, fragment, missingMark: false };
  const rest = before.slice(scheme);
  const slash = rest.indexOf('/');
  const hasHost = scheme > 0 || /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:\/|$)/.test(rest);
  const host = hasHost ? (slash === -1 ? rest : rest.slice(0, slash)) : '';
  const path = hasHost ? (slash === -1 ? '' : rest.slice(slash)) : rest;
  const parts = { host: host.replace(/:\d+$/, '').toLowerCase(), fragment };
  const inPath = mark === -1 ? /^(.*?)[/&;]([\w~.-]+=.*)$/.exec(hasHost ? path : rest) : null;
  if (inPath === null) return { ...parts, path, query, missingMark: false };
  return {
    ...parts,
    path: inPath[1] ?? '',
    query: (inPath[2] ?? '').replaceAll(/\/(?=[\w~.-]+=)/g, '&'),
    missingMark: true,
  };
}

/** Nobody's path has more that says something. */
const MOST_SEGMENTS = 60;

/** The parts of a path, decoded where they can be; none is empty. */
export function segmentsOf(path: string): readonly string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .slice(0, MOST_SEGMENTS)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}
