import { type ApiRequest, filesToken, type RequestPlace } from '../../engine/model/batch.ts';
import { complaint, TerminalError, TransientError } from '../../engine/model/errors.ts';
import { pathText } from '../../engine/model/path.ts';
import type { JobPlan, SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';
import { durationText } from '../../engine/model/units.ts';
import { firstPage } from './place.ts';
import { requestAt } from './request.ts';

type Values = { readonly [name: string]: string };

/** A job that is done: the request for what it has made, or its last reply where it has made nothing. */
export type Finished<Fetched> = { readonly download: ApiRequest } | { readonly nothing: Fetched };

interface Asking<Fetched extends FetchedPage> {
  readonly stream: StreamPlan;
  readonly source: SourcePlan;
  readonly session: ConnectorSession<Fetched>;
  readonly job: JobPlan;
  readonly at: RequestPlace;
}

/** The place at which the job of a branch is created. */
export const jobPlace = (stream: StreamPlan, at: RequestPlace): RequestPlace =>
  stream.job === undefined ? at : { ...at, job: { step: 'create', values: {} } };

/** The request that asks whether a job is done. */
export const pollAfter = (
  stream: StreamPlan,
  source: SourcePlan,
  { at }: ApiRequest,
  values: Values = {},
): ApiRequest => requestAt(stream, source, { page: {}, ...at, job: { step: 'poll', values } });

/**
 * What follows a page of a job's result. Where an address is located it is so again, right before it is wanted: such
 * addresses do not hold long, and are kept nowhere.
 */
export const resultPlace = ({ job }: StreamPlan, at: RequestPlace | undefined): RequestPlace | undefined =>
  job?.locate !== undefined && at?.job?.step === 'download'
    ? { ...at, job: { ...at.job, step: 'locate' } }
    : at;

/** The request for the next file that a job has made. */
export function nextFile(
  stream: StreamPlan,
  source: SourcePlan,
  { at }: Pick<ApiRequest, 'at'>,
): ApiRequest | undefined {
  const { file = 0, files = 1 } = at?.job ?? {};
  const place = resultPlace(stream, at);
  if (place?.job === undefined || file + 1 >= files) return undefined;
  const job = { ...place.job, file: file + 1 };
  return requestAt(stream, source, { ...place, page: firstPage(stream.paginate), job });
}

/** Asks until a job is done, and where the page of its result is that is wanted. */
export async function finished<Fetched extends FetchedPage>(
  stream: StreamPlan,
  source: SourcePlan,
  request: ApiRequest,
  session: ConnectorSession<Fetched>,
): Promise<Finished<Fetched> | undefined> {
  const { at } = request;
  const { job } = stream;
  if (job === undefined || at?.job === undefined) return undefined;
  const asking = { stream, source, session, job, at };
  if (at.job.step === 'locate') return located(asking, at.job.values);
  if (at.job.step !== 'poll') return undefined;
  const { page, isEmpty } = await polled(asking, request);
  if (isEmpty) return { nothing: page };
  const { status: _, [filesToken]: __, ...found } = page.facts.tokens ?? {};
  return located(asking, { ...at.job.values, ...found });
}

interface Polled<Fetched> {
  readonly page: Fetched;
  readonly isEmpty: boolean;
}

async function polled<Fetched extends FetchedPage>(
  { stream, session, job }: Asking<Fetched>,
  request: ApiRequest,
): Promise<Polled<Fetched>> {
  const { poll } = job;
  let waitedMs = 0;
  for (;;) {
    const page = await session.fetch(request);
    const status = page.facts.tokens?.['status'] ?? '';
    if (poll.done.includes(status)) return { page, isEmpty: false };
    if (poll.empty.includes(status)) return { page, isEmpty: true };
    if (poll.failed.includes(status)) throw failed(stream, status);
    if (waitedMs >= poll.withinMs) throw tooSlow(stream, status, poll);
    await session.sleep(poll.everyMs);
    waitedMs += poll.everyMs;
  }
}

async function located<Fetched extends FetchedPage>(
  { stream, source, session, job, at }: Asking<Fetched>,
  values: Values,
): Promise<Finished<Fetched>> {
  const place = (step: 'locate' | 'download', own: Values, files?: number): RequestPlace => ({
    ...at,
    job: { ...at.job, step, values: own, ...(files !== undefined && { files }) },
  });
  if (job.locate === undefined) return { download: requestAt(stream, source, place('download', values)) };
  const page = await session.fetch(requestAt(stream, source, place('locate', values)));
  // There may be no page behind the last one.
  if (page.facts.tokens === undefined) return { nothing: page };
  const { [filesToken]: files, ...found } = page.facts.tokens;
  const request = requestAt(stream, source, place('download', { ...values, ...found }));
  // The address is a secret for a short while, and of no use afterwards.
  const kept = place('download', values, files === undefined ? undefined : Number(files));
  return { download: { ...request, at: kept } };
}

const failed = ({ source, name }: StreamPlan, status: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0428',
      `the job that ${source}.${name} waits for has failed: ${status}`,
      'Nothing of it is staged; the next run creates another one.',
      'Check what `job.create` asks for: many APIs say no more than this.',
    ),
  );

const tooSlow = ({ source, name }: StreamPlan, said: string, poll: JobPlan['poll']): TransientError =>
  new TransientError(
    complaint(
      'ETL0429',
      `the job that ${source}.${name} waits for is not done after ${durationText(poll.withinMs)}: ${said || `nothing stands at \`${pathText(poll.status)}\``}`,
      'The next run asks for the same one again.',
      said === ''
        ? 'Check `job.poll.status` against what the API answers.'
        : 'If it needs longer, raise `job.poll.within`; if the status is one that ends it, name it under `done`, `empty` or `failed`.',
    ),
  );
