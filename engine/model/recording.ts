import type { ApiRequest } from './batch.ts';

/**
 * One window of a stream as it was recorded: what was asked, and what came back after `redact` and `pii`, without secrets.
 * It stands in `recordings/<source>.<stream>/`: `recording.yml` and a file for each exchange; see docs/testing.md.
 */
export interface Recording extends RecordingHead {
  /** In the order they were asked for. */
  readonly exchanges: readonly RecordedExchange[];
}

/** What `recording.yml` holds. */
export interface RecordingHead {
  readonly format: 1;
  /** `source.stream`. */
  readonly stream: string;
  /** ISO 8601, UTC. A replay takes place at this time. */
  readonly recordedAt: string;
  /** Version of the engine that has recorded it. */
  readonly engine: string;
  /** Where the exchanges come from: the API, the lab, or pages that staging kept. */
  readonly from: 'api' | 'lab' | 'ledger';
  /** Requests are below it. */
  readonly baseUrl: string;
  /** Normalised cursor at which the window begins; absent where it has none. */
  readonly windowFrom?: string;
}

export interface RecordedExchange {
  /** Relative to the folder of the project, with `/`. */
  readonly file: string;
  readonly method: ApiRequest['method'];
  /** Path and query below `baseUrl`, without credentials; a whole URL where it is elsewhere. */
  readonly target: string;
  readonly requestBody?: string;
  readonly status: number;
  /** Those that a reader of pages looks at: `content-type`, `date`, `link`, `sluice-next`. Names in lower case. */
  readonly headers: { readonly [header: string]: string };
  /** JSON text. Records hold what was looked up for them, under `_lookup`. */
  readonly body: string;
  /** Whether the recorder has made it up: an empty page, where the recording stops and the listing did not. */
  readonly ending?: true;
}

/** A folder of `recordings/` that is none, or a file in it, and why. */
export interface BadRecording {
  readonly file: string;
  readonly reason: string;
}

export interface Recordings {
  readonly recordings: readonly Recording[];
  readonly bad: readonly BadRecording[];
}

/** What a replay of recordings has made of one mapping. */
export interface RecordedOutcome {
  readonly mapping: string;
  /** `schema.table`. */
  readonly table: string;
  /** Types of the columns in the scratch warehouse, in order. */
  readonly columns: { readonly [column: string]: string };
  /** In the table, at the end. */
  readonly rows: number;
  readonly filtered: number;
  readonly deduplicated: number;
  readonly nulled: number;
  readonly deleted: number;
  /** Rows that were kept aside; the first of them follow. */
  readonly blocked: number;
  readonly blockers: readonly { readonly record: string; readonly property: string; readonly code: string }[];
  /** SHA-256 of all rows, in the order of their keys. */
  readonly hash: string;
  /** The first rows, in the order of their keys; values as texts. */
  readonly sample: readonly { readonly [column: string]: string | null }[];
}

/** Folder of a recording, relative to the project's. */
export const recordingFolder = (stream: string): string => `recordings/${stream}`;

/** What is said of a mapping's outcome beside the recording of its stream. */
export const outcomeFile = (stream: string, mapping: string): string =>
  `${recordingFolder(stream)}/expected/${mapping}.yml`;
