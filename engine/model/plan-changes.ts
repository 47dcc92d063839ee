/** What a plan changes, beside the plan that was applied last. */
export interface PlanChanges {
  /** Id of the plan that was applied last; absent where none was. */
  readonly since?: string;
  readonly nodes: readonly NodeChange[];
  /** What a run does besides reading and loading, in words: `the DDL of orders`. */
  readonly work: readonly string[];
  /** Mappings whose DDL takes something away for good. */
  readonly destructive: readonly string[];
}

export interface NodeChange {
  /** Such as `the mapping orders`. */
  readonly node: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** What of it has changed, where that is short. */
  readonly details: readonly string[];
}
