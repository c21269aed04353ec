import ipaddr from 'ipaddr.js';

export interface GuardRules {
  /** Hosts that lead to this installation, as in an address: "track.example.com" for every port, or "host:3000". */
  readonly ownHosts: readonly string[];
  /** Addresses that lead to this installation, where they are known. */
  readonly ownAddresses: readonly string[];
  /**
   * What the operator allows although it is not on the public internet, such as an own backend: host names, and networks
   * as 10.20.0.0/16. Never our own host.
   */
  readonly allowed: readonly string[];
}

export type GuardVerdict =
  | { readonly ok: true; readonly host: string }
  | { readonly ok: false; readonly message: string; readonly next: string };

/**
 * Whether an address may be called at all, before its name is looked up: http or https, no password in it, not ourselves
 * (a conversion would come back as a new one, for ever), and no private address written out. The URL standard's parser
 * has turned spellings such as 0x7f.1 or 2130706433 into 127.0.0.1 by then.
 */
export function checkUrl(text: string, rules: GuardRules): GuardVerdict {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { ok: false, message: 'This is not an address.', next: 'Begin with https:// and a host name.' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { ok: false, message: `${url.protocol} cannot be called.`, next: 'Use http or https.' };
  if (url.username !== '' || url.password !== '')
    return { ok: false, message: 'The address holds a user or password.', next: 'Send them in a header.' };
  const host = plainHost(url.hostname);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (isOwn(host, port, rules))
    return {
      ok: false,
      message: `${host} is this installation: conversions would run in a circle.`,
      next: 'Give the address of whoever should learn of the conversion.',
    };
  return ipaddr.isValid(host) ? checkAddresses(host, [host], rules, port) : { ok: true, host };
}

function isOwn(host: string, port: string, rules: GuardRules): boolean {
  return rules.ownHosts.some((one) => {
    const [name, onlyPort] = splitHost(one);
    return name === host && (onlyPort === undefined || onlyPort === port);
  });
}

/**
 * Whether what a host's name resolved to may be connected to. Every address must be public: one private one among them
 * is refused, or whoever runs the name chooses. The caller must connect to one of these very addresses; a second lookup
 * may give others.
 *
 * @param port the port that is connected to, so that another name for our own server is known as ours.
 */
export function checkAddresses(
  host: string,
  addresses: readonly string[],
  rules: GuardRules,
  port: string,
): GuardVerdict {
  if (addresses.length === 0)
    return { ok: false, message: `${host} has no address.`, next: 'Check the host name.' };
  const own = new Set(rules.ownAddresses.map(canonical));
  for (const address of addresses) {
    const plain = canonical(address);
    if (plain !== null && (own.has(plain) || isOwn(plain, port, rules)))
      return {
        ok: false,
        message: `${host} leads to this installation (${address}): conversions would run in a circle.`,
        next: 'Give the address of whoever should learn of the conversion.',
      };
    if (!isPublicAddress(address) && !rules.allowed.some((one) => allows(one, host, address)))
      return {
        ok: false,
        message: `${host} leads to ${address}, which is not on the public internet.`,
        next: 'If it is a server of yours, allow its host name or network in BIDLOOP_OUTBOUND_ALLOW.',
      };
  }
  return { ok: true, host: plainHost(host) };
}

const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * True only for addresses of the public internet: not loopback, private, link-local (the metadata address of clouds),
 * carrier NAT, multicast, documentation or reserved ones (IANA's special-purpose registries, RFC 6890). IPv4 inside IPv6
 * (mapped, or NAT64 under 64:ff9b::/96) is judged as what it leads to; 6to4 and Teredo are not public here.
 */
export function isPublicAddress(text: string): boolean {
  const address = parsed(text);
  if (address === null) return false;
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  if (address.range() === 'rfc6052')
    return new ipaddr.IPv4(address.toByteArray().slice(12)).range() === 'unicast';
  return address.range() === 'unicast' && address.match(GLOBAL_IPV6);
}

/** Whether an entry of the operator's list (a host name, an address, a network) covers this address of this host. */
function allows(entry: string, host: string, address: string): boolean {
  if (plainHost(entry) === plainHost(host)) return true;
  const plain = parsed(address);
  if (plain === null || !ipaddr.isValidCIDR(entry)) return false;
  const network = ipaddr.parseCIDR(entry);
  return plain.kind() === network[0].kind() && plain.match(network);
}

/** Whether a text can stand in the operator's list. */
export function isAllowEntry(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : /^[\w.:[\]-]+$/.test(text);
}

/** IPv4-mapped addresses come back as IPv4; null for what is no address. */
function parsed(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}

function canonical(text: string): string | null {
  return parsed(text)?.toNormalizedString() ?? null;
}

/** Lower case, without the brackets of IPv6 and without the dot that may end a name. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function splitHost(host: string): readonly [string, string?] {
  const match = /^(\[.*\]|[^:]*):(\d+)$/.exec(host);
  return match?.[1] === undefined || match[2] === undefined
    ? [plainHost(host)]
    : [plainHost(match[1]), match[2]];
}
