import type { OpenWindow } from './position.ts';
import type { PinnedWindow } from './stream-plan.ts';

/** One window of a stream as the ledger has it: from the first page to the last that was read. */
export interface WindowRecord {
  /** The run that has read its last page. */
  readonly run: string;
  /** When its first and its last page were staged; ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** First normalised cursor value that was asked for; absent where everything was. */
  readonly from?: string;
  /** Where the cursor stood after it. */
  readonly reached?: string;
  readonly records: number;
  readonly pages: number;
  /** Records of its largest page. */
  readonly largest: number;
  /** How many records the API has announced. */
  readonly total?: number;
  /** Whether its last page was read. */
  readonly ended: boolean;
}

/** What of the past says how much a stream will bring. */
export interface StreamHistory {
  readonly cursor?: string;
  readonly open?: OpenWindow;
  /** Of a stream with parents, how many in kept pages wait for it: records, as far as they are not counted. */
  readonly parents?: number;
  /** Newest first. */
  readonly windows: readonly WindowRecord[];
  /** By mapping. */
  readonly rowsPerRecord: ReadonlyMap<string, number>;
  /** Of a range that is read once more, what is staged of the rest of it, slice by slice; of a stream that was read once, lately. */
  readonly range?: RangeHistory;
}

/** Absent records: nobody knows, and why. */
export interface RangeHistory {
  readonly slices: readonly PinnedWindow[];
  /** Records of each slice whose newest version lies in it. */
  readonly records?: readonly number[];
  /** The mapping among whose rows they were counted. */
  readonly mapping?: string;
  readonly unknown?: string;
}

/** What of a limit is used up, between 0 and 1. */
export interface LimitFill {
  readonly domain: string;
  readonly id: string;
  readonly partition: string;
  readonly fill: number;
}

/** What an estimate is made of, besides the plan: it is a function of the two. */
export interface Facts {
  readonly nowMs: number;
  /** By `source.stream`. */
  readonly histories: ReadonlyMap<string, StreamHistory>;
  readonly fills: readonly LimitFill[];
}

/** What a stream will ask for. */
export type WindowEstimate =
  /** Everything: no cursor is declared. */
  | { readonly kind: 'whole' }
  /** What a first read asks for. */
  | { readonly kind: 'first'; readonly from?: string }
  /** What has changed since the cursor, less the lookback. */
  | { readonly kind: 'cursor'; readonly cursor: string; readonly from: string; readonly lookbackMs: number }
  /** A range, whatever the cursor says; `sliced` where the API can be asked for the end of one. */
  | {
      readonly kind: 'range';
      readonly from: string;
      readonly to: string;
      readonly slices: number;
      readonly sliced: boolean;
    }
  /** The rest of a window that an earlier run has left open. */
  | { readonly kind: 'resume'; readonly pages: number; readonly from?: string };

export interface StreamEstimate {
  /** `source.stream`. */
  readonly stream: string;
  readonly window: WindowEstimate;
  /** Absent where there is nothing to go by. */
  readonly expected?: Expected;
  /** Why nothing is expected of it. */
  readonly unknown?: string;
  /** Whether lookups come on top: how many depends on the records, and on the cache. */
  readonly lookups?: true;
}

export interface Expected {
  /** Absent where nothing tells how many records the requests bring. */
  readonly records?: number;
  /** Of pages. */
  readonly requests: number;
  /** Rows that mappings will make of the records. */
  readonly rows: { readonly [mapping: string]: number };
  /** At the declared limits, beside the other streams of the plan. */
  readonly minutes: number;
  /** The limit that decides the minutes, `answers` where it is how fast the API has answered; absent where nothing does. */
  readonly decidedBy?: string;
  /** What it uses of each limit that binds it. */
  readonly limits: readonly LimitShare[];
  /** What it was made of, in words. */
  readonly basis: string;
}

export interface LimitShare {
  readonly id: string;
  /** Of what the limit lets through meanwhile (a minute at least), or in one window of a quota; 1 is all of it. */
  readonly share: number;
}

/** A limit that counts by the hour or longer, as it stands when the plan is made. */
export interface QuotaEstimate {
  readonly domain: string;
  readonly id: string;
  readonly partition: string;
  readonly declared: string;
  /** Requests that it lets through until it is reset. */
  readonly remaining: number;
  /** ISO 8601, UTC. */
  readonly resetsAt: string;
  /** Streams that it binds. */
  readonly streams: readonly string[];
  /** What they need together, as far as that is known. */
  readonly needed: number;
  /** Most pages of each stream, where not everything fits. */
  readonly split?: { readonly [stream: string]: number };
}

/** How much of a stream one run may read: a quota lets no more through, or the saved plan allows no more. */
export type Allowance =
  | {
      readonly kind: 'quota';
      readonly pages: number;
      /** The limit's id. */
      readonly quota: string;
      readonly resetsAt: string;
    }
  | {
      readonly kind: 'estimate';
      readonly pages: number;
      /** Requests for pages that the plan expected. */
      readonly expected: number;
      /** Share of them that may come on top. */
      readonly over: number;
    };

export interface PlanEstimate {
  readonly streams: readonly StreamEstimate[];
  readonly quotas: readonly QuotaEstimate[];
}
