import type { Diagnostic } from './diagnostic.ts';
import { complaint } from './errors.ts';
import type { PlanEstimate } from './estimate.ts';
import type { ParityEvidence, ParityGate } from './evidence.ts';
import type { Plan } from './plan.ts';
import type { WarehouseTable } from './snapshot.ts';

/** A plan in a file: what was reviewed is what `etl run --plan` performs. It holds no secret, as the plan itself. */
export interface SavedPlan {
  readonly formatVersion: 1;
  /** The plan's own id: SHA-256 of its structure. */
  readonly planId: string;
  /** Names this file: a plan with DDL is applied once. */
  readonly nonce: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Version of the engine that made it. */
  readonly engine: string;
  readonly project: string;
  readonly environment: string;
  /** Whether everything is made of kept pages, without a request. */
  readonly fromLedger: boolean;
  /** Present where its window is pinned. */
  readonly backfill?: BackfillAsked;
  /** Whether it has DDL, or a pinned window. */
  readonly once: boolean;
  /** SHA-256 of each part, by its name, such as `the mapping orders` or `the table sales.orders`. */
  readonly nodes: { readonly [node: string]: string };
  /** Name of the last migration of the staging database. */
  readonly stagingSchema: string;
  /**
   * Where the streams stood, by `source.stream`; without a cursor, they were not read yet. Of a range that is read once more
   * with the pages of the slice that was open.
   */
  readonly positions: { readonly [stream: string]: { readonly cursor?: string; readonly pages?: number } };
  readonly estimate: PlanEstimate;
  /** What was proven when it was made; present where its environment requires it. */
  readonly evidence?: ParityEvidence;
  /** How much more than its estimate a stream may ask for, as a share of it. */
  readonly allowOver: number;
  readonly plan: Plan;
}

/** A range of a stream that is to be read once more, in the words of whoever asks for it. */
export interface BackfillAsked {
  /** `source.stream`. */
  readonly stream: string;
  /** The first cursor that is wanted, and the first that is not. */
  readonly from: string;
  readonly to: string;
  /** Share of every limit that it may use, such as `20%`; the stream's own without it. */
  readonly share?: string;
}

/** What a saved plan is made of, and compared with. */
export interface PlanState {
  readonly plan: Plan;
  readonly tables: readonly WarehouseTable[];
  readonly stagingSchema: string;
  readonly positions: SavedPlan['positions'];
  readonly nowMs: number;
  /** Where its environment requires parity. */
  readonly gate?: ParityGate;
}

/** A plan with DDL or a pinned window is performed once. */
export const appliedAlready = (run: string): Diagnostic =>
  complaint(
    'ETL0324',
    `the plan was applied already by run ${run}`,
    'It changes tables or reads a range once more, which is done once.',
    `\`etl retry ${run}\` performs what that run has left, if it has left something.`,
  );
