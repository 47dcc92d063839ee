import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import { knownPath } from '../model/path.ts';
import type { Path } from '../model/plan.ts';
import { placeholdersOf } from '../model/request-template.ts';
import { requestTemplate } from '../model/stream-request.ts';
import { ByteSink } from './byte-sink.ts';
import { type Collection, type Listing, listingOf, sortedPositions, type Wish } from './collection.ts';
import { labError } from './complain.ts';
import type { CursorKey } from './cursor.ts';

/** Which records a value of a request chooses. */
type Choice = (position: number, value: unknown) => boolean;

/** What of a record decides whether it is chosen: texts by position. */
type Texts = readonly string[];

const integer = /^-?\d+$/;

/**
 * The listing of a stream whose requests choose records by more than their cursor: by a partition, by the values that
 * `lab.where` names, or by the key that comes before them. It looks at every record for each page, which suits examples.
 */
export function chosenListing(collection: Collection, stream: config.Stream, owner: string): Listing {
  checkParents(stream, owner);
  const { paginate, cursor } = stream;
  const key = paginate?.type === 'keyset' ? textsAt(collection, paginate.key ?? '') : undefined;
  const choices = choicesOf(collection, stream);
  if (key === undefined && choices.size === 0) return listingOf(collection, cursor !== undefined);
  const keys = key ?? cursorsOf(collection, cursor !== undefined);
  const order = sortedPositions(keys.map(orderKey));
  const isChosen = (position: number, { from, before, values }: Wish): boolean => {
    const at = cursor === undefined ? undefined : collection.cursorAt(position);
    if (at !== undefined && from !== undefined && at < from) return false;
    if (at !== undefined && before !== undefined && at >= before) return false;
    return [...choices].every(([name, fits]) => !values.has(name) || fits(position, values.get(name)));
  };
  const isBehind = (position: number, after: unknown): boolean =>
    key === undefined || after === undefined || orderKey(key[position] ?? '') > orderKey(String(after));
  return {
    size: collection.size,
    select(wish) {
      const after = wish.values.get('page.key');
      const places = order.filter((position) => isChosen(position, wish) && isBehind(position, after));
      return {
        size: places.length,
        write: (sink, place) => collection.write(sink, places[place] as number),
      };
    },
  };
}

const orderKey = (text: CursorKey): CursorKey =>
  typeof text === 'string' && integer.test(text) ? BigInt(text) : text;

const cursorsOf = (collection: Collection, byCursor: boolean): readonly CursorKey[] =>
  Array.from({ length: collection.size }, (_, position) =>
    byCursor ? collection.cursorAt(position) : position,
  );

/** What a parent chooses must be said: nothing else tells whose child a record is. */
function checkParents(stream: config.Stream, owner: string): void {
  const chosen = Object.keys(stream.lab?.where ?? {});
  const parents = placeholdersOf(requestTemplate(stream)).filter((name) => name.startsWith('parent.'));
  if (parents.length === 0 || parents.some((name) => chosen.includes(name))) return;
  throw labError(
    'cannotServe',
    `${owner}: the lab cannot tell which records belong to a parent`,
    `Say where a record names it: \`lab: {where: {${parents[0]}: order_id}}\`.`,
  );
}

/** A partition without a path in `lab.where` gets every so-many-th record, so that each is in one of them. */
function choicesOf(collection: Collection, stream: config.Stream): ReadonlyMap<string, Choice> {
  const where = Object.entries(stream.lab?.where ?? {}).map(([name, path]): [string, Choice] => {
    const texts = textsAt(collection, path);
    return [name, (position, value) => listed(value).includes(texts[position] ?? '')];
  });
  const named = new Set(where.map(([name]) => name));
  const dealt = Object.entries(stream.partitions ?? {}).flatMap(([name, values]): [string, Choice][] => {
    const placeholder = `partition.${name}`;
    if (named.has(placeholder) || !placeholdersOf(requestTemplate(stream)).includes(placeholder)) return [];
    const texts = values.map(String);
    return [[placeholder, (position, value) => texts[position % texts.length] === String(value)]];
  });
  return new Map([...where, ...dealt]);
}

const listed = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : String(value).split(',');

function textsAt(collection: Collection, path: string): Texts {
  const { segments } = knownPath(path);
  return Array.from({ length: collection.size }, (_, position) => {
    const sink = new ByteSink(4096);
    collection.write(sink, position);
    const found = segments.reduce(stepInto, JSON.parse(sink.written().toString()) as unknown);
    return found === undefined || found === null ? '' : String(found);
  });
}

function stepInto(value: unknown, segment: Path['segments'][number]): unknown {
  assert('key' in segment || 'index' in segment, 'the path names one value');
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)['key' in segment ? segment.key : segment.index];
}
