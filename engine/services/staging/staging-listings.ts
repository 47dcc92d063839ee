import type { Clock, Listings } from '../../model/ports.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';
import { holds } from './held-rows.ts';
import { pullBack } from './load-units.ts';

/** Listings that are not read to their end, of each account of a mapping by itself. */
export class StagingListings implements Listings {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    [this.#database, this.#clock] = [database, clock];
  }

  async open(mappings: readonly string[], account: string, firstPage: number): Promise<void> {
    await this.#database.write(async (handle) => {
      for (const mapping of mappings)
        await handle.run(
          'INSERT INTO open_listings (mapping, account, first_page) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
          ...[mapping, account, firstPage],
        );
    });
  }

  async close(mappings: readonly string[], account: string): Promise<void> {
    await this.#database.write(async (handle) => {
      for (const mapping of mappings) await closeListing(handle, mapping, account, this.#clock.now());
    });
  }

  async holds(mapping: string): Promise<boolean> {
    return this.#database.read((handle) => holds(handle, mapping));
  }
}

/** Closes listings of a mapping, where it loads what others have by now: nothing waits for their end any more. */
export async function closeListings(handle: Handle, mapping: string, nowMs: number): Promise<void> {
  const open = await handle.select<{ account: string }>(
    'SELECT account FROM open_listings WHERE mapping = ?',
    mapping,
  );
  for (const { account } of open) await closeListing(handle, mapping, account, nowMs);
}

/** What has waited is pending again, in units that hold it: those that were made without it are passed by no load, done or not. */
async function closeListing(handle: Handle, mapping: string, account: string, nowMs: number): Promise<void> {
  const page = await openFrom(handle, mapping, account);
  if (page === undefined) return;
  await handle.run('DELETE FROM open_listings WHERE mapping = ? AND account = ?', mapping, account);
  await pullBack(handle, mapping, page, nowMs);
}

/** The page from which on rows of an account wait for the end of its listing. */
export async function openFrom(
  handle: Handle,
  mapping: string,
  account: string,
): Promise<number | undefined> {
  const sql = 'SELECT first_page AS page FROM open_listings WHERE mapping = ? AND account = ?';
  const found = await handle.first<{ page: number }>(sql, mapping, account);
  return found && Number(found.page);
}
