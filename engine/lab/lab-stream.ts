import type * as config from '../model/config.ts';
import type { Project } from '../model/project.ts';
import type { Answer } from './answer.ts';
import { Bodies, type Slot } from './body.ts';
import { type Collection, type Listing, listingOf, until } from './collection.ts';
import { labError } from './complain.ts';
import { readDataFile } from './data-file.ts';
import { generate } from './generator.ts';
import { onwardOf, type Pager, pagerOf, wantedOf } from './paging.ts';
import { carriesAll, distinction, parameterNames, readParameters } from './parameters.ts';

/** More generated records than this in one answer would not fit into memory. */
const unpagedRecordsMax = 500_000;

/** One stream as the lab serves it. */
export interface LabStream {
  readonly name: string;
  /** Path below the base URL, as a URL writes it. */
  readonly path: string;
  /** Equal for two streams that no request could tell apart. */
  readonly distinction: string;
  /** Whether a request carries every parameter that the stream declares. */
  isMeant(query: URLSearchParams): boolean;
  /** A page as it is at a time, with `extra` values beside its records. @throws Refusal 400 */
  answer(url: URL, extra: readonly Slot[], nowMs: number): Answer;
}

async function collectionOf(project: Project, owner: string, stream: config.Stream): Promise<Collection> {
  const { data, generate: spec } = stream.lab ?? {};
  if (spec === undefined) return readDataFile(project.folder, owner, stream);
  if (data === undefined) return generate(owner, spec, stream.cursor);
  throw labError('cannotServe', `${owner} declares both lab.data and lab.generate`, 'Keep one of them.');
}

/** Finds at start what would otherwise go wrong with the first request. */
function checkShape(pager: Pager, bodies: Bodies, listing: Listing, extra: readonly Slot[]): void {
  const url = new URL('http://lab/');
  const page = { filter: '', total: listing.size, from: 0, to: 0, end: -1 };
  bodies.make([...onwardOf(pager, page, url).slots, ...extra], 0, 0);
  if (pager.paginate.type !== 'none' || listing.size <= unpagedRecordsMax) return;
  throw labError(
    'cannotServe',
    `${pager.owner} has ${listing.size} records and no paging`,
    `The lab puts at most ${unpagedRecordsMax} records into one answer: declare \`paginate\`.`,
  );
}

function serve(pager: Pager, listing: Listing, bodies: Bodies, url: URL, extra: readonly Slot[]): Answer {
  const wanted = wantedOf(pager, listing, readParameters(url.searchParams, pager.names));
  const { slots, link } = onwardOf(pager, wanted, url);
  return {
    status: 200,
    headers: link === undefined ? {} : { Link: link },
    body: bodies.make(extra.length === 0 ? slots : [...slots, ...extra], wanted.from, wanted.to),
    records: wanted.to - wanted.from,
  };
}

const comesByTime = (cursor: config.Cursor | undefined): boolean =>
  cursor !== undefined && (cursor.type ?? 'timestamp') === 'timestamp';

/** The cursor says when a record comes. */
const lifeless = (owner: string): Error =>
  labError(
    'cannotServe',
    `${owner} declares lab.live, and its cursor is no timestamp`,
    'Records come when their cursor says: leave `live` out for a stream without such a cursor.',
  );

/**
 * Loads the data of a stream and makes it ready to serve. `extra` are such values as will stand beside its records.
 * @throws TerminalError when the data or the declaration cannot be served
 */
export async function openStream(
  project: Project,
  source: config.Source,
  name: string,
  extra: readonly Slot[],
): Promise<LabStream> {
  const stream = source.streams[name] as config.Stream;
  const owner = `${source.name}.${name}`;
  const listing = listingOf(await collectionOf(project, owner, stream), stream.cursor !== undefined);
  const isLive = stream.lab?.live === true;
  if (isLive && !comesByTime(stream.cursor)) throw lifeless(owner);
  const names = parameterNames(stream, source.auth);
  const pager = pagerOf(owner, stream, names);
  const bodies = new Bodies(owner, stream.records ?? '', listing);
  checkShape(pager, bodies, listing, extra);
  const path = new URL(`http://lab${stream.request.path}`).pathname;
  return {
    name,
    path,
    distinction: distinction(path, names),
    isMeant: (query) => carriesAll(query, names),
    answer: (url, beside, nowMs) =>
      serve(pager, isLive ? until(listing, nowMs) : listing, bodies, url, beside),
  };
}
