import type { LogicalType } from './property-plan.ts';

export type CheckPlan = { readonly id: string; readonly severity: 'error' | 'warn' } & (
  | { readonly kind: 'not_null'; readonly column: string }
  | { readonly kind: 'unique'; readonly columns: readonly string[] }
  | {
      readonly kind: 'range';
      readonly column: string;
      readonly type: LogicalType;
      readonly min?: string;
      readonly max?: string;
    }
  | { readonly kind: 'accepted_values'; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: 'row_count'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'freshness'; readonly column: string; readonly maxAgeMs: number }
);
