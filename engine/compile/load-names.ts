import type { AuditStatementName } from '../model/audit.ts';
import type { Dialect, LoadStatementName, MappingPlan } from '../model/plan.ts';

const batchOf = {
  /** What was loaded stays. */
  staying: ['batch', 'newest'],
  leaving: ['orphans', 'adopt', 'marks', 'remember', 'current', 'size'],
} as const;

/** Whose MERGE picks the newest version of each row of the file itself. */
const mergesFiles: ReadonlySet<Dialect> = new Set(['snowflake']);

/** The statements of a load, in the order they run. */
export const loadNames = ({ deletes }: MappingPlan, dialect: Dialect): readonly LoadStatementName[] => [
  'open',
  'copy',
  'known',
  'superseded',
  ...(deletes !== undefined ? batchOf.leaving : mergesFiles.has(dialect) ? [] : batchOf.staying),
  'count',
  'merge',
  'written',
  'refused',
  ...(deletes === undefined ? [] : (['remove'] as const)),
  'record',
  'complete',
  'clean',
];

/** Steps that not every dialect needs: those without a template are left out. */
export const optionalNames: ReadonlySet<string> = new Set(['batch', 'newest', 'count', 'written', 'clean']);

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

/** Those of a table that rows leave. */
export const leavingAuditNames = [
  ['current', 'current'],
  ['older_rows', 'older-rows'],
] as const;
