import type * as config from '../model/config.ts';
import { badRequest } from './answer.ts';
import type { Slot } from './body.ts';
import type { Listing, View } from './collection.ts';
import { type CursorKey, expectedText, keyAfter, requestKey } from './cursor.ts';
import type { Values } from './match-json.ts';
import { readToken, writeToken } from './page-token.ts';
import { carrier, type RequestShape, readInteger } from './parameters.ts';

const defaultPageRecords = 100;

/** The part of a listing that one request asks for. */
interface Wanted {
  /** What the request chooses by, as text; empty where it chooses nothing. */
  readonly filter: string;
  /** The records that it chooses. */
  readonly view: View;
  /** First place among them, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** What a stream declares of its pages. */
export interface Pager {
  /** `source.stream`. */
  readonly owner: string;
  readonly paginate: config.Paginate;
  readonly shape: RequestShape;
  readonly sizeMax: number;
  readonly cursor: config.Cursor | undefined;
}

/** The pager of a stream. A page holds at most what the stream asks for, as with an API that clamps. */
export function pagerOf(owner: string, stream: config.Stream, shape: RequestShape): Pager {
  const paginate = stream.paginate ?? { type: 'none' };
  const asked = Number(stream.request.query?.[carrier(shape, 'page.size')]);
  const declared = Number.isSafeInteger(asked) && asked > 0 ? asked : undefined;
  return {
    owner,
    paginate,
    shape,
    cursor: stream.cursor,
    sizeMax: paginate.size ?? declared ?? defaultPageRecords,
  };
}

function keyOf({ cursor, shape }: Pager, name: string, values: Values): CursorKey | undefined {
  const given = values.get(name);
  if (cursor === undefined || given === undefined) return undefined;
  const key = requestKey(cursor, String(given));
  if (key !== undefined) return key;
  const parameter = carrier(shape, name);
  throw badRequest(
    `Query parameter ${parameter} must be ${expectedText(cursor, 'request')}, got ${given || 'nothing'}.`,
  );
}

function sizeOf({ sizeMax, shape }: Pager, values: Values): number {
  const asked = values.get('page.size');
  if (asked === undefined) return sizeMax;
  return Math.min(sizeMax, readInteger(carrier(shape, 'page.size'), String(asked), 1));
}

function offsetOf({ owner, paginate, shape }: Pager, values: Values, size: number, filter: string): number {
  const name =
    { offset: 'page.offset', page: 'page.number', keyset: '' }[paginate.type as string] ?? shape.token;
  const asked = values.get(name);
  if (asked === undefined) return 0;
  const text = String(asked);
  if (paginate.type === 'offset') return readInteger(carrier(shape, name), text, 0);
  if (paginate.type !== 'page') return readToken(owner, filter, text);
  const start = Number(paginate.start ?? 1);
  return (readInteger(carrier(shape, name), text, start) - start) * size;
}

/** What a request chooses by: all but the page. */
const filterOf = (values: Values): string =>
  [...values]
    .filter(([name]) => !name.startsWith('page.'))
    .map(([name, value]) => (name === 'cursor.to' ? `..${value}` : String(value)))
    .join('');

/** Some APIs are asked for a next page with nothing but its token: it holds the rest. */
function wholeValues({ paginate, shape }: Pager, values: Values): Values {
  const token = values.get(shape.token);
  if (paginate.keep === undefined || typeof token !== 'string') return values;
  const [kept = ''] = token.split('~');
  const rest = JSON.parse(Buffer.from(kept, 'base64url').toString() || '[]') as [string, string][];
  return new Map([...rest, ...values, [shape.token, token.slice(kept.length + 1)]]);
}

/** Reads what a request wants. A page past the end is empty. @throws Refusal 400 */
export function wantedOf(pager: Pager, listing: Listing, given: Values): Wanted {
  const values = wholeValues(pager, given);
  const filter = filterOf(values);
  const end = keyOf(pager, 'cursor.to', values);
  const before = end === undefined ? undefined : keyAfter(end);
  const view = listing.select({ from: keyOf(pager, 'cursor.from', values), before, values });
  if (pager.paginate.type === 'none') return { filter, view, from: 0, to: view.size };
  const size = sizeOf(pager, values);
  const offset = Math.min(view.size, offsetOf(pager, values, size, filter));
  return { filter, view, from: offset, to: Math.min(view.size, offset + size) };
}

/** What leads from one page to the next. */
interface Onward {
  readonly slots: readonly Slot[];
  readonly headers: { readonly [header: string]: string };
}

function nextUrl({ shape }: Pager, url: URL, token: string): string {
  const next = new URL(url);
  // Credentials are not for links: they end up in logs.
  if (shape.apiKey !== undefined) next.searchParams.delete(shape.apiKey);
  next.searchParams.set(carrier(shape, shape.token), token);
  return next.href;
}

/** The token of the next page; with all that the request chose by where nothing else is sent along. */
function tokenOf({ owner, paginate }: Pager, { filter, to }: Wanted, values: Values): string {
  const token = writeToken(owner, filter, to);
  if (paginate.keep === undefined) return token;
  const chosen = [...values].filter(([name]) => !name.startsWith('page.') || name === 'page.size');
  return `${Buffer.from(JSON.stringify(chosen)).toString('base64url')}~${token}`;
}

/** The values and headers around a page. `url` is the absolute URL of the request. */
export function onwardOf(pager: Pager, wanted: Wanted, url: URL, given: Values): Onward {
  const { paginate } = pager;
  const more = wanted.to < wanted.view.size;
  const slots: readonly Slot[] = [
    ...(paginate.total === undefined ? [] : [{ path: paginate.total, value: wanted.view.size }]),
    ...(paginate.more === undefined ? [] : [{ path: paginate.more, value: more }]),
  ];
  const last = paginate.type === 'next_url' ? [{ path: paginate.path ?? '', value: null }] : [];
  if (!more) return { slots: [...slots, ...last], headers: {} };
  return withNext(pager, slots, url, tokenOf(pager, wanted, wholeValues(pager, given)));
}

function withNext(pager: Pager, slots: readonly Slot[], url: URL, token: string): Onward {
  const { paginate } = pager;
  switch (paginate.type) {
    case 'link_header': {
      const Link = `<${nextUrl(pager, url, token)}>; rel="${paginate.rel ?? 'next'}"`;
      return { slots, headers: { Link } };
    }
    case 'next_url': {
      const next = { path: paginate.path ?? '', value: nextUrl(pager, url, token) };
      return { slots: [...slots, next], headers: {} };
    }
    case 'cursor_token':
      return withTokens(paginate, slots, token);
    default:
      return { slots, headers: {} };
  }
}

function withTokens(paginate: config.Paginate, slots: readonly Slot[], value: string): Onward {
  const { header, token, tokens } = paginate;
  const paths = [...(token === undefined ? [] : [token]), ...Object.values(tokens ?? {})];
  return {
    slots: [...slots, ...paths.map((path) => ({ path, value }))],
    headers: header === undefined ? {} : { [header]: value },
  };
}
