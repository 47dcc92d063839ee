import type { Blocker, BlockerFilter, Blockers } from '../model/blocker.ts';
import { complaint, RefusedError } from '../model/errors.ts';

/** So many are changed by one command. */
const changedMax = 1_000_000;
/** Ids that a complaint lists. */
const listedMax = 12;

/** Those of these ids, or those that a filter finds. @throws RefusedError (exit 3) where an id or a filter finds none. */
export async function chosenBlockers(blockers: Blockers, filter: BlockerFilter): Promise<readonly Blocker[]> {
  const found = await blockers.find(filter, changedMax);
  const missing = (filter.ids ?? []).filter((id) => found.every((one) => one.id !== id));
  if (missing.length > 0) throw await noBlocker(blockers, missing);
  if (found.length === 0) throw nothingFound(filter);
  return found.toReversed();
}

async function noBlocker(blockers: Blockers, missing: readonly number[]): Promise<RefusedError> {
  const open = await blockers.find({ status: 'open' }, listedMax + 1);
  const ids = open.slice(0, listedMax).map(({ id }) => id);
  return new RefusedError('invalid', [
    complaint(
      'ETL0921',
      `there is no Blocker ${missing.join(', ')}`,
      ids.length === 0
        ? 'None is open.'
        : `Open are: ${ids.join(', ')}${open.length > listedMax ? ' and more' : ''}.`,
      '`etl blockers --status all` lists those that are done as well.',
    ),
  ]);
}

const nothingFound = (filter: BlockerFilter): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0921',
      `no Blocker is meant by ${filterText(filter)}`,
      '`etl blockers` lists those that are open, `etl blockers --status all` every one.',
    ),
  ]);

/** A filter as it was asked for: `--mapping orders --status open`. */
const filterText = ({ ids, ...rest }: BlockerFilter): string =>
  [...(ids ?? []).map(String), ...Object.entries(rest).map(([name, value]) => `--${name} ${value}`)].join(
    ' ',
  ) || 'no filter';

/** Kept pages of Blockers of records, by mapping. */
export async function pagesByMapping(
  blockers: Blockers,
  chosen: readonly Blocker[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const pages = await blockers.pages(chosen.map(({ id }) => id));
  const found = new Map<string, Set<number>>();
  for (const { id, mapping } of chosen) {
    const known = found.get(mapping) ?? new Set();
    for (const page of pages.get(id) ?? []) known.add(page);
    found.set(mapping, known);
  }
  return new Map([...found].map(([mapping, some]) => [mapping, [...some].sort((a, b) => a - b)]));
}
