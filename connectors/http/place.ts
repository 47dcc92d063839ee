import type { RequestPlace } from '../../engine/model/batch.ts';
import { cursorText, cursorValue } from '../../engine/model/batch.ts';
import { shiftInstant } from '../../engine/model/instant.ts';
import type { CursorPlan, PaginatePlan, StreamPlan } from '../../engine/model/plan.ts';
import { embeddedPlaceholders } from '../../engine/model/request-template.ts';
import { recordCursor } from '../../engine/model/stream-cursor.ts';

/** Where the first request of a window stands. `now` is a canonical instant. */
export function firstPlace(stream: StreamPlan, from: string | undefined, now: string): RequestPlace {
  const { paginate, partitions } = stream;
  const cursor = recordCursor(stream);
  const page = firstPage(paginate);
  const branch = partitions.length > 1 || Object.keys(partitions[0] ?? {}).length > 0 ? { partition: 0 } : {};
  return { page, ...(cursor && firstSlice(stream, cursor, from, now)), ...branch };
}

function firstSlice(
  { pinned, request, job }: StreamPlan,
  cursor: CursorPlan,
  from: string | undefined,
  now: string,
): Pick<RequestPlace, 'from' | 'to' | 'end'> {
  const requests = [request, ...(job === undefined ? [] : [job.create.request])];
  const last = pinned?.to ?? cursorText(cursor.type, now);
  // A clock that is behind the API's must not turn a window round.
  const end = from !== undefined && last < from ? from : last;
  if (cursor.stepMs !== undefined && from !== undefined)
    return { from, to: sliceEnd(cursor, from, end), end };
  // A window without an end is left open, unless a text needs it.
  const ends =
    pinned !== undefined || requests.some((one) => embeddedPlaceholders(one).includes('cursor.to'));
  return { ...(from !== undefined && { from }), ...(ends && { to: end }) };
}

/** Where the next branch of a window begins: the next partition of the slice, or the next slice. */
export function nextBranch(stream: StreamPlan, at: RequestPlace): RequestPlace | undefined {
  const { partition, ...rest } = at;
  const cursor = recordCursor(stream);
  const page = firstPage(stream.paginate);
  if (partition !== undefined && partition + 1 < stream.partitions.length)
    return { ...rest, page, partition: partition + 1 };
  const { to, end } = at;
  if (cursor === undefined || to === undefined || end === undefined || to >= end) return undefined;
  const slice = { from: to, to: sliceEnd(cursor, to, end), end };
  return { ...rest, page, ...slice, ...(partition !== undefined && { partition: 0 }) };
}

/** Whether a window is read in several branches, or may be. */
export const hasBranches = ({ partitions, cursor }: StreamPlan): boolean =>
  partitions.length > 1 || cursor?.stepMs !== undefined;

/** What `{page.…}` stands for in the first request of a listing. */
export function firstPage(paginate: PaginatePlan): RequestPlace['page'] {
  switch (paginate.type) {
    case 'page':
      return { number: paginate.start };
    case 'offset':
      return { offset: 0 };
    case 'keyset':
      return paginate.start === undefined ? {} : { key: paginate.start };
    default:
      return {};
  }
}

function sliceEnd(cursor: CursorPlan, from: string, end: string): string {
  const instant = cursorValue(cursor.type, from);
  const to = cursorText(cursor.type, shiftInstant(instant, cursor.stepMs ?? 0));
  return to < end ? to : end;
}
