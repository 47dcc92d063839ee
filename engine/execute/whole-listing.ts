import { ofAccounts } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ExtractStep, LoadStep, MappingPlan, StreamPlan } from '../model/plan.ts';
import type { Memory } from '../model/ports.ts';
import { continued } from '../model/position.ts';
import { type Listing, lackingGone } from './gone.ts';
import type { Part } from './received.ts';

/** A listing of a stream whose tables hold just what it has; kept between runs. */
interface ListingState {
  /** Pages from this one on belong to it. */
  readonly firstPage: number;
  /** Whether it was read to its end, and what it lacks is listed as gone. */
  readonly isWhole: boolean;
}

const nameOf = ({ source, name, account }: StreamPlan): string => `listing ${source}.${name} ${account}`;

/**
 * Reads a stream. Where tables hold just what its listing has, that is read to its end, from where an earlier run was ended:
 * what is not in it is gone. Its rows are held before (see `Listings`), so that readers see one listing or the next.
 */
export async function wholeListing(
  { id, stream, replaces }: ExtractStep,
  run: Listing,
  read: (part: Part) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  if (replaces === undefined) return read({});
  const { staging, memory } = run.services;
  const before = await stateOf(stream, memory);
  const { open, ...position } = continued(await staging.position(stream), stream);
  const isOpen = open !== undefined && before?.isWhole === false;
  const firstPage = isOpen ? before.firstPage : await staging.reservePages(1);
  const remember = (isWhole: boolean): Promise<void> =>
    memory.remember(nameOf(stream), JSON.stringify({ firstPage, isWhole } satisfies ListingState));
  await remember(false);
  await staging.listings.open(replaces.mappings, stream.account, firstPage);
  const found = await read({ start: isOpen ? { ...position, open } : position });
  // Only a part of it was read: nothing is known of the rest.
  if ((await staging.position(stream)).open !== undefined) return found;
  const tooMany = await lackingGone({ id, ...replaces, firstPage, found }, run);
  if (tooMany.length > 0) return [...found, ...tooMany];
  await staging.listings.close(replaces.mappings, stream.account);
  await remember(true);
  return found;
}

/**
 * Why a table that holds just what a listing has must wait, in words; undefined where it need not. Of several accounts each
 * has a listing of its own, and one holds back no other: rows of those that are not whole are held.
 */
export async function awaitsListing(
  { deletes }: MappingPlan,
  { from, accounts }: LoadStep,
  memory: Memory,
): Promise<string | undefined> {
  if (deletes?.listing === undefined || from === undefined) return undefined;
  for (const stream of ofAccounts(from, accounts)) {
    const state = await stateOf(stream, memory);
    if (state?.isWhole !== false) return undefined;
  }
  return 'its listing has not been read to its end yet';
}

async function stateOf(stream: StreamPlan, memory: Memory): Promise<ListingState | undefined> {
  const text = await memory.recall(nameOf(stream));
  return text === undefined ? undefined : (JSON.parse(text) as ListingState);
}
