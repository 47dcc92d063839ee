import type {
  FoundParent,
  LookupAsk,
  LookupReply,
  MappedPage,
  MappedRows,
  PageFacts,
  PageFailure,
} from '../model/batch.ts';
import type { BodyFacts } from '../model/body-plan.ts';
import type { Forgotten } from '../model/forget.ts';
import type { MappingPlan, StreamPlan } from '../model/plan.ts';
import type { JsonValue } from '../model/request-template.ts';

/** What a mapping worker is made for: every stream of the plan with its mappings. */
export interface WorkerSetup {
  readonly programs: readonly Program[];
  readonly piiKey?: string;
  readonly pageKey?: string;
  readonly forgotten?: Forgotten;
  /** Whether pages hold tokens already where there was personal data: those of a recording do. */
  readonly tokenised?: boolean;
}

export interface Program {
  /** `source.stream`, or the mapping's name for a remap. */
  readonly id: string;
  readonly stream: StreamPlan;
  readonly mappings: readonly MappingPlan[];
  /** What a body may unpack to; absent where none is received. */
  readonly bytesMax?: number;
  /** Mappings whose rows go to load files alone. */
  readonly unstaged?: readonly string[];
}

/** A page for a worker: as received, or as kept (personal data is tokens already). */
export interface WorkerTask extends BodyFacts {
  readonly task: number;
  readonly program: string;
  readonly page: number;
  readonly body: Uint8Array;
  /** The body as it came, where that was gzip. */
  readonly zipped?: Uint8Array;
  readonly kept: boolean;
  /** It is a page of the stream's parents, which are wanted of it. */
  readonly parents?: true;
  /** Normalised cursor at which the window begins. */
  readonly from?: string;
  /** Normalised cursor at which it ends: later records are dropped. */
  readonly to?: string;
  /** What each record is given, such as its parent. */
  readonly beside?: { readonly [key: string]: JsonValue };
}

/** What the page of a task asked for; without replies the task is given up. */
export interface LookedUp {
  readonly task: number;
  readonly replies?: readonly LookupReply[];
}

/**
 * Facts come first, so that the next request need not wait for the rows. A page with lookups then asks for them. A
 * failure ends the task.
 */
export type WorkerAnswer =
  | { readonly task: number; readonly facts: PageFacts }
  | { readonly task: number; readonly asks: readonly LookupAsk[] }
  | { readonly task: number; readonly mapped: MappedPage }
  | { readonly task: number; readonly remapped: readonly MappedRows[] }
  | { readonly task: number; readonly parents: readonly FoundParent[] }
  | { readonly task: number; readonly failure: PageFailure }
  | { readonly task: number; readonly crash: string };
