import type { StreamShape } from './plan.ts';
import type { KeptPages } from './position.ts';
import { noNames, type StagedNames } from './renames.ts';
import type { LostLoads } from './state-port.ts';

/** What a plan depends on besides the project: the state of staging and warehouse when it is compiled. */
export interface StateSnapshot {
  /** Hash with which each mapping was last staged. */
  readonly mappingHashes: ReadonlyMap<string, string>;
  /** Pages kept of each stream, by `source.stream` or `source.stream@account`. */
  readonly keptPages: ReadonlyMap<string, KeptPages>;
  readonly tables: readonly WarehouseTable[];
  /** Mappings of which something is loaded. */
  readonly loadedMappings: ReadonlySet<string>;
  /** What the position of each stream was made by, by `source.stream` or `source.stream@account`. */
  readonly shapes: ReadonlyMap<string, StreamShape>;
  /** Pages with an open Blocker of a record that an override is for, by mapping. */
  readonly overridden: ReadonlyMap<string, readonly number[]>;
  /** Names that staging has kept something under. */
  readonly names: StagedNames;
  /** What the warehouse has loaded and staging does not know. */
  readonly lost?: LostLoads;
  /** Mappings of which the warehouse lacks what staging has loaded last, each with when that was. */
  readonly behind: ReadonlyMap<string, string>;
}

/** Nothing is staged, and nothing loaded. */
export const emptyState: StateSnapshot = {
  mappingHashes: new Map(),
  keptPages: new Map(),
  tables: [],
  loadedMappings: new Set(),
  shapes: new Map(),
  overridden: new Map(),
  names: noNames,
  behind: new Map(),
};

export interface WarehouseColumn {
  readonly name: string;
  readonly type: string;
  /** Whether a row must have a value for it, and the table gives none by itself; absent where that is not known. */
  readonly required?: boolean;
  /** Present and false where it takes no NULL. */
  readonly nullable?: false;
}

/** A table as the warehouse has it. Types are the warehouse's own names. */
export interface WarehouseTable {
  readonly schema: string;
  readonly table: string;
  /** Its name there, where that is written otherwise: in another case. */
  readonly named?: string;
  readonly columns: readonly WarehouseColumn[];
}
