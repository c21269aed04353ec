/** Of a request, in lower case as node:http gives them. */
export type CallerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const BROWSER = /^Mozilla\/5\.0 .*(?:Chrome|CriOS|Safari|Firefox|FxiOS|Edg|OPR)\//;

/**
 * True for a postback that a visitor's browser sent: its user agent together with an Origin, a Referer or a Sec-Fetch
 * header. Whoever sees such an address in a page can call it as often as they like. A user agent alone says nothing:
 * some senders' servers borrow one.
 */
export function isClientSideCall(headers: CallerHeaders): boolean {
  const agent = headers['user-agent'];
  if (typeof agent !== 'string' || !BROWSER.test(agent)) return false;
  return ['origin', 'referer', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'].some((name) => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' && value !== 'null';
  });
}
