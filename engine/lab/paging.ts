import type * as config from '../model/config.ts';
import { badRequest } from './answer.ts';
import type { Slot } from './body.ts';
import type { Listing } from './collection.ts';
import { type CursorKey, expectedText, keyAfter, requestKey } from './cursor.ts';
import { readToken, writeToken } from './page-token.ts';
import { type ParameterNames, readInteger } from './parameters.ts';

const defaultPageRecords = 100;

/** The part of a listing that one request asks for. */
interface Wanted {
  /** The cursor parameters as given; empty without one. */
  readonly filter: string;
  /** Records that pass the filter. */
  readonly total: number;
  /** First place in the listing, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Records that pass the filter and come before `to`. */
  readonly end: number;
}

/** What a stream declares of its pages. */
export interface Pager {
  /** `source.stream`. */
  readonly owner: string;
  readonly paginate: config.Paginate;
  readonly names: ParameterNames;
  readonly sizeMax: number;
  readonly cursor: config.Cursor | undefined;
}

type Parameters = ReadonlyMap<string, string>;

/** The pager of a stream. A page holds at most what the stream asks for, as with an API that clamps. */
export function pagerOf(owner: string, stream: config.Stream, names: ParameterNames): Pager {
  const paginate = stream.paginate ?? { type: 'none' };
  const asked = names.size === undefined ? undefined : Number(stream.request.query?.[names.size]);
  const declared = Number.isSafeInteger(asked) && Number(asked) > 0 ? asked : undefined;
  return {
    owner,
    paginate,
    names,
    cursor: stream.cursor,
    sizeMax: paginate.size ?? declared ?? defaultPageRecords,
  };
}

function firstOf({ cursor, names }: Pager, listing: Listing, filter: string | undefined): number {
  if (cursor === undefined || filter === undefined) return 0;
  return listing.firstFrom(keyOf(cursor, names.cursor, filter));
}

/** The place behind the last record that is wanted. */
function endOf({ cursor, names }: Pager, listing: Listing, filter: string | undefined): number {
  if (cursor === undefined || filter === undefined) return listing.size;
  return listing.firstFrom(keyAfter(keyOf(cursor, names.cursorTo, filter)));
}

function keyOf(cursor: config.Cursor, name: string | undefined, filter: string): CursorKey {
  const key = requestKey(cursor, filter);
  if (key !== undefined) return key;
  throw badRequest(
    `Query parameter ${name} must be ${expectedText(cursor, 'request')}, got ${filter || 'nothing'}.`,
  );
}

function sizeOf(pager: Pager, parameters: Parameters): number {
  const name = pager.names.size ?? '';
  const asked = parameters.get(name);
  return asked === undefined ? pager.sizeMax : Math.min(pager.sizeMax, readInteger(name, asked, 1));
}

function offsetOf(
  { owner, paginate, names }: Pager,
  parameters: Parameters,
  size: number,
  filter: string,
): number {
  const name = names.page ?? '';
  const asked = parameters.get(name);
  if (asked === undefined) return 0;
  if (paginate.type === 'offset') return readInteger(name, asked, 0);
  if (paginate.type !== 'page') return readToken(owner, filter, asked);
  const start = paginate.start ?? 1;
  return (readInteger(name, asked, start) - start) * size;
}

/** Reads what a request wants. A page past the end is empty. @throws Refusal 400 */
export function wantedOf(pager: Pager, listing: Listing, parameters: Parameters): Wanted {
  const [since, until] = [pager.names.cursor, pager.names.cursorTo].map((name) => parameters.get(name ?? ''));
  const filter = until === undefined ? (since ?? '') : `${since ?? ''}..${until}`;
  const first = firstOf(pager, listing, since);
  const last = Math.max(first, endOf(pager, listing, until));
  const total = last - first;
  if (pager.paginate.type === 'none') return { filter, total, from: first, to: last, end: total };
  const size = sizeOf(pager, parameters);
  const offset = Math.min(total, offsetOf(pager, parameters, size, filter));
  const end = Math.min(total, offset + size);
  return { filter, total, from: first + offset, to: first + end, end };
}

/** What leads from one page to the next. */
interface Onward {
  readonly slots: readonly Slot[];
  /** `Link` header. */
  readonly link?: string;
}

function nextUrl(pager: Pager, url: URL, token: string): string {
  const next = new URL(url);
  // Credentials are not for links: they end up in logs.
  if (pager.names.apiKey !== undefined) next.searchParams.delete(pager.names.apiKey);
  if (pager.names.page !== undefined) next.searchParams.set(pager.names.page, token);
  return next.href;
}

/** The values and headers around a page. `url` is the absolute URL of the request. */
export function onwardOf(pager: Pager, wanted: Wanted, url: URL): Onward {
  const { paginate, owner } = pager;
  const more = wanted.end < wanted.total;
  const token = writeToken(owner, wanted.filter, wanted.end);
  const totals: readonly Slot[] =
    paginate.total === undefined ? [] : [{ path: paginate.total, value: wanted.total }];
  switch (paginate.type) {
    case 'link_header':
      return {
        slots: totals,
        ...(more && { link: `<${nextUrl(pager, url, token)}>; rel="${paginate.rel ?? 'next'}"` }),
      };
    case 'next_url':
      return {
        slots: [...totals, { path: paginate.path ?? '', value: more ? nextUrl(pager, url, token) : null }],
      };
    case 'cursor_token':
      return { slots: more ? [...totals, { path: paginate.token ?? '', value: token }] : totals };
    default:
      return { slots: totals };
  }
}
