/** What of a project no fixture and no recording exercises. */
export interface Coverage {
  readonly mappings: readonly MappingCoverage[];
  readonly points: number;
  readonly covered: number;
  /** Rounded down, so that 100 means all. */
  readonly percent: number;
}

export interface MappingCoverage {
  readonly mapping: string;
  readonly points: number;
  readonly covered: number;
  /** What was never seen to happen, such as `price: onInvalid block`. */
  readonly missing: readonly string[];
}

/** What was seen of one mapping: see `coveragePoints`. */
export type CoveredPoints = ReadonlySet<string>;
