import type { BodyOrigin } from './body-plan.ts';
import type { CursorType } from './plan.ts';
import type { JsonValue } from './request-template.ts';

/** One HTTP request as a connector wants it sent. The sender adds authentication and waits for a permit. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  /** Absolute, without credentials. */
  readonly url: string;
  readonly headers: { readonly [header: string]: string };
  readonly body?: string;
  /** Present where `body` says which part of the file at the URL is wanted; it is not sent. */
  readonly asks?: 'file';
  /** Absent in a request that is none of a listing. */
  readonly at?: RequestPlace;
}

/**
 * Where in a window a request stands: what the request after it needs to know. Plain JSON, kept with an open window. A
 * window is read in branches: slices of time, and in each of them partitions.
 */
export interface RequestPlace {
  /** Values of the placeholders `{page.…}`: a token, a number, an offset, a key. */
  readonly page: { readonly [name: string]: string | number };
  /** Normalised cursors at which the slice begins, and ends. */
  readonly from?: string;
  readonly to?: string;
  /** Where the last slice ends. */
  readonly end?: string;
  /** Which partition, from 0. */
  readonly partition?: number;
  readonly parent?: ParentPlace;
  /** The step of a job that the request is, and what the steps before it have said: `{job.…}`. */
  readonly job?: {
    readonly step: 'create' | 'poll' | 'locate' | 'download';
    readonly values: { readonly [name: string]: string };
    /** Which of the files that the job has made, from 0, and how many they are; absent where it is one. */
    readonly file?: number;
    readonly files?: number;
  };
}

/** Parents whose children one request asks for, and where they stand among the kept pages of their stream. */
export interface ParentPlace {
  /** Identity of the kept page. */
  readonly page: number;
  /** So many records of the page are done with them. */
  readonly behind: number;
  readonly values: readonly ParentValues[];
  /** Where positions of parents are kept, what tells the window from others: a number greater than those before. */
  readonly window?: number;
  /** The last page that was kept when the window began: what is listed later is left to the next one. */
  readonly until?: number;
  /** Greatest normalised cursor of their children that is known, where they have one. */
  readonly reached?: string;
}

/** Whether a request asks for children of this parent. */
export const isOfParent = (request: ApiRequest | undefined, { page, behind }: ParentPlace): boolean =>
  request?.at?.parent?.page === page && request.at.parent.behind === behind;

/** A parent, or a batch of them, and the normalised cursor from which their children are wanted. */
export type ParentBatch = { readonly parent: ParentPlace } & Pick<RequestPlace, 'from'>;

/** A parent as it stands in a kept page, with the position of its record. */
export interface FoundParent {
  readonly ordinal: number;
  readonly values: ParentValues;
}

/** What a parent is asked for with, by path. */
export type ParentValues = { readonly [path: string]: JsonValue };

/** One response, its body as received but for its compression. */
export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: { readonly [header: string]: string };
  readonly body: Uint8Array;
  /** The same as it came, where that was gzip: it is kept as it is. Whoever changes `body` leaves this out. */
  readonly zipped?: Uint8Array;
  /** Present where nothing but the end of the connection told that the body is whole. */
  readonly unbounded?: true;
  /** Of a part of a file. */
  readonly origin?: BodyOrigin;
  /** Present where it holds no records, however it is written. */
  readonly nothing?: true;
  /** From sending the request to the last byte, in milliseconds. */
  readonly elapsedMs: number;
}

/** Among tokens, how many files a job names: no placeholder has this name. */
export const filesToken = '*';

/** What a connector must know of a page to ask for the next one; all that leaves the worker before the rows. */
export interface PageFacts {
  readonly records: number;
  /** Text found at the paginator's path: a URL. */
  readonly next?: string;
  /** What the next page is asked for with: tokens, or the last key. Absent on the last page. */
  readonly tokens?: { readonly [name: string]: string };
  /** Whether the response says that there are more pages; absent where it says nothing, or is not asked. */
  readonly more?: boolean;
  readonly total?: number;
  /** SHA-256 of the response, hex. */
  readonly bodyHash: string;
  /** Greatest cursor value of the page, normalised so that texts compare like values. */
  readonly cursorMax?: string;
  /** Records whose cursor lies before the window that was asked for. */
  readonly outside: number;
  /** Of the children of a parent, the greatest cursor that is known once this page is read. */
  readonly reached?: string;
  /** Present where the parent that was asked for is there no more. */
  readonly gone?: true;
  /** Present where the body may have been cut at the end of a record: nothing told that it was whole. */
  readonly unproven?: true;
  /** Records past the end of the window, which were dropped; absent where none was. */
  readonly beyond?: number;
}

/** A page on its way from a connector to staging. */
export interface ReceivedPage {
  /** Identity in staging, given before the page is mapped so that each of its rows can carry it. */
  readonly id: number;
  readonly request: ApiRequest;
  readonly status: number;
  /** Of the response. */
  readonly headers: ApiResponse['headers'];
  /** Position in the window, from 1. */
  readonly number: number;
  /** Normalised cursor at which the window begins. */
  readonly from?: string;
  /** When the first page of the window was answered: a canonical instant. */
  readonly startedAt: string;
  readonly facts: PageFacts;
  /** The next request of this window; absent on the last page. */
  readonly next?: ApiRequest;
  readonly mapped: Promise<MappedPage>;
}

/** A page after mapping: what one staging transaction writes. */
export interface MappedPage {
  /** The response after `redact` and `pii`, gzip. */
  readonly body: Uint8Array;
  readonly rows: readonly MappedRows[];
  /** Records left out, since they are about somebody who was forgotten; absent when there was none. */
  readonly forgotten?: number;
}

/** A reply that records of a page refer to: see `lookups` of a stream. */
export interface LookupAsk {
  /** Name of the lookup. */
  readonly lookup: string;
  /** Path and query below the base URL. */
  readonly target: string;
}

export interface LookupReply extends LookupAsk {
  /** JSON; null when there is nothing. */
  readonly body: Uint8Array | null;
}

/** What one mapping made of one page. */
export interface MappedRows {
  readonly mapping: string;
  /** Row after row, and the markers between them: see `stagedMeta`. */
  readonly values: readonly StagedValue[];
  /** Present where the rows are not staged, so that `values` has none: they can be made of the page again. */
  readonly unstaged?: true;
  /** The same rows as a piece of a load file. */
  readonly lines: Uint8Array;
  /** Records, or elements of `each`: each became a row or a tombstone, or is counted below. */
  readonly units: number;
  readonly count: number;
  /** Markers among them, which are no rows and are not counted as such: see `_op` of `stagedMeta`. */
  readonly marks: number;
  /** Of the markers, those that say that a record is gone. */
  readonly tombstones: number;
  /** Left out since the page has said the same before: see `compileDuplicates`. */
  readonly deduplicated: number;
  readonly filtered: number;
  /** Values stored as NULL because `onInvalid` says so. */
  readonly nulled: number;
  /** Units with a value that no property reads, by its path, where they are counted. */
  readonly unread?: readonly (readonly [path: string, units: number])[];
  readonly blocked: readonly BlockedRow[];
}

/** The rows of a page one by one, without the markers. */
export function rowsIn({ values, count, marks }: MappedRows): readonly (readonly StagedValue[])[] {
  const width = count + marks === 0 ? 0 : values.length / (count + marks);
  const lines = Array.from({ length: count + marks }, (_, at) => values.slice(at * width, (at + 1) * width));
  return lines.filter((line) => line.at(-1) === null);
}

/** Exact numbers and instants are text; booleans are 0 or 1; binary is base64. */
export type StagedValue = string | number | null;

/** A row kept aside since a value does not fit. */
export interface BlockedRow {
  readonly mapping: string;
  readonly ordinal: number;
  readonly index: number | null;
  /** The record's primary key, as text. */
  readonly record: string;
  readonly property: string;
  readonly code: string;
  readonly reason: string;
  /** The value as received, cut to 200 characters; tokens stand for personal data. */
  readonly value: string;
}

/** Why a page cannot be mapped at all, or why the mapping says that the stream must stop. */
export interface PageFailure {
  readonly code: string;
  readonly summary: string;
  readonly help: readonly string[];
  readonly transient: boolean;
}

/**
 * Columns of `stg_<mapping>` in order: the account, the mapping's own, then these.
 * `_record` is the primary key as text, `_ordinal` the record's position in the page, `_index` the element's,
 * `_cursor` the normalised cursor, `_hash` a hash of the mapped values. `_op` is NULL for a row; otherwise it is a marker
 * without values. `complete`: the rows of this version of the record are all here, so that others of it may go.
 * `delete`: the record is gone. `seen`: a sweep has seen the record, of which there is no row.
 */
export const stagedMeta = ['_page', '_ordinal', '_index', '_record', '_cursor', '_hash', '_op'] as const;

/** What a marker says: see `stagedMeta`. */
export type MarkerOp = 'complete' | 'delete' | 'seen';

/**
 * Normalises a cursor value to a text whose order is the value's order: instants as UTC with microseconds,
 * integers padded with zeros behind a sign, strings as they are. Inverse of {@link cursorValue}.
 */
export const cursorText = (type: CursorType, canonical: string): string => {
  if (type !== 'integer') return canonical;
  const digits = canonical.replace('-', '').padStart(40, '0');
  if (!canonical.startsWith('-')) return `1${digits}`;
  return `0${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}`;
};

/** The canonical value of a normalised cursor. */
export const cursorValue = (type: CursorType, text: string): string => {
  if (type !== 'integer') return text;
  const negative = text.startsWith('0');
  const digits = negative
    ? text.slice(1).replace(/\d/g, (digit) => String(9 - Number(digit)))
    : text.slice(1);
  const plain = digits.replace(/^0+(?=\d)/, '');
  return negative ? `-${plain}` : plain;
};
