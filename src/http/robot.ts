import type { IncomingMessage } from 'node:http';

/** Machines that say so themselves. */
const SELF_DECLARED = /bot\b|crawl|spider|slurp|headless|phantomjs|lighthouse|pagespeed|uptime|pingdom/i;
/** HTTP clients of programs, as they name themselves; a person's browser has none of them. */
const CLIENT =
  /^(?:curl|wget|python|go-http-client|java|libwww-perl|apache-httpclient|axios|node-fetch|guzzlehttp|postmanruntime|scrapy|aiohttp|httpx|ruby|php)\b/i;

/**
 * Whether a visit was made by a program: it says so, or on the way of a redirect, which only browsers take, names an
 * HTTP client or nothing at all. A landing page's server that reports its visitors by POST is no robot.
 */
export function isRobot(request: IncomingMessage): boolean {
  const agent = request.headers['user-agent'] ?? '';
  if (SELF_DECLARED.test(agent)) return true;
  return request.method === 'GET' && (agent.trim() === '' || CLIENT.test(agent));
}

/** Headers in which proxies and delivery networks tell the visitor's country. */
const COUNTRY_HEADERS = [
  'cf-ipcountry',
  'cloudfront-viewer-country',
  'x-vercel-ip-country',
  'x-country-code',
];

/**
 * The visitor's country by the proxy in front: two capital letters, null where none tells it. Only a proxy on this
 * machine is believed, as with addresses; XX is how Cloudflare says that it does not know.
 */
export function visitorCountry(request: IncomingMessage): string | null {
  const peer = (request.socket.remoteAddress ?? '').replace('::ffff:', '');
  if (peer !== '::1' && !peer.startsWith('127.')) return null;
  for (const name of COUNTRY_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string' && /^[A-Za-z]{2}$/.test(value) && value.toUpperCase() !== 'XX')
      return value.toUpperCase();
  }
  return null;
}
