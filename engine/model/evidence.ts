import type { ParitySide, ParityVerdict } from './parity.ts';

/** What an environment wants to be proven before a plan for it is performed. */
export interface ParityRequirement {
  /** The environment that was compared. */
  readonly from: string;
  /** What it was compared with: `warehouse`, its own, or another environment. */
  readonly against: string;
  readonly maxAgeMs: number;
}

/** What a comparison has proven, as a plan holds it. */
export interface ParityEvidence {
  /** SHA-256 of all that is below, hex. */
  readonly hash: string;
  readonly environment: string;
  readonly against: string;
  readonly verdict: ParityVerdict;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly tables: readonly TableEvidence[];
}

export interface TableEvidence {
  readonly mapping: string;
  /** `schema.table`. */
  readonly target: string;
  readonly verdict: ParityVerdict;
  readonly rows: { readonly [side in ParitySide]: number };
  /** SHA-256 of what makes the rows of the mapping, whatever environment it is in. */
  readonly structure: string;
  /** Of all rows of each side; absent where they could not be compared. */
  readonly checksums?: { readonly [side in ParitySide]: string };
  /** The cursor up to which both sides were compared; absent where all of it was. */
  readonly watermark?: string;
}

/** A file of evidence: what is bound into a plan, and the report that people read. */
export interface EvidenceFile<Report> {
  readonly format: 1;
  readonly hash: string;
  readonly evidence: ParityEvidence;
  readonly report: Report;
}

/** What stands between a plan and an environment that requires parity. */
export interface ParityGate {
  readonly required: ParityRequirement;
  /** The environment that requires it. */
  readonly environment: string;
  /** What makes the rows of each mapping now, as `structure` of the tables. */
  readonly structures: { readonly [mapping: string]: string };
  /** The newest evidence that is known here. */
  readonly newest?: ParityEvidence;
}
