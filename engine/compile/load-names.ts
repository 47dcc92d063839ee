import type { AuditStatementName } from '../model/audit.ts';
import type { LoadStatementName, MappingPlan } from '../model/plan.ts';

const batchOf = {
  /** What was loaded stays. */
  staying: ['batch', 'newest'],
  leaving: ['orphans', 'adopt', 'marks', 'remember', 'current', 'size'],
} as const;

/** The statements of a load, in the order they run. */
export const loadNames = ({ deletes, strategy }: MappingPlan): readonly LoadStatementName[] => [
  'open',
  'copy',
  'known',
  'superseded',
  ...(deletes === undefined ? batchOf.staying : batchOf.leaving),
  'count',
  ...(strategy === 'append' ? (['outdated'] as const) : []),
  'merge',
  'written',
  ...(strategy === 'append' ? [] : (['refused'] as const)),
  ...(deletes === undefined ? [] : (['remove'] as const)),
  'record',
  'complete',
];

/** The template of a statement: how rows get into a table goes by the mapping's strategy. */
export const templateOf = (name: LoadStatementName, { strategy }: MappingPlan): string =>
  name === 'merge' ? (strategy ?? name) : name;

/** Steps that not every dialect needs: those without a template are left out. */
export const optionalNames: ReadonlySet<string> = new Set(['batch', 'newest', 'count', 'written']);

/** Statements of an audit, each with its template. */
export const auditNames: readonly (readonly [AuditStatementName, template: string])[] = [
  ['open', 'open'],
  ['copy', 'copy'],
  ['superseded', 'superseded'],
  ['batch', 'batch'],
  ['newest', 'newest'],
  ['count', 'total'],
  ['compare', 'compare'],
  ['compare_source', 'compare'],
  ['counted', 'counted'],
  ['examples', 'examples'],
  ['loaded', 'loaded'],
];

/** Those of a table that does not hold just the newest rows of the file: see `compare`. */
export const heldAuditNames = ({ deletes, strategy }: MappingPlan): typeof auditNames =>
  deletes === undefined && strategy === undefined
    ? []
    : [
        ['current', strategy === 'append' ? 'newest' : 'current'],
        ['older_rows', 'older-rows'],
      ];
