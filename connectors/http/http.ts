import {
  type ApiRequest,
  type ApiResponse,
  cursorText,
  isOfParent,
  type PageFacts,
  type ParentPlace,
  type RequestPlace,
} from '../../engine/model/batch.ts';
import { complaint, TerminalError } from '../../engine/model/errors.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { Connector, ConnectorPage, ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';
import { Branches } from './branches.ts';
import { finished, pollAfter } from './job.ts';
import { LoopGuard } from './loop-guard.ts';
import { announcedRequest, nextRequest, type Turn } from './paginate.ts';
import { hasBranches } from './place.ts';

/** Reads any JSON API that lists records, as its source and stream declare. */
export const httpConnector: Connector = { pages };

async function* pages<Fetched extends FetchedPage>(
  stream: StreamPlan,
  source: SourcePlan,
  session: ConnectorSession<Fetched>,
): AsyncIterable<ConnectorPage<Fetched>> {
  const branches = new Branches(stream, source, session);
  const guard = new LoopGuard(stream);
  let number = session.resume?.pages ?? 0;
  let received = session.resume === undefined ? 0 : Number.NaN;
  let request = confined(branches.resumed(), source, stream, number) ?? (await branches.first());
  try {
    while (request !== undefined) {
      number += 1;
      const answer: Answer<Fetched> = await answerTo(request, {
        stream,
        source,
        session,
        branches,
        guard,
        number,
      });
      const { asked, fetched } = answer;
      received += fetched.facts.records;
      const turn = { request: asked, fetched, number, ...(!Number.isNaN(received) && { received }) };
      const onward = confined(onwardOf(stream, source, turn), source, stream, number);
      guard.check(number, fetched.facts, onward);
      if (onward === undefined) received = 0;
      const following: ApiRequest | undefined = onward ?? (await branches.after(asked));
      const page = { request: asked, fetched: ofBranch(stream, fetched, asked, following), number };
      const next = knowing(following, page);
      yield { ...page, ...(next && { next }) };
      request = next;
    }
  } finally {
    await branches.close();
  }
}

interface Answer<Fetched> {
  /** What was asked for in the end: of a job, what it has made. */
  readonly asked: ApiRequest;
  readonly fetched: Fetched;
}

interface Reading<Fetched extends FetchedPage> {
  readonly stream: StreamPlan;
  readonly source: SourcePlan;
  readonly session: ConnectorSession<Fetched>;
  readonly branches: Branches<Fetched>;
  readonly guard: LoopGuard;
  readonly number: number;
}

/** The page of a request; of one that asks for a job, what the job has made. */
async function answerTo<Fetched extends FetchedPage>(
  request: ApiRequest,
  { stream, source, session, branches, guard, number }: Reading<Fetched>,
): Promise<Answer<Fetched>> {
  const done = await finished(stream, source, request, session);
  if (done !== undefined && 'nothing' in done) return { asked: request, fetched: done.nothing };
  const asked = confined(done?.download, source, stream, number) ?? request;
  return { asked, fetched: await branches.fetch(asked, announced(stream, source, asked, guard)) };
}

/** Behind the creation of a job comes the question whether it is done. */
function onwardOf(stream: StreamPlan, source: SourcePlan, turn: Turn): ApiRequest | undefined {
  const { request, fetched } = turn;
  if (fetched.facts.gone) return undefined;
  switch (request.at?.job?.step) {
    case 'create':
      return pollAfter(stream, source, request, fetched.facts.tokens);
    case 'poll':
    case 'locate':
      return undefined;
    default:
      return nextRequest(stream, source, turn);
  }
}

/**
 * What an API announces of one branch says nothing of the window. A slice of time that was read whole need not be read
 * again, also where nothing was in it; the last one ends now, by a clock that need not be the API's.
 */
function ofBranch<Fetched extends FetchedPage>(
  stream: StreamPlan,
  fetched: Fetched,
  { at }: ApiRequest,
  next: ApiRequest | undefined,
): Fetched {
  if (at?.parent !== undefined) return { ...fetched, facts: ofParent(fetched.facts, at, at.parent, next) };
  if (!hasBranches(stream) && at?.job?.files === undefined) return fetched;
  const { total: _, ...facts } = fetched.facts;
  const done = next?.at?.from === at?.from ? undefined : next?.at?.from;
  const cursorMax = done !== undefined && done > (facts.cursorMax ?? '') ? done : facts.cursorMax;
  return { ...fetched, facts: { ...facts, ...(cursorMax !== undefined && { cursorMax }) } };
}

/** The window of a stream with parents goes by the pages that these stand in; what their children say is theirs. */
function ofParent(
  { total: _, cursorMax: latest, ...facts }: PageFacts,
  at: RequestPlace,
  parent: ParentPlace,
  next: ApiRequest | undefined,
): PageFacts {
  const begun = isOfParent(next, parent) && next?.at?.from !== at.from ? next?.at?.from : undefined;
  const reached = [parent.reached, latest, begun]
    .filter((one) => one !== undefined)
    .sort()
    .at(-1);
  const cursorMax = cursorText('integer', String(parent.page));
  return { ...facts, cursorMax, ...(reached !== undefined && { reached }) };
}

/** A request for more of the same parent carries what is known of its children. */
function knowing(
  next: ApiRequest | undefined,
  { request: { at }, fetched }: { readonly request: ApiRequest; readonly fetched: FetchedPage },
): ApiRequest | undefined {
  const { reached } = fetched.facts;
  const parent = at?.parent;
  if (next === undefined || reached === undefined || parent === undefined) return next;
  if (!isOfParent(next, parent)) return next;
  return { ...next, at: { page: {}, ...next.at, parent: { ...parent, reached } } };
}

/** What follows a page, as far as its headers tell; nothing where the listing would be stopped. */
const announced =
  (stream: StreamPlan, source: SourcePlan, request: ApiRequest, guard: LoopGuard) =>
  (response: ApiResponse): ApiRequest | undefined => {
    const next = guard.allowsMore ? announcedRequest(stream, request, response) : undefined;
    return next !== undefined && isConfined(next, source) ? next : undefined;
  };

/** A next page elsewhere is refused, unless its origin is allowed by name; credentials never go there. */
function confined(
  next: ApiRequest | undefined,
  source: SourcePlan,
  stream: StreamPlan,
  number: number,
): ApiRequest | undefined {
  if (next === undefined) return undefined;
  if (isConfined(next, source)) return next;
  const own = new URL(source.baseUrl).origin;
  const { origin } = new URL(next.url);
  throw new TerminalError(
    complaint(
      'ETL0407',
      `page ${number} of ${stream.source}.${stream.name} links to a next page on another host: ${origin}`,
      `Requests of this source go only to ${[own, ...source.allowedOrigins].join(', ')}; nothing was sent to the other host.`,
      'If the API moved, change `baseUrl`; if its pages really are elsewhere, name that origin in `allowedOrigins`.',
    ),
  );
}

function isConfined({ url }: ApiRequest, { baseUrl, allowedOrigins }: SourcePlan): boolean {
  const { origin } = new URL(url);
  return [baseUrl, ...allowedOrigins].some((allowed) => originOf(allowed) === origin);
}

const originOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).origin : undefined);
