/** A callback that an Adjust click address carries: one address for one or several events. */
export interface NestedCallback {
  readonly name: string;
  /** What it is called for: `install`, or event tokens. */
  readonly events: readonly string[];
  readonly address: string;
  /** Not percent-encoded: what follows its first & belongs to the outer address. */
  readonly unencoded: boolean;
}

const NAME =
  /^(?:adj_)?(?:event_callback_(.+)|(install|click|session|reattribution|rejected_install|rejected_reattribution)_callback)$/;

/**
 * Callbacks in the parameters of an Adjust click: `install_callback=…`, `event_callback_«token»_«token»=…`
 * (help.adjust.com, "Event callbacks for partners").
 *
 * @param query not decoded: event tokens keep their case.
 */
export function adjustCallbacks(query: string): readonly NestedCallback[] {
  return query.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return [];
    const name = pair.slice(0, equals).replace(/^\?+/, '');
    const match = NAME.exec(name);
    if (match === null) return [];
    const raw = pair.slice(equals + 1);
    const events = match[1] === undefined ? [match[2] ?? ''] : match[1].split('_');
    return [{ name, events, address: decoded(raw), unencoded: /^https?:\/\//i.test(raw) }];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
