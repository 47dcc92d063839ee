import type { CursorPlan, StreamPlan } from './plan.ts';

/** The cursor that the records of a stream have: of one with parents, it is a matter of each of them. */
export const recordCursor = ({
  cursor,
  parent,
}: Pick<StreamPlan, 'cursor' | 'parent'>): CursorPlan | undefined => parent?.cursor ?? cursor;

/** A stream as if it had not been read before: nothing is known of what it has read of each parent. */
export function readAnew({ parent, ...stream }: StreamPlan): StreamPlan {
  if (parent === undefined) return stream;
  const { kept: _, ...anew } = parent;
  return { ...stream, parent: anew };
}
