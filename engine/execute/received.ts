import type { ReceivedPage } from '../model/batch.ts';
import type { Position, Staging } from '../model/ports.ts';
import type { StreamAccount } from './run-ledger.ts';

/** Counts the records that the API should not have sent, and those of a window that is read from its beginning. */
export async function* counted(
  pages: AsyncIterable<ReceivedPage>,
  account: StreamAccount,
): AsyncIterable<ReceivedPage> {
  let received = Number.NaN;
  for await (const page of pages) {
    const { outside, records, total } = page.facts;
    account.outside += outside;
    if (page.next !== undefined) account.largest = Math.max(account.largest, records);
    received = page.number === 1 ? records : received + records;
    const ended = page.next === undefined && !Number.isNaN(received);
    if (ended && total !== undefined) account.listed = { received, total };
    yield page;
  }
}

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
