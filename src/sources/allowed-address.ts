import { BlockList, isIP } from 'node:net';

/** True for `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32` and their like. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/**
 * Whether a sender's address is on its source's list. Senders publish theirs; anybody else who has seen a postback
 * address could write to it.
 *
 * @param list addresses and networks; texts that are neither are passed over.
 * @returns the question, made once for many requests.
 */
export function addressList(list: readonly string[]): (address: string) => boolean {
  const allowed = new BlockList();
  for (const text of list) {
    if (!isAddressOrNetwork(text)) continue;
    const [network = '', bits] = text.split('/');
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    allowed.addSubnet(network, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && allowed.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}
