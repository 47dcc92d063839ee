import type { MappedRows } from './batch.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Plan, StreamPlan } from './plan.ts';
import type { References } from './ports.ts';

/** A page that a replay maps. */
export interface ReplayPage {
  readonly id: number;
  /** gzip, encrypted where the project says so: see `pageKey`. */
  readonly body: Uint8Array;
}

/** Where the pages of a replay come from: what was received before. Nothing is ever requested. */
export interface ReplayPages {
  /** In words, such as `the ledger of test`. */
  readonly origin: string;
  /** How many pages of a stream there are. */
  count(stream: StreamPlan): Promise<number>;
  /** The newest pages of a stream, at most `pagesMax`, the oldest of them first. */
  pages(stream: StreamPlan, pagesMax: number): AsyncIterable<ReplayPage>;
}

/** `own` is the base with the mappings of the head: what their own files change, and nothing that they inherit. */
export type ReplaySide = 'base' | 'own' | 'head';

/** A project as one side has it. */
export interface ReplayProgram {
  readonly side: ReplaySide;
  readonly plan: Plan;
  readonly references: References;
}

/** What the sides made of one page. */
export interface ReplayedPage {
  /** `source.stream`. */
  readonly stream: string;
  readonly page: number;
  /** The rows of every mapping of the stream, or why the page cannot be mapped. A side without the stream is absent. */
  readonly made: { readonly [side in ReplaySide]?: readonly MappedRows[] | Diagnostic };
}

/** What the file of a mapping says otherwise than before. */
export interface MappingEdit {
  readonly mapping: string;
  readonly state: 'new' | 'removed' | 'changed' | 'same';
  /** Keys that differ, such as `where` or `properties.total`. */
  readonly keys: readonly string[];
  /** Properties whose lines differ. */
  readonly columns: readonly string[];
  /** What else it is made of and has changed, such as `etl.yml: vars.shop`. */
  readonly inherited: readonly string[];
}

/** What becomes of a record, or of one element of it. */
export type UnitChange = 'added' | 'removed' | 'changed' | 'blocked' | 'unblocked';

export interface ReplayCell {
  readonly column: string;
  readonly base: string | null;
  readonly head: string | null;
}

/** A row that differs, with values that may be shown. */
export interface ReplaySample {
  readonly change: UnitChange;
  readonly key: { readonly [column: string]: string | null };
  readonly page: number;
  readonly cells: readonly ReplayCell[];
  /** Why a row is set aside. */
  readonly reason?: string;
  readonly explained: boolean;
}

export interface ColumnReplay {
  readonly column: string;
  readonly change: 'added' | 'removed' | 'retyped' | 'values';
  /** Of the base and of the head, where they differ. */
  readonly types?: readonly [string, string];
  /** Rows whose value differs. */
  readonly rows: number;
  /** Of them, those that the diff of the mapping does not explain. */
  readonly unexplained: number;
  /** Whether the diff of the mapping explains all of it, the type as well. */
  readonly explained: boolean;
}

export type UnitCounts = { readonly [change in UnitChange]: number };

export interface MappingReplay {
  readonly mapping: string;
  readonly state: MappingEdit['state'];
  readonly edits: readonly string[];
  readonly inherited: readonly string[];
  readonly pages: number;
  /** Pages that there are besides, which were not looked at. */
  readonly olderPages: number;
  /** Rows of the newest version of each record. */
  readonly rows: { readonly base: number; readonly head: number };
  readonly counts: UnitCounts;
  /** Of them, those that the diff does not explain. */
  readonly unexplained: UnitCounts;
  readonly columns: readonly ColumnReplay[];
  readonly samples: readonly ReplaySample[];
}

export interface ReplayReport {
  readonly environment: string;
  /** As it was asked for, and the commit that it is. */
  readonly base: { readonly ref: string; readonly commit: string };
  readonly origin: string;
  readonly verdict: 'same' | 'explained' | 'unexplained' | 'inconclusive';
  readonly mappings: readonly MappingReplay[];
}
