import type { PageFailure, ParentValues, StagedValue } from './batch.ts';
import type { MappingPlan, StreamPlan } from './plan.ts';
import type { KeptPage } from './ports.ts';

/** Everybody who is to be forgotten, as mappers need to know it: nobody is named. */
export interface Forgotten {
  /** Random, and the same for as long as the staging database lives. */
  readonly salt: string;
  /** Salted hashes of subjects, by `source.stream`. */
  readonly hashes: { readonly [stream: string]: readonly string[] };
}

/** What is left of somebody who was forgotten, in one stream. */
export interface ForgottenEntry {
  /** `source.stream`. */
  readonly stream: string;
  /** Salted hash of the subject, hex. */
  readonly hash: string;
  /** `erasing` until everything is done: the same command then goes on. */
  readonly status: 'erasing' | 'done' | 'lifted';
  /** Who asked for it, and when: ISO 8601, UTC. */
  readonly by: string;
  readonly at: string;
  readonly finishedAt: string | null;
  readonly counts: ForgetCounts;
}

export interface ForgetCounts {
  /** Kept responses that were written again. */
  readonly pages: number;
  readonly records: number;
  /** Staged rows. */
  readonly rows: number;
  readonly blockers: number;
  /** Rows of warehouse tables. */
  readonly loaded: number;
}

/** Records of a page that name the subject, by their position in it. */
export interface RecordPlaces {
  readonly page: number;
  readonly ordinals: readonly number[];
}

/** The same in a staged table, with the primary keys of the records. */
export interface StagedPlaces extends RecordPlaces {
  readonly keys: readonly string[];
}

/** The records of one person in a page. */
export interface FoundRecords {
  readonly ordinals: readonly number[];
  /** Their primary keys, as texts. */
  readonly keys: readonly string[];
  /** Every text and number of them, to be looked for elsewhere. */
  readonly texts: readonly string[];
  /** What other streams ask for with them. */
  readonly parents: readonly ErasedParents[];
}

/** A column that names the person, and the value that it has for them. */
export interface SubjectColumn {
  readonly mapping: MappingPlan;
  readonly column: string;
  readonly value: StagedValue;
}

/** Finds one person in what is kept of a stream. */
export interface StreamEraser {
  /** As its pages are kept: the declared stream, its sweep, or what the sweep found gone. */
  readonly stream: StreamPlan;
  /** The declared stream, `source.stream`: tombstones and mappings go by it. */
  readonly declared: string;
  readonly mappings: readonly MappingPlan[];
  /** The person as the API says it, and as it is stored. */
  readonly names: readonly string[];
  /** Columns that hold the subject as it is. */
  readonly columns: readonly SubjectColumn[];
  /** Streams whose requests say something of the records. */
  readonly children: readonly ChildEraser[];
  /** Whether a primary key names the person. */
  namesKey(key: string): boolean;
  hash(salt: string): string;
  find(body: Uint8Array, page: number): FoundRecords | PageFailure;
  /** The page with tombstones in the place of the records. */
  erase(body: Uint8Array, page: number, salt: string): Promise<ErasedPage | PageFailure>;
  /** Whether a record, as a test gives it, is about the person. */
  isAbout(record: unknown): boolean;
  /** The same of a response that is kept as a text, such as a recorded one. */
  findIn(body: string): FoundRecords | PageFailure;
  /** `change` is asked about every text and number outside the records, such as a link to the next page. */
  eraseIn(body: string, salt: string, change: (text: string) => string): string | PageFailure;
}

/** A stream that is asked for with records of the person, directly or by way of streams between. */
export interface ChildEraser {
  /** As its pages are kept. */
  readonly stream: StreamPlan;
  /** What it asks for with the person's own name, whether or not a record of theirs is kept; absent where it does not say it. */
  readonly named?: ParentValues;
  /** Whether keys or columns are made of what its requests say: only a `subject` of its own erases these. */
  readonly isKeyed: boolean;
  /** A kept response whose records do not say any more that they are theirs; undefined where none does. */
  erase(body: Uint8Array, page: number, parent: ErasedParent): Promise<Uint8Array | undefined>;
  /** The same of a recorded one. */
  eraseIn(body: string, parent: ErasedParent): string | undefined;
}

/** Which parents of a record are the person's, and what stands in the place of their values. */
export interface ErasedParent {
  isTheirs(values: ParentValues): boolean;
  readonly instead: string;
}

/** A file in the folder of the project that says something of the person, as people commit them. */
export interface PersonPlace {
  /** Relative to the project folder, with `/`. */
  readonly file: string;
  readonly line: number;
  /** What stands there, in words. */
  readonly what: string;
}

/** A page without what it said of the subject. */
export interface ErasedPage extends RecordPlaces {
  /** Absent when the response was not kept. */
  readonly body?: Uint8Array;
  /** What the records are called now, by ordinal: their primary keys, unless those named the subject. */
  readonly records: ReadonlyMap<number, string>;
  /** Streams that know the records as parents; absent when the response was not kept. */
  readonly parents?: readonly ErasedParents[];
}

/** What a stream has asked for with records that are erased. */
export interface ErasedParents {
  readonly stream: StreamPlan;
  readonly values: readonly ParentValues[];
}

/** What is taken out of pages that were asked for with the person's records. */
export interface ChildRedaction extends Pick<Redaction, 'says' | 'without' | 'request'> {
  /** Undefined where the response says nothing of them. */
  body(body: Uint8Array, page: number): Promise<Uint8Array | undefined>;
}

/** What is taken out of texts. */
export interface Redaction {
  /** Primary keys of the person's records. */
  readonly keys: ReadonlySet<string>;
  /** Whether a text says something of the person. */
  readonly says: (text: string) => boolean;
  /** A text, such as a URL, without the person's name. */
  readonly without: (text: string) => string;
  /** A request or an open window as it is kept, JSON; the same text where it says nothing of them. */
  readonly request: (text: string) => string;
}

/** The rows of one person in one mapping. */
export interface SubjectRows {
  /** Values of the mapping's key, of rows whose newest staged version is the subject's. */
  readonly keys: readonly (readonly StagedValue[])[];
  /** First page with a version of such a row that another record has made: it is to be loaded again. */
  readonly reloadFrom?: number;
}

/** What staging knows of persons who are forgotten, and how they are erased there. */
export interface Forgetting {
  /** Undefined when nobody ever was forgotten. */
  known(): Promise<Forgotten | undefined>;
  entries(): Promise<readonly ForgottenEntry[]>;
  /** Leaves a tombstone in each stream: from now on the subject's records are dropped. Known ones are taken up again. */
  begin(
    salt: string,
    marks: readonly { readonly stream: string; readonly hash: string }[],
    by: string,
  ): Promise<void>;
  /** Whether pages with the subject are kept again from now on; gives how many tombstones went. */
  lift(hashes: readonly string[]): Promise<number>;
  finish(hashes: readonly string[]): Promise<void>;
  /** Where rows and markers of a stream's pages have one of these values in a column. */
  places(
    stream: StreamPlan,
    mapping: MappingPlan,
    column: string,
    values: readonly StagedValue[],
  ): Promise<readonly StagedPlaces[]>;
  rows(mapping: MappingPlan, places: readonly RecordPlaces[]): Promise<SubjectRows>;
  /** What Blockers, requests and open windows of the stream say of the person goes. */
  redact(stream: StreamPlan, redaction: Redaction): Promise<void>;
  /** The same of a stream that was asked for with their records. */
  redactChild(stream: StreamPlan, redaction: ChildRedaction): Promise<void>;
  page(id: number): Promise<KeptPage | undefined>;
  /** Later pages first. In one transaction: the page, its rows and its Blockers, and what the tombstone counts. */
  erase(stream: string, hash: string, page: ErasedPage): Promise<void>;
  /** Makes the mapping load what it has staged from this page on again. */
  reload(mapping: string, fromPage: number): Promise<void>;
  countLoaded(stream: string, hash: string, rows: number): Promise<void>;
  /** Mappings of a stream that have staged something, with the hash of what they were then. */
  mappings(stream: string): Promise<ReadonlyMap<string, string>>;
  /** Makes the database forget the bytes of what was deleted. */
  scrub(): Promise<void>;
}

/** How to delete rows of one person from a warehouse table. `$name` stands for a parameter. */
export interface EraseStatement {
  readonly schema: string;
  readonly table: string;
  readonly sql: string;
  /** Lists of texts, by parameter. */
  readonly lists: { readonly [parameter: string]: readonly (string | null)[] };
}

/** What of a warehouse forgets. */
export interface WarehouseEraser {
  /** Deletes in one transaction; gives how many rows there were. A table that does not exist has none. */
  erase(statements: readonly EraseStatement[]): Promise<number>;
  /** Writes what the warehouse is kept in anew, so that rows which were deleted leave no bytes. */
  rewrite(): Promise<void>;
  close(): Promise<void>;
}

/** What runs have left in files. */
export interface RunFiles {
  /** Removes load files; they can be made again. Gives how many there were. */
  removeLoadFiles(): Promise<number>;
  /** Writes each file of run artifacts again, whole or not at all, where `change` gives another text. Gives how many. */
  change(change: (text: string) => string): Promise<number>;
}
