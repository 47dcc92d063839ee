import type { ContractRule } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Dialect, GuardPlan, MappingPlan, PropertyPlan } from '../model/plan.ts';
import type { WarehouseTable } from '../model/snapshot.ts';

/** What happens to tables and columns that are not there, and to types that are others. */
export interface Contract {
  readonly tables: ContractRule;
  readonly columns: ContractRule;
  readonly types: ContractRule;
}

/** A column that gets another type where it stands. */
export interface Widening {
  readonly name: string;
  readonly type: string;
}

/** What becomes of one property. */
export interface Decision {
  /** Absent where it is not loaded. */
  readonly property?: PropertyPlan;
  readonly guard?: GuardPlan;
  readonly widened?: Widening;
  readonly isSettled?: boolean;
  readonly change?: string;
  readonly note?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/** The table that a mapping meets. */
export interface Meeting {
  readonly mapping: MappingPlan;
  readonly contract: Contract;
  readonly dialect: Dialect;
  readonly existing: WarehouseTable;
}
