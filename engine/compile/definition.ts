import type { Diagnostic } from '../model/diagnostic.ts';
import type { DefineStep, MappingPlan } from '../model/plan.ts';
import type { OwnFiles } from './sql-templates.ts';

/** What makes a target table fit its mapping. */
export interface Definition {
  /** Whether what is loaded already must be loaded again: the table is new, or has new columns. */
  readonly emptied: boolean;
  readonly steps: readonly DefineStep[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A definition of one step. */
export const step = (
  mapping: MappingPlan,
  reason: string,
  statements: readonly string[],
  {
    emptied,
    changes = [],
    own,
  }: { readonly emptied: boolean; readonly changes?: readonly string[]; readonly own: OwnFiles },
): Definition => ({
  emptied,
  steps: [
    {
      kind: 'define',
      id: `define ${mapping.name}`,
      reason,
      mapping: mapping.name,
      statements,
      ...(changes.length > 0 && { changes }),
      ...ownOf(own),
    },
  ],
  diagnostics: [],
});

/** Files of the project, where statements come from some. */
export const ownOf = (own: OwnFiles): { readonly own?: OwnFiles } =>
  Object.keys(own).length > 0 ? { own } : {};
