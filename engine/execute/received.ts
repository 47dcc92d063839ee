import { isOfParent, type ReceivedPage } from '../model/batch.ts';
import type { Position, Staging } from '../model/ports.ts';
import type { StreamAccount } from './run-ledger.ts';

/** Counts the records that the API should not have sent, and those of a window that is read from its beginning. */
export async function* counted(
  pages: AsyncIterable<ReceivedPage>,
  account: StreamAccount,
): AsyncIterable<ReceivedPage> {
  let received = Number.NaN;
  let before: ReceivedPage | undefined;
  for await (const page of pages) {
    const { outside, records, total, unproven } = page.facts;
    account.outside += outside;
    account.unproven += Number(unproven === true);
    if (before !== undefined && follows(page, before))
      account.largest = Math.max(account.largest, before.facts.records);
    before = page;
    received = page.number === 1 ? records : received + records;
    const ended = page.next === undefined && !Number.isNaN(received);
    if (ended && total !== undefined) account.listed = { received, total };
    yield page;
  }
}

/** Whether a page goes on where another one of the same listing has ended: with records, and not with another branch. */
const follows = ({ request, facts }: ReceivedPage, before: ReceivedPage): boolean =>
  facts.records > 0 &&
  request.at?.from === before.request.at?.from &&
  request.at?.partition === before.request.at?.partition &&
  (request.at?.parent === undefined || isOfParent(before.request, request.at.parent));

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
