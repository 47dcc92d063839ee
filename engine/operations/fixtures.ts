import { type MappedRows, rowsIn, type StagedValue } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import type { LogicalType, MappingPlan } from '../model/plan.ts';

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** What differs, a line each; empty when nothing does. */
  readonly differences: readonly string[];
}

type Row = Readonly<Record<string, unknown>>;

/** Compares what a mapping made of a case's records with what the case expects. */
export function compareCase(mapping: MappingPlan, expected: config.TestCase, made: MappedRows): CaseResult {
  const rows = rowsOf(mapping, made);
  const differences = [
    ...(expected.rows === undefined ? [] : compareRows(mapping, expected.rows, rows)),
    ...compareBlocked(expected.blocked ?? [], made),
    ...compareCount('filtered', expected.filtered ?? 0, made.filtered),
    ...compareCount('deleted', expected.deleted ?? 0, made.tombstones),
  ];
  return { name: expected.name, passed: differences.length === 0, differences };
}

const rowsOf = (mapping: MappingPlan, made: MappedRows): readonly Row[] =>
  rowsIn(made).map((values) =>
    Object.fromEntries(mapping.properties.map(({ name }, column) => [name, values[column + 1] ?? null])),
  );

function compareRows(
  mapping: MappingPlan,
  expected: readonly Row[],
  rows: readonly Row[],
): readonly string[] {
  const counted = compareCount('rows', expected.length, rows.length);
  const compared = expected.slice(0, rows.length).flatMap((row, at) =>
    Object.entries(row).flatMap(([column, value]) => {
      const property = mapping.properties.find(({ name }) => name === column);
      const found = rows[at]?.[column] ?? null;
      const same = property !== undefined && plain(property.type, value) === plain(property.type, found);
      return same ? [] : [`row ${at + 1}, ${column}: expected ${shown(value)}, got ${shown(found)}`];
    }),
  );
  return [...counted, ...compared];
}

/** One text for equal values: a fixture may say 9, 9.0 or "9.00" of a decimal, and true of a boolean. */
function plain(type: LogicalType, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (type.name === 'boolean') return String(Number(value === true || value === 1 || value === 'true'));
  if (type.name === 'json' && typeof value !== 'string') return JSON.stringify(value);
  const text = String(value as StagedValue);
  return type.name === 'decimal' ? text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : text;
}

function compareBlocked(expected: readonly config.TestBlocked[], { blocked }: MappedRows): readonly string[] {
  const wanted = expected.map(({ property }) => property).sort();
  const found = blocked.map(({ property }) => property).sort();
  if (wanted.join() === found.join()) return [];
  const reasons = blocked.map(({ property, reason }) => `${property} (${reason})`);
  return [`blocked: expected ${wanted.join(', ') || 'nothing'}, got ${reasons.join(', ') || 'nothing'}`];
}

const compareCount = (what: string, expected: number, found: number): readonly string[] =>
  expected === found ? [] : [`${what}: expected ${expected}, got ${found}`];

const shown = (value: unknown): string => JSON.stringify(value);
