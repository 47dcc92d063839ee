import type { ApiRequest, ReceivedPage } from '../model/batch.ts';
import type { Position, Staging } from '../model/ports.ts';
import type { StreamAccount } from './run-ledger.ts';

/** Counts the records that the API should not have sent, and those of a window that is read from its beginning. */
export async function* counted(
  pages: AsyncIterable<ReceivedPage>,
  account: StreamAccount,
): AsyncIterable<ReceivedPage> {
  let listed: { readonly received: number; readonly total?: number } = { received: Number.NaN };
  let before: ReceivedPage | undefined;
  for await (const page of pages) {
    account.outside += page.facts.outside;
    account.unproven += Number(page.facts.unproven === true);
    notePage(account, page, before);
    before = page;
    listed = listedWith(page, page.number === 1 ? { received: 0 } : listed);
    const { received, total } = listed;
    const isKnown = page.next === undefined && !Number.isNaN(received);
    if (isKnown && total !== undefined) account.listed = { received, total };
    yield page;
  }
}

/** The total is the greatest that was said: what leaves a listing while it is read shifts the others, and may hide them. */
const listedWith = (
  { facts: { records, total = -1 } }: ReceivedPage,
  before: { readonly received: number; readonly total?: number },
): { readonly received: number; readonly total?: number } => {
  const most = Math.max(before.total ?? -1, total);
  return { received: before.received + records, ...(most >= 0 && { total: most }) };
};

function notePage(account: StreamAccount, page: ReceivedPage, before: ReceivedPage | undefined): void {
  const { number, request, next, facts } = page;
  const follows = isSame(request, before?.request);
  if (follows && facts.records > 0) account.largest = Math.max(account.largest, before?.facts.records ?? 0);
  const isFirst = before === undefined ? number === 1 : !follows;
  // What says itself that it is the last page is so.
  const isAlone = isFirst && !isSame(request, next) && facts.more === undefined;
  if (isAlone) account.fullest = Math.max(account.fullest, facts.records);
}

/** Whether two requests are for pages of the same listing. */
const isSame = (one: ApiRequest, other: ApiRequest | undefined): boolean =>
  other !== undefined && listingOf(one) === listingOf(other);

const listingOf = ({ at }: ApiRequest): string =>
  [at?.from, at?.partition, at?.parent?.page, at?.parent?.behind, at?.job?.file].join();

/** A part of a listing, where not all of it is read at once. */
export interface Part {
  /** Where it begins, whatever the position says. */
  readonly start?: Position;
  readonly pagesMax?: number;
}

/** The first pages of a listing; what comes behind them is left for another time. */
export async function* firstOf(
  pages: AsyncIterable<ReceivedPage>,
  pagesMax = Number.POSITIVE_INFINITY,
): AsyncIterable<ReceivedPage> {
  let count = 0;
  for await (const page of pages) {
    yield page;
    count += 1;
    if (count >= pagesMax) return;
  }
}

/** Page ids, reserved a few at a time: gaps do no harm, a round trip per page would. */
export function pageIds(staging: Staging): () => Promise<number> {
  const reserveCount = 64;
  let next = 0;
  let end = 0;
  return async () => {
    if (next === end) {
      next = await staging.reservePages(reserveCount);
      end = next + reserveCount;
    }
    next += 1;
    return next - 1;
  };
}
