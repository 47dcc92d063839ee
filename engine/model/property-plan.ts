import type { Path } from './path-plan.ts';
import type { TransformPlan } from './transform-plan.ts';

export interface PropertyPlan {
  readonly name: string;
  readonly type: LogicalType;
  readonly origin: Origin;
  readonly required: boolean;
  readonly onInvalid: 'block' | 'set_null' | 'fail';
  readonly transforms: readonly TransformPlan[];
  readonly format: 'iso' | 'epoch' | 'epoch_ms';
  readonly zone?: string;
  /** What the mapping says, where the table has it otherwise: `name` and `type` are those of the table then. */
  readonly declared?: DeclaredPlan;
  /** What the warehouse cannot hold of values that fit the type. */
  readonly limits?: LimitsPlan;
}

export interface DeclaredPlan {
  readonly name: string;
  readonly type: LogicalType;
  /** What happens to a value that fits this type and not the column's. */
  readonly otherwise?: 'discard_value' | 'discard_row' | 'quarantine';
}

export interface GuardPlan {
  readonly property: PropertyPlan;
  /** What happens to a row with a value. */
  readonly otherwise: 'discard_row' | 'quarantine';
}

/** Bounds of a column beyond those of its type, which hold in every warehouse. */
export interface LimitsPlan {
  /** Characters of a text. */
  readonly charactersMax?: number;
  /** Digits of the fraction of a second. */
  readonly fractionMax?: number;
  /** Whether a double too small to have all its digits is refused. */
  readonly normalOnly?: true;
  /** Of JSON: digits that a number may have before and behind the point, and in all. */
  readonly json?: { readonly whole: number; readonly scale: number; readonly digits: number };
  /** Whether JSON may hold U+0000. */
  readonly noNul?: true;
}

export type Origin =
  | {
      readonly kind: 'path';
      readonly path: Path;
      readonly text: string;
      /** Where the value stood before, newest first: read where a record has nothing at `path`. */
      readonly previously?: readonly Path[];
    }
  /** All that no property reads, as JSON. */
  | { readonly kind: 'rest'; readonly known: readonly Path[] }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'template'; readonly template: string }
  | { readonly kind: 'expr'; readonly expr: string };

export type LogicalType =
  | {
      readonly name:
        | 'string'
        | 'integer'
        | 'double'
        | 'boolean'
        | 'date'
        | 'time'
        | 'timestamp'
        | 'datetime'
        | 'json'
        | 'binary';
    }
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number };
