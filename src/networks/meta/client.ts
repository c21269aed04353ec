import { z } from 'zod';
import { type AccountAccess, NetworkError } from '../ad-network.ts';
import { type NetworkAnswer, networkRequest } from '../request.ts';
import { errorOf, usageOf } from './errors.ts';
import { pageSchema } from './schema.ts';

const HOME = 'https://graph.facebook.com/v26.0';
const MAX_PAGES = 500;
/** From here on reads wait for the next pass, so that writes still get through. */
const READ_STOP_PERCENT = 95;

export type Query = Readonly<Record<string, string | number>>;

/** One read. @throws NetworkError of any class. */
export async function get<T>(
  access: AccountAccess,
  path: string,
  call: { readonly query: Query; readonly schema: z.ZodType<T> },
): Promise<T> {
  return (await getWithTier(access, path, call)).data;
}

/** As {@link get}, with the access tier of the token's app as Meta names it; null where the answer does not. */
export async function getWithTier<T>(
  access: AccountAccess,
  path: string,
  call: { readonly query: Query; readonly schema: z.ZodType<T> },
): Promise<{ readonly data: T; readonly tier: string | null }> {
  const what = `GET ${path}`;
  const answer = await send(access, { what, url: `${base(access)}/${path}`, query: call.query });
  return { data: checked(answer.body, call.schema, what), tier: usageOf(answer.headers).tier };
}

/** Every row of an edge: follows `paging.next`, whose absence alone says that it was the last page. */
export async function getAll<T>(
  access: AccountAccess,
  path: string,
  call: { readonly query: Query; readonly schema: z.ZodType<T> },
): Promise<readonly T[]> {
  const what = `GET ${path}`;
  const rows: T[] = [];
  let url: string | undefined = `${base(access)}/${path}`;
  let query: Query = call.query;
  for (let number = 0; url !== undefined; number += 1) {
    if (number >= MAX_PAGES)
      throw new NetworkError('INVALID', `${what}: more than ${MAX_PAGES} pages; narrow the report`);
    const answer: NetworkAnswer = await send(access, { what, url, query });
    const page = checked(answer.body, pageSchema, what);
    for (const row of page.data) rows.push(checked(row, call.schema, what));
    url = page.paging?.next === undefined ? undefined : nextUrl(access, page.paging.next);
    query = {};
    const usage = usageOf(answer.headers);
    if (url !== undefined && usage.percent >= READ_STOP_PERCENT) {
      throw new NetworkError(
        'RATE',
        `${what}: ${usage.percent} % of the account's calls are used; the rest is read later`,
        {
          retryAfterMs: usage.regainMs ?? 300_000,
        },
      );
    }
  }
  return rows;
}

/** One write, sent once. @throws NetworkError; UNKNOWN_RESULT when it may have happened. */
export async function post(
  access: AccountAccess,
  path: string,
  params: Query,
): Promise<{ readonly requestId: string | null }> {
  const what = `POST ${path}`;
  const answer = await networkRequest({
    what,
    write: true,
    method: 'POST',
    url: `${base(access)}/${path}`,
    params: { access_token: access.token },
    data: formBody(params),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const done = z.object({ success: z.literal(true) }).safeParse(answer.body);
  if (answer.status !== 200 || !done.success) throw errorOf(answer, { what, write: true });
  return { requestId: answer.headers['x-fb-trace-id'] ?? answer.headers['x-fb-request-id'] ?? null };
}

async function send(
  access: AccountAccess,
  call: { what: string; url: string; query: Query },
): Promise<NetworkAnswer> {
  const answer = await networkRequest({
    what: call.what,
    write: false,
    method: 'GET',
    url: call.url,
    params: { ...call.query, access_token: access.token },
  });
  if (answer.status !== 200) throw errorOf(answer, { what: call.what, write: false });
  return answer;
}

function checked<T>(body: unknown, schema: z.ZodType<T>, what: string): T {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new NetworkError(
    'INVALID',
    `${what}: Meta answered in a shape we do not know: ${z.prettifyError(read.error)}`,
    {
      cause: read.error,
    },
  );
}

function base(access: AccountAccess): string {
  return (access.baseUrl ?? HOME).replace(/\/+$/, '');
}

/** The next page's address without its token, which is added to each call anew; never followed to another host. */
function nextUrl(access: AccountAccess, next: string): string {
  const url = new URL(next);
  const home = new URL(base(access));
  if (url.origin !== home.origin) {
    throw new NetworkError(
      'INVALID',
      `Meta's next page lies at ${url.origin}, not at ${home.origin}; not followed, the token would go with it`,
    );
  }
  url.searchParams.delete('access_token');
  return url.toString();
}

function formBody(params: Query): string {
  const body = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) body.set(key, String(value));
  return body.toString();
}
