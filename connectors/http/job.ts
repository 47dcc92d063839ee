import type { ApiRequest, RequestPlace } from '../../engine/model/batch.ts';
import { complaint, TerminalError, TransientError } from '../../engine/model/errors.ts';
import type { JobPlan, SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import type { ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';
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

/** Asks until a job is done. What it has made is located right before it is wanted: such addresses do not hold long. */
export async function finished<Fetched extends FetchedPage>(
  stream: StreamPlan,
  source: SourcePlan,
  request: ApiRequest,
  session: ConnectorSession<Fetched>,
): Promise<Finished<Fetched> | undefined> {
  const { at } = request;
  const { job } = stream;
  if (job === undefined || at?.job?.step !== 'poll') return undefined;
  const asking = { stream, source, session, job, at };
  const { page, isEmpty } = await polled(asking, request);
  if (isEmpty) return { nothing: page };
  const { status: _, ...found } = page.facts.tokens ?? {};
  const values = { ...at.job.values, ...found };
  return { download: await located(asking, values) };
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
    if (waitedMs >= poll.withinMs) throw tooSlow(stream, status, poll.withinMs);
    await session.sleep(poll.everyMs);
    waitedMs += poll.everyMs;
  }
}

async function located<Fetched extends FetchedPage>(
  { stream, source, session, job, at }: Asking<Fetched>,
  values: Values,
): Promise<ApiRequest> {
  const place = (step: 'locate' | 'download', own: Values): RequestPlace => ({
    ...at,
    job: { step, values: own },
  });
  if (job.locate === undefined) return requestAt(stream, source, place('download', values));
  const { facts } = await session.fetch(requestAt(stream, source, place('locate', values)));
  const request = requestAt(stream, source, place('download', { ...values, ...facts.tokens }));
  // The address is a secret for a short while, and of no use afterwards.
  return { ...request, at: place('download', values) };
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

const tooSlow = ({ source, name }: StreamPlan, status: string, ms: number): TransientError =>
  new TransientError(
    complaint(
      'ETL0429',
      `the job that ${source}.${name} waits for is not done after ${Math.round(ms / 60_000)} minutes: ${status || 'no status'}`,
      'The next run asks for the same one again.',
      'If it needs longer, raise `job.poll.within`; if the status is one that ends it, name it under `done`, `empty` or `failed`.',
    ),
  );
