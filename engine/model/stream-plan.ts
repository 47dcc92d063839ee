import type { BodyPlan } from './body-plan.ts';
import type { CursorPlan } from './cursor-plan.ts';
import type { ConditionPlan } from './deletes-plan.ts';
import type { Path } from './path-plan.ts';
import type { JsonValue, RequestTemplate } from './request-template.ts';
import type { ReplyValuePlan } from './source-plan.ts';
import type { TransformPlan } from './transform-plan.ts';

export interface StreamPlan {
  readonly source: string;
  readonly account: string;
  readonly name: string;
  /** With a placeholder for all that differs from page to page and from window to window. */
  readonly request: RequestTemplate;
  /** Sets of values of `{partition.…}`: the stream is read once for each. One of them, and empty, where none are declared. */
  readonly partitions: readonly { readonly [name: string]: JsonValue }[];
  readonly parent?: ParentPlan;
  /** What makes the records before they can be downloaded. */
  readonly job?: JobPlan;
  /** Path of the array of records; the empty path is the response itself. Of several, the first. */
  readonly records: Path;
  /** Several arrays of one response, by name. */
  readonly lists?: readonly { readonly name: string; readonly path: Path }[];
  /** Absent where bodies are plain JSON. */
  readonly body?: BodyPlan;
  /** Of files and tables: how a page of them is cut. */
  readonly asks?: AskPlan;
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

/** How files and tables are asked for. */
export interface AskPlan {
  /** Most rows of a page. */
  readonly rows: number;
  readonly isParquet?: true;
  /** SQL in place of a table. */
  readonly query?: string;
}

/** Normalised cursors: the first that is wanted, and the first that is not. */
export interface PinnedWindow {
  readonly from: string;
  readonly to: string;
}

/** A stream of the same source for each record of which this one is read. */
export interface ParentPlan {
  readonly stream: string;
  /** Where its pages have records: one array, or several. */
  readonly records: readonly Path[];
  /** What a request says of a parent. */
  readonly values: readonly Path[];
  readonly where: readonly ConditionPlan[];
  /** How many parents one request asks for. */
  readonly batch: number;
  /** How many are asked for at the same time. */
  readonly parallel: number;
  /** Each run reads all kept parents again, not only those that came since. */
  readonly all?: true;
  /** Of the stream's records: what each parent is asked for from. The stream itself has no cursor then. */
  readonly cursor?: CursorPlan;
  /** Whether a position is kept for each parent: absent where a listing begins anew for all of them. */
  readonly kept?: true;
  /** Statuses that say that a parent is there no more. */
  readonly gone?: readonly number[];
}

/** A job of the API: it is created, asked for until it is done, and perhaps asked where its result is. */
export interface JobPlan {
  readonly create: JobStepPlan;
  readonly poll: JobStepPlan & {
    readonly status: Path;
    readonly done: readonly string[];
    readonly failed: readonly string[];
    /** Statuses of a job that had nothing to give. */
    readonly empty: readonly string[];
    readonly everyMs: number;
    readonly withinMs: number;
  };
  readonly locate?: JobStepPlan;
}

export interface JobStepPlan {
  readonly request: RequestTemplate;
  /** What of the reply the next steps are told, by the names of placeholders. */
  readonly take: readonly { readonly name: string; readonly path: Path }[];
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

export type PaginatePlan = PagingRules &
  (
    | { readonly type: 'none' }
    | { readonly type: 'link_header'; readonly rel: string }
    | { readonly type: 'next_url'; readonly path: Path }
    | TokenPaging
    /** After the last key of a page come those of the next one. */
    | { readonly type: 'keyset'; readonly key: Path; readonly start?: string | number }
    | { readonly type: 'page'; readonly start: number }
    | { readonly type: 'offset' }
  );

/** Tokens of a response, by the names of their placeholders. */
export interface TokenPaging {
  readonly type: 'cursor_token';
  readonly tokens: readonly { readonly name: string; readonly from: ReplyValuePlan }[];
  /** Parameters that go along with the tokens; absent when all do. */
  readonly keep?: readonly string[];
}

/** When a listing ends, besides with an empty page. */
export interface PagingRules {
  /** Records asked for per page. */
  readonly size?: number;
  readonly total?: Path;
  /** Where a response says whether there are more pages. */
  readonly more?: Path;
  /** A page with fewer records than asked for is the last one. */
  readonly short?: true;
  /** Statuses of a page past the end. */
  readonly pastEnd?: readonly number[];
  /** Most records that the API gives of one listing. */
  readonly recordsMax?: number;
}

export interface StreamShape {
  readonly asked: string;
  readonly paging: string;
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
