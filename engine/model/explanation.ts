import type { GraphNode } from './graph.ts';
import type { NodeChange } from './plan-changes.ts';
import type { StreamState } from './state-port.ts';

/** Where a value comes from. */
export interface ValueOrigin {
  /** A column, a setting, or a variable as written: `${var:shop}`. */
  readonly name: string;
  /** In words: `from total of shop.orders`. */
  readonly origin: string;
  /** `file:line` where it is declared. */
  readonly at?: string;
}

export interface LastRun {
  readonly run: string;
  readonly status: string;
  readonly startedAt: string;
  /** Its steps that concern the node. */
  readonly steps: readonly { readonly id: string; readonly status: string }[];
}

export interface OpenBlocker {
  readonly id: number;
  readonly code: string;
  readonly account: string;
  readonly record: string;
  readonly property: string;
  readonly reason: string;
}

/** Why a source, a stream or a mapping would be read, mapped, loaded or passed over. */
export interface NodeExplanation extends GraphNode {
  /** What is made of it. */
  readonly feeds: readonly string[];
  /** Id of the plan that was applied last. */
  readonly since?: string;
  /** What of it differs from that plan: `state:modified` selects it then. */
  readonly changes: readonly NodeChange[];
  readonly values: readonly ValueOrigin[];
  readonly positions: readonly StreamState[];
  readonly lastRun?: LastRun;
  readonly openBlockers: number;
  /** The newest of them. */
  readonly blockers: readonly OpenBlocker[];
  /** Steps that a run would perform now. */
  readonly next: readonly { readonly id: string; readonly reason: string }[];
  /** What keeps it from going on, in words. */
  readonly held: readonly string[];
}
