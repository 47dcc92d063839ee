import { type ApiRequest, cursorText, cursorValue, type ParentValues } from './batch.ts';
import { shiftInstant } from './instant.ts';
import type { CursorPlan, StreamPlan, StreamShape } from './plan.ts';

/** How far a stream has been read. */
export interface Position {
  /** Greatest normalised cursor of all finished windows. */
  readonly cursor?: string;
  /** The window that is not finished yet. */
  readonly open?: OpenWindow;
  /** The stream that made it. */
  readonly shape?: StreamShape;
}

export interface OpenWindow {
  readonly from?: string;
  readonly cursorMax?: string;
  /** When its first page was answered, by the API's own clock where it tells. A canonical instant. */
  readonly startedAt: string;
  readonly pages: number;
  /** Its URL is a path with a query: the origin is the source's. Only one on another origin, allowed by name, is whole. */
  readonly next: ApiRequest;
}

/** Where a stream stands with one parent of its records. */
export interface ParentPosition {
  /** The window in which it was asked for last. */
  readonly window: number;
  /** Greatest normalised cursor of its children. */
  readonly cursor?: string;
  /** Where it was there no more, the last page that was kept by then. */
  readonly gone?: number;
}

/** Parents whose children are read with a page, and where the stream then stands with each of them. */
export interface ParentsDone extends ParentPosition {
  readonly values: readonly ParentValues[];
}

/** Pages of a stream: with their response, and without it, since retention has let it go. */
export interface KeptPages {
  readonly kept: number;
  readonly dropped: number;
  /** Records of those with their response; absent where they were not counted. */
  readonly records?: number;
}

/** What every mapping of a stream has loaded, filtered or set aside. */
export interface SettledPosition {
  /** All pages of the stream up to this one; 0 when there is none. */
  readonly page: number;
  /** The fetched cursor as it was at that page. */
  readonly cursor?: string;
}

/**
 * The position that a stream may go on from. What was made by a stream that asked for something else says nothing of this
 * one; where only the paging differs, a window that is open cannot be continued.
 */
export function continued({ cursor, open, shape }: Position, stream: StreamPlan): Position {
  if (shape?.asked !== stream.shape.asked) return { shape: stream.shape };
  const kept = shape.paging === stream.shape.paging ? open : undefined;
  return { shape: stream.shape, ...(cursor !== undefined && { cursor }), ...(kept && { open: kept }) };
}

/** First normalised cursor value that is wanted where everything up to `reached` is known. */
export function windowStart(cursor: CursorPlan | undefined, reached: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  if (reached === undefined) return cursor.start;
  if (cursor.type !== 'timestamp') return reached;
  const instant = cursorValue(cursor.type, reached);
  return cursorText(cursor.type, shiftInstant(instant, -cursor.lookbackMs));
}
