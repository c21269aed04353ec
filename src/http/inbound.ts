import type { IncomingMessage } from 'node:http';
import { isClientSideCall } from '../sources/client-side-call.ts';
import { type Params, readBody } from '../sources/params.ts';
import { joinVia, VIA_HEADER } from '../sources/via.ts';
import type { Inbound } from './postback-row.ts';
import type { Refusal } from './postback-answers.ts';
import { clientAddress, type CollectedBody, headerText, isPreview } from './request-facts.ts';

/** A body beyond this is refused: no sender we know writes more than 1 MB. */
export const MAX_BODY = 1024 * 1024;
/** Bytes of such a body that its row holds. */
const KEPT_OF_LARGE_BODY = 4_096;

/** What stands in the request's line and headers, and its body where there is one. */
export function toInbound(
  request: IncomingMessage,
  collected: CollectedBody | null,
  wallMs: number,
): Inbound {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const [sourceId = '', pathKey = ''] = path.slice(3).split('/', 2);
  const { headers } = request;
  const bearer = headers.authorization?.startsWith('Bearer ')
    ? headers.authorization.slice(7).trim()
    : undefined;
  const own = headers['x-bidloop-key'];
  const via = viaHeader(headers[VIA_HEADER]);
  const bodySize = collected?.size ?? 0;
  const body = collected?.body ?? null;
  return {
    method: request.method ?? 'GET',
    url,
    path,
    query: mark === -1 ? '' : url.slice(mark + 1),
    sourceId: sourceId.toLowerCase(),
    pathKey: pathKey === '' ? null : pathKey,
    body: bodySize > MAX_BODY && body !== null ? Buffer.from(body.subarray(0, KEPT_OF_LARGE_BODY)) : body,
    bodySize,
    cutOff: collected?.complete === false,
    contentType: headerText(headers['content-type'], 200),
    address: clientAddress(request),
    userAgent: headerText(headers['user-agent'], 500),
    preview: isPreview(request),
    clientSide: isClientSideCall(headers),
    ...(via === null ? {} : { via }),
    headers,
    headerKey: (typeof own === 'string' ? own : undefined) ?? bearer ?? null,
    wallMs,
  };
}

function viaHeader(value: string | string[] | undefined): string | null {
  return joinVia(headerText(Array.isArray(value) ? value.join(',') : value, 1_000));
}

/** What is wrong with the request itself, before anything is read from its parameters. Adds the body to the params. */
export function requestRefusal(inbound: Inbound, params: Params): Refusal | null {
  const next = 'Call the address with GET or POST.';
  if (inbound.method === 'HEAD')
    return {
      httpStatus: 200,
      reason: 'head_request',
      message: 'A HEAD request asks whether the address works and is no conversion.',
      next,
    };
  if (inbound.method !== 'GET' && inbound.method !== 'POST') {
    return {
      httpStatus: 405,
      reason: 'method_not_allowed',
      message: `${inbound.method} is not a way to send a postback.`,
      next,
    };
  }
  if (inbound.preview)
    return {
      httpStatus: 200,
      reason: 'link_preview',
      message: 'A link preview or prefetch looked at the address; that is no conversion.',
      next,
    };
  if (inbound.bodySize > MAX_BODY) {
    return {
      httpStatus: 413,
      reason: 'body_too_large',
      message: `The body has ${inbound.bodySize} bytes; at most ${MAX_BODY} are read.`,
      next: 'Send one conversion per request, without attachments.',
    };
  }
  if (inbound.cutOff) {
    return {
      httpStatus: 400,
      reason: 'cut_off',
      message: `The connection ended before the body did, after ${inbound.bodySize} bytes.`,
      next: 'Send it again; if it happens often, look at time-outs and proxies on the way.',
    };
  }
  if (inbound.body === null || inbound.body.length === 0) return null;
  const problem = readBody(inbound.body, inbound.contentType ?? '', params);
  if (problem === null) return null;
  return {
    httpStatus: 400,
    reason: problem,
    message:
      problem === 'broken_json'
        ? 'The body looks like JSON but cannot be read as JSON.'
        : `A body of type "${inbound.contentType ?? 'none'}" holds no parameters that can be read.`,
    next:
      problem === 'broken_json'
        ? 'Check quotes, commas and escapes in the body template.'
        : 'Send parameters in the query, as a form, or as one JSON object.',
  };
}
