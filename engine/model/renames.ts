import type { StreamPlan } from './stream-plan.ts';

/** A name that was, and the one that takes its place. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** Positions, pages and all else that is kept of a stream go on under another name of the same source. */
export interface StreamRename extends Renamed {
  readonly what: 'stream';
  readonly source: string;
}

/** What is staged and loaded of a mapping goes on under other names. */
export interface MappingRename extends Renamed {
  readonly what: 'mapping';
  /** Columns of its staged rows. */
  readonly columns: readonly Renamed[];
  /** Its hashes before and after, where nothing but names differs: its rows stay as they are then. */
  readonly hash?: Renamed;
  /** Statements for the warehouse, in order; each has been done before where it is not there. */
  readonly statements: readonly string[];
}

export type Rename = StreamRename | MappingRename;

/** What a plan must know of names that are there already. */
export interface StagedNames {
  /** `source.stream` of all that have a position or pages. */
  readonly streams: ReadonlySet<string>;
  /** Columns of each mapping's staged rows. */
  readonly mappings: ReadonlyMap<string, readonly string[]>;
}

export const noNames: StagedNames = { streams: new Set(), mappings: new Map() };

/** Changes names in staging. Each call is one transaction; where it is done already, it changes nothing. */
export interface Renames {
  names(): Promise<StagedNames>;
  stream(rename: StreamRename): Promise<void>;
  mapping(rename: MappingRename): Promise<void>;
}

/** The stream under the name that it had. */
export const asBefore = (stream: StreamPlan, { from }: Renamed): StreamPlan => ({ ...stream, name: from });
