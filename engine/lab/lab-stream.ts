import type * as config from '../model/config.ts';
import type { Project } from '../model/project.ts';
import { recordsPath } from '../model/stream-request.ts';
import { type Answer, jsonAnswer, Refusal } from './answer.ts';
import { Bodies, type Slot } from './body.ts';
import { chosenListing } from './chosen.ts';
import { type Collection, fileOf, type Listing, until } from './collection.ts';
import { labError } from './complain.ts';
import { type DataFolders, findDataFile, readDataFile } from './data-file.ts';
import { describedNames } from './descriptions.ts';
import { dialectOf } from './dialects/dialects.ts';
import { generate } from './generator.ts';
import { jobOf, type LabJob } from './job.ts';
import { bareSource, labOwner } from './lab-accounts.ts';
import { onwardOf, type Pager, pagerOf, wantedOf } from './paging.ts';
import { distinction, isMeant, type Received, readRequest, requestShape } from './parameters.ts';
import { packed, type Written, writtenAs } from './written.ts';

/** More generated records than this in one answer would not fit into memory. */
const unpagedRecordsMax = 500_000;

/** One stream as the lab serves it. */
export interface LabStream {
  readonly name: string;
  /** Equal for two streams that no request could tell apart. */
  readonly distinction: string;
  /** Whether a request is for its path, whatever else it says. */
  isAt(path: string): boolean;
  /** Whether a request carries all that the stream declares. */
  isMeant(received: Received): boolean;
  /** A page as it is at a time, with `extra` values beside its records. @throws Refusal 400 or 405 */
  answer(received: Received, url: URL, extra: readonly Slot[], nowMs: number): Promise<Answer>;
}

/** What one stream serves, and how. */
interface Served {
  readonly stream: config.Stream;
  readonly pager: Pager;
  readonly bodies: Bodies;
  readonly written: Written | undefined;
  /** What the provider says instead to a request for fields that it does not have. */
  readonly refused: (fields: readonly string[]) => Answer | undefined;
}

/** Where the records of a source's streams are. */
export const dataFolders = ({ folder, connectorFolders }: Project, source: config.Source): DataFolders => ({
  own: folder,
  connector: connectorFolders[bareSource(source)],
});

/** Data that accounts have in common are in memory once. */
export type KeptCollections = Map<string, Promise<Collection>>;

async function collectionOf(
  folders: DataFolders,
  owner: string,
  stream: config.Stream,
  kept: KeptCollections,
): Promise<Collection> {
  const { data, generate: spec } = stream.lab ?? {};
  const { cursor } = stream;
  const once = (from: unknown, make: () => Promise<Collection>): Promise<Collection> => {
    const key = JSON.stringify([from, cursor]);
    const known = kept.get(key) ?? make();
    kept.set(key, known);
    return known;
  };
  if (spec === undefined)
    return once(findDataFile(folders, owner, stream)?.path ?? owner, () =>
      readDataFile(folders, owner, stream),
    );
  if (data === undefined) return once(spec, async () => generate(owner, spec, cursor));
  throw labError('cannotServe', `${owner} declares both lab.data and lab.generate`, 'Keep one of them.');
}

/** Finds at start what would otherwise go wrong with the first request. */
function checkShape(pager: Pager, bodies: Bodies, listing: Listing, extra: readonly Slot[]): void {
  const nothing = { size: 0, write: () => {} };
  const url = new URL('http://lab/');
  const page = { filter: '', view: { ...nothing, size: 1 }, from: 0, to: 0 };
  bodies.make([...onwardOf(pager, page, url, new Map()).slots, ...extra], nothing, 0, 0);
  if (pager.paginate.type !== 'none' || listing.size <= unpagedRecordsMax) return;
  throw labError(
    'cannotServe',
    `${pager.owner} has ${listing.size} records and no paging`,
    `The lab puts at most ${unpagedRecordsMax} records into one answer: declare \`paginate\`.`,
  );
}

interface Asked {
  readonly received: Received;
  readonly url: URL;
  readonly extra: readonly Slot[];
  readonly job?: LabJob;
}

async function serve(
  { stream, pager, bodies, written, refused }: Served,
  listing: Listing,
  { received, url, extra, job }: Asked,
): Promise<Answer> {
  const { shape } = pager;
  if (received.method !== shape.method) {
    const message = `Only ${shape.method} is served.`;
    throw new Refusal(405, 'method_not_allowed', message, { Allow: shape.method });
  }
  const read = readRequest(shape, received);
  const refusal = refused(String(read.get('fields') ?? '').split(','));
  if (refusal !== undefined) return refusal;
  const values = job === undefined ? read : job.chosen(read);
  const wanted = wantedOf(pager, listing, values);
  const { view, from, to } = wanted;
  const { slots, headers } = onwardOf(pager, wanted, url, values);
  const body =
    written?.make(view, from, to) ??
    bodies.make(extra.length === 0 ? slots : [...slots, ...extra], view, from, to);
  const said = {
    ...headers,
    ...(written && { 'Content-Type': written.type }),
    ...(stream.rowCount && { [stream.rowCount.header]: String(to - from) }),
  };
  return { status: 200, headers: said, body: await packed(body, stream), records: to - from };
}

/** What a provider that refuses fields which it does not have says to a request for some. */
async function refusedFields(
  project: Project,
  source: config.Source,
  name: string,
): Promise<Served['refused']> {
  const { unknownField } = dialectOf(source);
  if (unknownField === undefined) return () => undefined;
  const folders = dataFolders(project, source);
  const described = await describedNames(folders, source.name, name, source.streams[name] as config.Stream);
  return (fields) => {
    const said = described && unknownField(fields, described);
    return said && jsonAnswer(said.status, said.body);
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
  kept: KeptCollections,
): Promise<LabStream> {
  const stream = source.streams[name] as config.Stream;
  const owner = labOwner(source.name, name);
  const data = await collectionOf(dataFolders(project, source), owner, stream, kept);
  const listing = chosenListing(data, stream, owner);
  const isLive = stream.lab?.live === true;
  if (isLive && !comesByTime(stream.cursor)) throw lifeless(owner);
  const job = jobOf(owner, stream);
  const shape = requestShape(stream, source.auth, job?.result);
  const pager = pagerOf(owner, stream, shape);
  const bodies = new Bodies(owner, recordsPath(stream));
  const written = writtenAs(owner, stream, listing);
  if (written === undefined) checkShape(pager, bodies, listing, extra);
  const refused = await refusedFields(project, source, name);
  const served: Served = { stream, pager, bodies, written, refused };
  return {
    name,
    distinction: job?.distinction ?? distinction(shape),
    isAt: (path) => shape.path.test(path) || job?.stepAt({ path }) !== undefined,
    isMeant: (received) => {
      const step = job?.stepAt(received);
      if (step !== undefined) return job?.isMeant(step, received) === true;
      return isMeant(shape, received) && job?.isOwn(readRequest(shape, received)) !== false;
    },
    answer: async (received, url, beside, nowMs) => {
      const step = job?.stepAt(received);
      const base = url.origin + url.pathname.slice(0, url.pathname.length - received.path.length);
      if (job !== undefined && step !== undefined) return job.answer(step, received, base);
      const now = isLive ? until(listing, nowMs) : listing;
      const part = job === undefined || job.files === 1 ? now : fileOf(now, job.files);
      return serve(served, part, { received, url, extra: beside, ...(job && { job }) });
    },
  };
}
