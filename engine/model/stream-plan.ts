import type { Path } from './path-plan.ts';
import type { TransformPlan } from './transform-plan.ts';

export interface StreamPlan {
  readonly source: string;
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly query: { readonly [parameter: string]: string };
  readonly headers: { readonly [header: string]: string };
  /** Path of the array of records; the empty path is the response itself. */
  readonly records: Path;
  readonly primaryKey: readonly Path[];
  /** Names the person that a record is about: see `etl forget`. */
  readonly subject?: Path;
  readonly paginate: PaginatePlan;
  readonly cursor?: CursorPlan;
  readonly pagesMax: number;
  /** Its share of the budget while several streams wait. */
  readonly weight: number;
  readonly priority: 'high' | 'normal' | 'low';
  readonly cache?: CachePlan;
  readonly lookups: readonly LookupPlan[];
  /** Hashes of what the stream asks for and of how it pages: a position fits only the stream that made it. */
  readonly shape: StreamShape;
  /** What is dropped or replaced by a token in every record before anything is stored. */
  readonly privacy: readonly PrivacyPlan[];
  /** The window that is read, whatever the position says: a slice of a backfill. */
  readonly pinned?: PinnedWindow;
}

/** Normalised cursors: the first that is wanted, and the first that is not. */
export interface PinnedWindow {
  readonly from: string;
  readonly to: string;
}

export interface CachePlan {
  readonly ttlMs: number;
  /** Whether an older reply is asked for with its validators. */
  readonly revalidate: boolean;
  readonly bytesMax: number;
}

/** A reply that records refer to; each record gets it under `_lookup.<name>` before it is mapped. */
export interface LookupPlan {
  readonly name: string;
  /** Texts and the record's paths between them, in turn: text, path, text, … */
  readonly path: TemplatePlan;
  readonly query: readonly { readonly parameter: string; readonly value: TemplatePlan }[];
  readonly take?: Path;
  readonly missing: 'null' | 'fail';
  readonly cache: CachePlan;
}

/** `/items/{id}` is two texts around one path. */
export interface TemplatePlan {
  readonly texts: readonly string[];
  readonly paths: readonly Path[];
}

export type PaginatePlan =
  | { readonly type: 'none' }
  | { readonly type: 'link_header'; readonly rel: string; readonly size?: SizePlan }
  | { readonly type: 'next_url'; readonly path: Path; readonly size?: SizePlan }
  | { readonly type: 'cursor_token'; readonly token: Path; readonly param: string; readonly size?: SizePlan }
  | {
      readonly type: 'page';
      readonly param: string;
      readonly start: number;
      readonly size?: SizePlan;
      readonly total?: Path;
    }
  | { readonly type: 'offset'; readonly param: string; readonly size: SizePlan; readonly total?: Path };

export interface StreamShape {
  readonly asked: string;
  readonly paging: string;
}

export interface SizePlan {
  readonly param: string;
  readonly value: number;
}

export type CursorType = 'timestamp' | 'integer' | 'string';

export interface CursorPlan {
  readonly field: Path;
  readonly type: CursorType;
  /** How a timestamp is written in the request. */
  readonly format: 'iso' | 'epoch' | 'epoch_ms';
  /** First value wanted by the first run; without it, everything. */
  readonly start?: string;
  readonly lookbackMs: number;
  readonly query: string;
  /** Query parameter for the end of a window, where the API has one. */
  readonly queryTo?: string;
}

/** `path` may hold `*` for any key and `[*]` for any element. */
export interface PrivacyPlan {
  readonly path: Path;
  readonly action: 'drop' | 'hmac' | 'truncate';
  /** Characters that `truncate` leaves. */
  readonly keep?: number;
  /** Changes made before the value is replaced, so that ` A@x ` and `a@x` can get the same one. */
  readonly transforms: readonly TransformPlan[];
}

/** A range of cursors that is read whatever the position says, beside the incremental runs. */
export interface BackfillPlan {
  /** `source.stream`, as declared. */
  readonly of: string;
  readonly window: PinnedWindow;
  /** Length of the windows that it is read in; absent where the API has no parameter for the end of one, or no time. */
  readonly sliceMs?: number;
  /** Share of every limit that it may use. */
  readonly share: number;
}
