import type { ApiRequest, ApiResponse } from '../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../engine/model/errors.ts';
import type { PaginatePlan, SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { FetchedPage } from '../../engine/model/ports.ts';
import { linkTarget } from './link-header.ts';

interface Turn {
  readonly request: ApiRequest;
  readonly fetched: FetchedPage;
  readonly number: number;
  /** Records of the window so far, this page included; unknown in a window that an earlier run began. */
  readonly received?: number;
}

/** The request after this page, or undefined when the listing ends here. */
export function nextRequest(stream: StreamPlan, source: SourcePlan, turn: Turn): ApiRequest | undefined {
  const { paginate } = stream;
  switch (paginate.type) {
    case 'none':
      return undefined;
    case 'link_header':
      return followed(stream, source, turn, linkTarget(turn.fetched.response.headers['link'], paginate.rel));
    case 'next_url':
      return followed(stream, source, turn, turn.fetched.facts.next);
    case 'cursor_token':
      return turn.fetched.facts.next === undefined
        ? undefined
        : withParameter(turn.request, paginate.param, turn.fetched.facts.next);
    case 'page':
    case 'offset':
      return counted(paginate, turn);
  }
}

/** The same where the headers alone tell, and nothing speaks against it. */
export function announcedRequest(
  stream: StreamPlan,
  request: ApiRequest,
  { headers }: ApiResponse,
): ApiRequest | undefined {
  if (stream.paginate.type !== 'link_header') return undefined;
  const target = linkTarget(headers['link'], stream.paginate.rel);
  if (target === undefined || !URL.canParse(target, request.url)) return undefined;
  const { href } = new URL(target, request.url);
  return href === request.url ? undefined : { ...request, url: href };
}

/** Follows a link as it is given, relative or absolute. */
function followed(
  stream: StreamPlan,
  source: SourcePlan,
  turn: Turn,
  target: string | undefined,
): ApiRequest | undefined {
  if (target === undefined) return undefined;
  if (!URL.canParse(target, turn.request.url)) {
    throw new TerminalError(
      complaint(
        'ETL0408',
        `page ${turn.number} of ${stream.source}.${stream.name} has a next link that is not a URL: ${target.slice(0, 200)}`,
        stream.paginate.type === 'next_url'
          ? 'If it is a token, declare `paginate: {type: cursor_token, …}`.'
          : `Check what ${source.baseUrl} sends in its Link header.`,
      ),
    );
  }
  return { ...turn.request, url: new URL(target, turn.request.url).href };
}

/**
 * Counts pages or rows. A short page does not end the listing, since APIs silently clamp page sizes; an empty one does,
 * or as many records as the response says there are.
 */
function counted(
  paginate: Extract<PaginatePlan, { type: 'page' | 'offset' }>,
  turn: Turn,
): ApiRequest | undefined {
  const { records, total } = turn.fetched.facts;
  if (records === 0) return undefined;
  if (total !== undefined && turn.received !== undefined && turn.received >= total) return undefined;
  const at = Number(new URL(turn.request.url).searchParams.get(paginate.param));
  return withParameter(turn.request, paginate.param, String(at + (paginate.type === 'offset' ? records : 1)));
}

function withParameter(request: ApiRequest, name: string, value: string): ApiRequest {
  const url = new URL(request.url);
  url.searchParams.set(name, value);
  return { ...request, url: url.href };
}
