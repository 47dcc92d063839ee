import type { AuditStatementName } from '../model/audit.ts';
import type { Dialect, LoadStatementName, MappingPlan } from '../model/plan.ts';
import type { SqlTemplates } from './sql-templates.ts';

const batchOf = {
  /** What was loaded stays. */
  staying: ['batch', 'newest'],
  leaving: ['orphans', 'adopt', 'marks', 'remember', 'current', 'size'],
} as const;

/** Whose MERGE picks the newest version of each row of the file itself. */
const mergesFiles: ReadonlySet<Dialect> = new Set(['snowflake']);

function batchNames({ deletes, strategy }: MappingPlan, dialect: Dialect): readonly LoadStatementName[] {
  if (deletes !== undefined) return batchOf.leaving;
  return strategy === undefined && mergesFiles.has(dialect) ? [] : batchOf.staying;
}

/** What takes the place of the merge where no row of the file is in the table yet. */
const shortcutNames = ['matched', 'insert'] as const;

const plainNames = (mapping: MappingPlan, dialect: Dialect): readonly LoadStatementName[] => [
  ...batchNames(mapping, dialect),
  'count',
  ...(mapping.strategy === 'append' ? (['outdated'] as const) : shortcutNames),
  'merge',
  'written',
  ...(mapping.strategy === 'append' ? [] : (['refused'] as const)),
  ...(mapping.deletes === undefined ? [] : (['remove'] as const)),
];

/** Of a history: what became of each row makes the intervals that the table must have. */
const historyNames = [
  'newest',
  'touched',
  'unremember',
  'remember',
  'marks',
  'events',
  'intervals',
  'judged',
  'merge',
  'retire',
  'prune',
] as const;

/** The statements of a load, in the order they run. */
export const loadNames = (mapping: MappingPlan, dialect: Dialect): readonly LoadStatementName[] => [
  'open',
  'copy',
  'known',
  'superseded',
  ...(mapping.strategy === 'scd2' ? historyNames : plainNames(mapping, dialect)),
  'record',
  'complete',
  'clean',
];

/** The template of a statement: how rows get into a table goes by the mapping's strategy. */
export function templateOf(name: LoadStatementName, { strategy }: MappingPlan): string {
  if (name === 'merge') return strategy ?? name;
  if (strategy !== 'scd2') return name;
  return name === 'remember' ? 'remember-versions' : name === 'marks' ? 'remember-marks' : name;
}

/** Steps that not every dialect needs: those without a template are left out. */
const optionalNames: ReadonlySet<string> = new Set([
  'batch',
  'newest',
  'count',
  'written',
  'clean',
  ...shortcutNames,
]);

/** Whether a load has such a step. A merge of the project's own may do something else with rows that are new. */
export const isUsed = (name: LoadStatementName, templates: SqlTemplates): boolean =>
  (!optionalNames.has(name) || templates.has(name)) &&
  !(shortcutNames.some((one) => one === name) && 'merge' in templates.own(['merge']));

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
export function heldAuditNames({ deletes, strategy }: MappingPlan): typeof auditNames {
  if (strategy === 'scd2') return historyAuditNames;
  if (deletes === undefined && strategy === undefined) return [];
  return [
    ['current', strategy === 'append' ? 'newest' : 'current'],
    ['older_rows', 'older-rows'],
  ];
}

const historyAuditNames: typeof auditNames = [
  ['versions', 'newest'],
  ['versions', 'staged-history'],
  ['touched', 'touched'],
  ['events', 'events'],
  ['intervals', 'intervals'],
  ['current', 'staged-intervals'],
  ['older_rows', 'older-rows'],
];
