import type { ApiRequest, ApiResponse, PageFacts, RequestPlace } from '../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../engine/model/errors.ts';
import { pathText } from '../../engine/model/path.ts';
import type { PaginatePlan, SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { FetchedPage } from '../../engine/model/ports.ts';
import { resultPlace } from './job.ts';
import { linkTarget } from './link-header.ts';
import { requestAt } from './request.ts';

export interface Turn {
  readonly request: ApiRequest;
  readonly fetched: FetchedPage;
  readonly number: number;
  /** Records of the listing so far, this page included; unknown in one that an earlier run began. */
  readonly received?: number;
}

/** The request after this page, or undefined when the listing ends here. */
export function nextRequest(stream: StreamPlan, source: SourcePlan, turn: Turn): ApiRequest | undefined {
  checkAllowance(stream, turn);
  if (isLast(stream.paginate, turn)) return undefined;
  const next = onward(stream, source, turn);
  if (next === undefined && turn.fetched.facts.more === true) throw withoutNext(stream, turn);
  return next;
}

const withoutNext = ({ source, name, paginate }: StreamPlan, { number }: Turn): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0457',
      `page ${number} of ${source}.${name} says at \`${paginate.more && pathText(paginate.more)}\` that more pages follow, and has nothing that leads to the next one`,
      'Records would be left out. The pages read so far are staged; the window stays open.',
      paginate.type === 'offset' || paginate.type === 'keyset'
        ? 'It has no records to count on from. If the API says so at the end of every listing, leave `paginate.more` out.'
        : 'Check where `paginate` looks for the next page. If the API says so at the end of every listing, leave `paginate.more` out.',
    ),
  );

function onward(stream: StreamPlan, source: SourcePlan, turn: Turn): ApiRequest | undefined {
  const { paginate } = stream;
  switch (paginate.type) {
    case 'none':
      return undefined;
    case 'link_header':
      return followed(stream, source, turn, linkTarget(turn.fetched.response.headers['link'], paginate.rel));
    case 'next_url':
      return followed(stream, source, turn, turn.fetched.facts.next);
    case 'cursor_token': {
      const tokens = tokensOf(paginate.tokens, turn.fetched);
      return tokens === undefined ? undefined : pageAt(stream, source, turn, tokens);
    }
    case 'keyset': {
      const { tokens } = turn.fetched.facts;
      return tokens === undefined ? undefined : pageAt(stream, source, turn, tokens);
    }
    case 'page':
    case 'offset':
      return counted(stream, source, turn);
  }
}

const pageAt = (
  stream: StreamPlan,
  source: SourcePlan,
  { request }: Turn,
  page: RequestPlace['page'],
): ApiRequest => requestAt(stream, source, { ...resultPlace(stream, request.at), page });

/** The tokens of the next page, in the body and in headers; none of them on the last page. */
function tokensOf(
  declared: Extract<PaginatePlan, { type: 'cursor_token' }>['tokens'],
  { facts, response }: FetchedPage,
): RequestPlace['page'] | undefined {
  const inHeaders = declared.flatMap(({ name, from }) => {
    const value = from.header === undefined ? '' : (response.headers[from.header] ?? '');
    return value === '' || value === 'null' ? [] : [[name, value]];
  });
  const tokens = { ...facts.tokens, ...Object.fromEntries(inHeaders) };
  return Object.keys(tokens).length === 0 ? undefined : tokens;
}

/**
 * Whether nothing comes behind this page. A short page does not end a listing unless that is said, since APIs silently
 * clamp page sizes; an empty one does where pages are counted, or as many records as the response says there are. A total
 * that is less than what has come is none.
 */
function isLast(paginate: PaginatePlan, { fetched, received }: Turn): boolean {
  const { records, total, more }: PageFacts = fetched.facts;
  if (paginate.more !== undefined && more !== true) return true;
  if (paginate.pastEnd?.includes(fetched.response.status)) return true;
  if (paginate.short === true && paginate.size !== undefined && records < paginate.size) return true;
  return total !== undefined && received !== undefined && received === total;
}

/**
 * An API that gives no more than so many records of a listing leaves out the others without a word, or says that there are no
 * more: a listing that reaches them is taken for one that is cut off.
 */
function checkAllowance({ source, name, paginate }: StreamPlan, turn: Turn): void {
  const { recordsMax } = paginate;
  const { number, fetched, request } = turn;
  // Of a listing that an earlier run began, an offset still tells.
  const offset = request.at?.page['offset'];
  const received = turn.received ?? (offset === undefined ? 0 : Number(offset) + fetched.facts.records);
  // Each page of a keyset listing is the first one of another.
  if (recordsMax === undefined || paginate.type === 'keyset' || received < recordsMax) return;
  throw new TerminalError(
    complaint(
      'ETL0427',
      `the listing of ${source}.${name} has reached the ${recordsMax} records that the API gives of one listing (page ${number}): there may be more`,
      'The pages read so far are staged; the window stays open.',
      'Make the listings shorter, with `cursor.step` or `partitions`, or read by `paginate: {type: keyset, …}`.',
    ),
  );
}

/** The same where the headers alone tell, and nothing speaks against it. */
export function announcedRequest(
  stream: StreamPlan,
  request: ApiRequest,
  { headers }: ApiResponse,
): ApiRequest | undefined {
  if (stream.paginate.type !== 'link_header' || stream.paginate.more !== undefined) return undefined;
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

/** Counts pages or rows. An empty page ends the listing, unless it says that more pages follow: some APIs filter what they have counted. */
function counted(stream: StreamPlan, source: SourcePlan, turn: Turn): ApiRequest | undefined {
  const { records, more } = turn.fetched.facts;
  if (records === 0 && (more !== true || stream.paginate.type === 'offset')) return undefined;
  const { number = 0, offset = 0 } = turn.request.at?.page ?? {};
  const page =
    stream.paginate.type === 'offset' ? { offset: Number(offset) + records } : { number: Number(number) + 1 };
  return pageAt(stream, source, turn, page);
}
