import type {
  ApiRequest,
  ApiResponse,
  MappedPage,
  PageFacts,
  ParentBatch,
  ParentPlace,
  ReceivedPage,
} from '../../model/batch.ts';
import { ExplainedError, TerminalError } from '../../model/errors.ts';
import { instantText } from '../../model/instant.ts';
import type { SourcePlan, StreamPlan } from '../../model/plan.ts';
import type { Connector, ConnectorSession, FetchedPage, OpenWindow, Position } from '../../model/ports.ts';
import { windowStart } from '../../model/position.ts';
import type { JsonValue } from '../../model/request-template.ts';
import { withoutCredentials } from './authenticate.ts';
import { type CacheCounts, cachedSend, type Sending } from './cached.ts';
import { saidOfJob } from './job-reply.ts';
import { Lookahead } from './lookahead.ts';
import { type LookUp, lookUp, lookupAnswers } from './lookups.ts';
import type { Meter } from './meter.ts';
import { bodyOf, isFirst, noRecords, type PageBody, statusesOf } from './page-body.ts';
import { cleaned, lookupCaching, pageCaching, type Reuse, type ReuseServices } from './reuse.ts';
import { send } from './send.ts';
import type { SendServices } from './sender.ts';

export interface ExtractServices extends SendServices, ReuseServices {
  readonly connector: Connector;
  /** Ends lookups: they go on when the last page has come, since what it refers to is asked for behind it. */
  readonly lookupSignal: AbortSignal;
  /** Hands a body over to a mapping worker, which asks `look` for what the records refer to. */
  map(page: number, body: PageBody, window: PageBounds, look: LookUp | undefined): PageWork;
  /** The identity of the next page. */
  pageId(): Promise<number>;
  /** Parents behind a place: see `parent` of a stream. */
  parents(after: ParentPlace): AsyncIterable<ParentBatch>;
  /** Whether the next page may be asked for before the one at hand is read. */
  readonly ahead: boolean;
}

/** Normalised cursors: the first of the window, and the first behind it. */
export interface PageBounds {
  readonly from?: string;
  readonly to?: string;
  /** What each record is given. */
  readonly beside?: { readonly [key: string]: JsonValue };
}

export interface PageWork {
  readonly facts: Promise<PageFacts>;
  readonly mapped: Promise<MappedPage>;
}

interface WorkedPage extends FetchedPage {
  readonly id: number;
  readonly mapped: Promise<MappedPage>;
}

export interface Extraction {
  readonly stream: StreamPlan;
  /** With its base URL resolved. */
  readonly source: SourcePlan;
  readonly position: Position;
  readonly meter: Meter;
  /** What lookups cost. */
  readonly lookupMeter: Meter;
  readonly cacheCounts: CacheCounts;
  /** Project and environment. */
  readonly scope: readonly string[];
  readonly services: ExtractServices;
}

/**
 * Pages of one window of a stream: the one that an earlier run left open, or a new one that begins at the cursor less
 * its lookback. An open window whose next page is no longer there (tokens expire) is read again from its beginning, or from
 * the parent that it stands at.
 */
export async function* extract(extraction: Extraction): AsyncIterable<ReceivedPage> {
  const { open } = extraction.position;
  if (open === undefined) {
    const { pinned } = extraction.stream;
    yield* read(extraction, pinned === undefined ? newWindow(extraction) : pinned.from);
    return;
  }
  let resumed = false;
  const request = { ...open.next, url: new URL(open.next.url, extraction.source.baseUrl).href };
  const resume = { request, pages: open.pages };
  try {
    for await (const page of read(extraction, open.from, resume, open.startedAt)) {
      resumed = true;
      yield page;
    }
  } catch (error) {
    if (resumed || !hasVanished(error, open)) throw error;
    yield* readAnew(extraction, open, resume);
  }
}

/** From the parent that an open window stands at, or else from its beginning. */
const readAnew = (
  extraction: Extraction,
  { from, startedAt, next }: OpenWindow,
  resume: ConnectorSession<WorkedPage>['resume'],
): AsyncIterable<ReceivedPage> =>
  next.at?.parent === undefined || resume === undefined
    ? read(extraction, from)
    : read(extraction, from, { ...resume, again: true }, startedAt);

/** Where a new window begins. Parents are counted by the kept pages that they stand in. */
const newWindow = ({ stream: { cursor, parent }, position }: Extraction): string | undefined => {
  if (parent === undefined) return windowStart(cursor, position.cursor);
  return parent.all ? undefined : position.cursor;
};

/** What a job has made is often taken away after a while, and its store then forbids what it does not have. */
const hasVanished = (error: unknown, { next }: OpenWindow): boolean =>
  error instanceof TerminalError &&
  (vanished.has(error.diagnostic.code) ||
    (error.diagnostic.code === 'ETL0410' && next.at?.job !== undefined));

/** What an open window was to go on with is there no more: a page, also where that is said with status 200, a job, a file as it was. */
const vanished = new Set(['ETL0411', 'ETL0428', 'ETL0482', 'ETL0507']);

async function* read(
  extraction: Extraction,
  from: string | undefined,
  resume?: ConnectorSession<WorkedPage>['resume'],
  begun?: string,
): AsyncIterable<ReceivedPage> {
  const { stream, source, services } = extraction;
  const look = stream.lookups.length === 0 ? undefined : lookups(extraction);
  const lookahead = new Lookahead<WorkedPage>((request, arrived) =>
    fetch(extraction, request, { from, look, arrived }),
  );
  const session: ConnectorSession<WorkedPage> = {
    ...(from !== undefined && { from }),
    now: () => instantText(Math.floor(services.clock.now() / 1000) * 1000) ?? '',
    ...(resume && { resume }),
    sleep: (ms) => services.clock.sleep(ms, services.signal),
    parents: (after) => services.parents(after),
    fetch: (request, next) => lookahead.fetch(request, extraction.services.ahead ? next : undefined),
  };
  let startedAt = begun;
  for await (const page of services.connector.pages(stream, source, session)) {
    const { id, facts, mapped, response } = page.fetched;
    const next = page.next && withoutOrigin(withoutCredentials(page.next, source.auth), source);
    const request = withoutSignature(withoutCredentials(page.request, source.auth), source);
    startedAt ??= answeredAt(response, services.clock.now());
    const window = { startedAt, ...(from !== undefined && { from }), ...(next && { next }) };
    const { status, headers } = response;
    yield { id, request, status, headers, number: page.number, facts, mapped, ...window };
    services.signal.throwIfAborted();
  }
}

/** When a response was made, by the `Date` that it carries or else by our clock. */
function answeredAt({ headers, elapsedMs }: ApiResponse, nowMs: number): string {
  const said = Date.parse(headers['date'] ?? '');
  const ms = Number.isNaN(said) ? nowMs - elapsedMs : said;
  return instantText(Math.floor(ms / 1000) * 1000) ?? instantText(0) ?? '';
}

/**
 * What a position keeps: it is the source that says where its requests go, also when that has changed in between. Only a
 * page on another origin, which the source allows by name, keeps it.
 */
function withoutOrigin(request: ApiRequest, { baseUrl }: SourcePlan): ApiRequest {
  const { origin, pathname, search } = new URL(request.url);
  return origin === new URL(baseUrl).origin ? { ...request, url: pathname + search } : request;
}

/** The address of a job's result elsewhere is signed: it is neither kept nor shown. */
function withoutSignature(request: ApiRequest, { baseUrl }: SourcePlan): ApiRequest {
  const { origin, pathname } = new URL(request.url);
  const isSigned = request.at?.job !== undefined && origin !== new URL(baseUrl).origin;
  return isSigned ? { ...request, url: origin + pathname } : request;
}

interface Reading {
  readonly from: string | undefined;
  readonly look: LookUp | undefined;
  readonly arrived: (response: ApiResponse) => void;
}

/** A response counts as received once a worker could read it: a body cut short is asked for again. */
function fetch(
  extraction: Extraction,
  request: ApiRequest,
  { from, look, arrived }: Reading,
): Promise<WorkedPage> {
  const { stream, source, meter, services } = extraction;
  const answers = statusesOf(stream, request);
  const sending = sendingOf(extraction, { meter, signal: services.signal, answers });
  const accept = async (response: ApiResponse): Promise<WorkedPage> => {
    const id = await services.pageId();
    const isNone = answers.includes(response.status);
    const said = isNone ? undefined : saidOfJob(stream, request, response);
    const isEmpty = said !== undefined || isNone;
    const given = isEmpty ? noRecords(stream) : bodyOf(stream, response);
    const window = boundsOf(stream, request, from);
    const { facts, mapped } = services.map(id, given, window, look);
    arrived(response);
    return {
      id,
      response,
      facts: {
        ...(await facts.catch(asked(withoutCredentials(request, source.auth), source))),
        ...(said && { tokens: said }),
        ...(isNone && isFirst(stream, request) && { gone: true }),
      },
      mapped,
    };
  };
  if (stream.cache === undefined) return sending(request, accept);
  const own = withoutCredentials(request, source.auth);
  return cachedSend(pageCaching(reuseOf(extraction), stream.cache, services.signal), own, sending, accept);
}

interface SendingParts {
  readonly meter: Meter;
  readonly signal: AbortSignal;
  readonly answers?: readonly number[];
}

/** What sends the requests of a stream, and counts what that costs. */
function sendingOf({ stream, source, services }: Extraction, { signal, ...parts }: SendingParts): Sending {
  const sender = { ...parts, source, stream, services: { ...services, signal } };
  return (request, accept) =>
    send(sender, request, (response) => accept(cleaned(response, source.auth, services.references)));
}

function lookups(extraction: Extraction): LookUp {
  const { stream, source, lookupMeter, services } = extraction;
  const signal = services.lookupSignal;
  const reuse = reuseOf(extraction);
  return lookUp({
    stream,
    source,
    sending: sendingOf(extraction, { meter: lookupMeter, signal, answers: lookupAnswers }),
    caching: (lookup) => lookupCaching(reuse, lookup, signal),
  });
}

const reuseOf = ({ stream, source, services, scope, cacheCounts }: Extraction): Reuse => ({
  stream,
  source,
  services,
  scope,
  counts: cacheCounts,
});

/** Says which request the answer was that could not be read. */
const asked =
  (request: ApiRequest, source: SourcePlan) =>
  (error: unknown): never => {
    if (!(error instanceof ExplainedError)) throw error;
    const { method, url } = withoutOrigin(withoutSignature(request, source), source);
    const sentence = `It was the answer to ${method} ${url}.`;
    throw error.said((diagnostic) => ({ ...diagnostic, help: [sentence, ...diagnostic.help] }));
  };

/** The bounds of a page: those of its slice, where a window has several. */
function boundsOf({ parent, partitions, pinned }: StreamPlan, { at }: ApiRequest, from?: string): PageBounds {
  const since = parent === undefined ? (at?.from ?? from) : at?.from;
  const beside = {
    // Which parent a record is of can be said of one alone.
    ...(parent?.batch === 1 && { _parent: at?.parent?.values[0] ?? {} }),
    ...(at?.partition !== undefined && { _partition: partitions[at.partition] ?? {} }),
  };
  return {
    ...(since !== undefined && { from: since }),
    ...(pinned && { to: pinned.to }),
    ...(Object.keys(beside).length > 0 && { beside }),
  };
}
