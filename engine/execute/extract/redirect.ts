import type { ApiRequest } from '../../model/batch.ts';
import type { Reply } from './reply.ts';
import { isOwn, type Sender } from './sender.ts';

/** Where a redirect leads, when that is the source's own origin or one that it allows. */
export function redirected(sender: Sender, request: ApiRequest, reply: Reply): ApiRequest | undefined {
  const location = reply.header('location');
  if (location === undefined || !URL.canParse(location, request.url)) return undefined;
  const { href, origin } = new URL(location, request.url);
  if (!isOwn(sender, href) && !sender.source.allowedOrigins.includes(origin)) return undefined;
  return { ...(asksAgain(request, reply) ? request : asGet(request)), url: href };
}

/** 307 and 308 repeat the request, and so does every one of a GET; the others, as everybody reads them, ask for what is there. */
const asksAgain = ({ method }: ApiRequest, { status }: Reply): boolean =>
  method === 'GET' || status === 307 || status === 308;

const asGet = ({ url, headers }: ApiRequest): ApiRequest => ({ method: 'GET', url, headers });
