import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import type { BodyFacts } from '../../model/body-plan.ts';
import { emptyResponse } from '../../model/path.ts';
import type { StreamPlan } from '../../model/plan.ts';

export type PageBody = Pick<ApiResponse, 'body' | 'zipped'> & BodyFacts;

/** What the cache keeps cannot be handed over. */
export function bodyOf(
  stream: StreamPlan,
  { body, zipped, unbounded, origin, nothing, headers }: ApiResponse,
): PageBody {
  const said = stream.body?.countHeader === undefined ? undefined : headers[stream.body.countHeader];
  const charset = stream.body?.csv === undefined ? undefined : charsetOf(headers['content-type']);
  return {
    ...(stream.cache === undefined ? { body, ...(zipped && { zipped }) } : { body: body.slice() }),
    ...(unbounded && { unbounded }),
    ...(origin && { origin }),
    ...(nothing && { nothing }),
    ...(said !== undefined && { said }),
    ...(charset !== undefined && { charset }),
  };
}

const charsetOf = (type: string | undefined): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type ?? '')?.[1]?.toLowerCase();

/** What a page past the end, and a step of a job, is kept as: what the API says there is no listing. */
export const noRecords = ({ records }: StreamPlan): PageBody => ({
  body: Buffer.from(JSON.stringify(emptyResponse(records))),
  nothing: true,
});

/**
 * Statuses that say that there are no records: behind the last page, and of a parent that is there no more. Of a job, what asks
 * for it names the parent: what is there no more in its later steps is the job.
 */
export function statusesOf(stream: StreamPlan, request: ApiRequest): readonly number[] {
  if (!isFirst(stream, request)) return stream.paginate.pastEnd ?? [];
  const step = request.at?.job?.step;
  return step === undefined || step === 'create' ? (stream.parent?.gone ?? []) : [];
}

/** Whether a request is for the first page of a listing: such a page must be there, unless its parent is gone. */
export function isFirst({ paginate }: StreamPlan, { at }: ApiRequest): boolean {
  const { number, offset = 0, ...tokens } = at?.page ?? {};
  if (paginate.type === 'page') return number === paginate.start;
  return paginate.type === 'keyset'
    ? tokens['key'] === paginate.start
    : offset === 0 && Object.keys(tokens).length === 0;
}
