import { type MappedRows, rowsIn, type StagedValue } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import type { Place } from '../model/diagnostic.ts';
import type { CaseChange } from '../model/fixture.ts';
import type { LogicalType, MappingPlan } from '../model/plan.ts';
import { typeText } from '../model/type-text.ts';

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** What differs, a line each; empty when nothing does. */
  readonly differences: readonly string[];
  /** Where the case stands. */
  readonly place?: Place;
}

type Row = Readonly<Record<string, unknown>>;

/** Compares what a mapping made of a case's records with what the case expects. */
export function compareCase(mapping: MappingPlan, expected: config.TestCase, made: MappedRows): CaseResult {
  const differences = [
    ...(expected.rows === undefined ? [] : compareRows(mapping, expected.rows, rowsOf(mapping, made))),
    ...compareBlocked(expected.blocked ?? [], made),
    ...compareCount('filtered', expected.filtered ?? 0, made.filtered),
    ...compareCount('deleted', expected.deleted ?? 0, made.tombstones),
  ];
  return { name: expected.name, passed: differences.length === 0, differences };
}

/** A case that expects what the mapping makes of its records now. */
export const caseOf = (
  mapping: MappingPlan,
  name: string,
  records: config.TestCase['records'],
  made: MappedRows,
): config.TestCase => ({
  name,
  records,
  rows: rowsOf(mapping, made).map((row) => written(mapping, row)),
  ...(made.blocked.length > 0 && { blocked: made.blocked.map(({ property }) => ({ property })) }),
  ...(made.filtered > 0 && { filtered: made.filtered }),
  ...(made.tombstones > 0 && { deleted: made.tombstones }),
});

/** What must change in a case so that it expects what was made: no more than that, so that the rest stays as it was written. */
export function acceptedCase(mapping: MappingPlan, expected: config.TestCase, made: MappedRows): CaseChange {
  const found = rowsOf(mapping, made);
  const wanted = expected.rows;
  return {
    ...(wanted !== undefined && {
      values: wanted.slice(0, found.length).flatMap((row, at) =>
        differing(mapping, row, found[at] ?? {}).map(({ column, found: value, property }) => ({
          row: at,
          column,
          value: property === undefined ? undefined : writtenValue(property.type, value),
        })),
      ),
      rows: found.length,
      added: found.slice(wanted.length).map((row) => written(mapping, row)),
    }),
    ...(compareBlocked(expected.blocked ?? [], made).length > 0 && {
      blocked: made.blocked.map(({ property }) => property),
    }),
    ...((expected.filtered ?? 0) !== made.filtered && { filtered: made.filtered }),
    ...((expected.deleted ?? 0) !== made.tombstones && { deleted: made.tombstones }),
  };
}

const rowsOf = (mapping: MappingPlan, made: MappedRows): readonly Row[] =>
  rowsIn(made).map((values) =>
    Object.fromEntries(mapping.properties.map(({ name }, column) => [name, values[column + 1] ?? null])),
  );

/** A row as a fixture says it: numbers and instants are texts, so that none loses a digit. */
const written = (mapping: MappingPlan, row: Row): Row =>
  Object.fromEntries(
    mapping.properties.map(({ name, type }) => [name, writtenValue(type, row[name] ?? null)]),
  );

const writtenValue = (type: LogicalType, value: unknown): unknown =>
  type.name === 'boolean' && value !== null ? value === 1 : value;

function compareRows(
  mapping: MappingPlan,
  expected: readonly Row[],
  rows: readonly Row[],
): readonly string[] {
  const compared = expected
    .slice(0, rows.length)
    .flatMap((row, at) =>
      differing(mapping, row, rows[at] ?? {}).map(
        (one) => `row ${at + 1}, ${one.column}: ${differenceText(mapping, one)}`,
      ),
    );
  return [
    ...compareCount('rows', expected.length, rows.length),
    ...compared,
    ...expected
      .slice(rows.length)
      .map((row, at) => `row ${rows.length + at + 1}: expected, not found: ${rowText(row)}`),
    ...rows
      .slice(expected.length)
      .map(
        (row, at) =>
          `row ${expected.length + at + 1}: found, not expected: ${rowText(written(mapping, row))}`,
      ),
  ];
}

interface Differing {
  readonly column: string;
  readonly expected: unknown;
  readonly found: unknown;
  readonly property: MappingPlan['properties'][number] | undefined;
}

function differing(mapping: MappingPlan, row: Row, found: Row): readonly Differing[] {
  return Object.entries(row).flatMap(([column, expected]): Differing[] => {
    const property = mapping.properties.find(({ name }) => name === column);
    const value = found[column] ?? null;
    const same = property !== undefined && plain(property.type, expected) === plain(property.type, value);
    return same ? [] : [{ column, expected, found: value, property }];
  });
}

function differenceText({ properties }: MappingPlan, { expected, found, property }: Differing): string {
  if (property === undefined)
    return `expected ${shown(expected)}, but the mapping has no such property; it has ${properties.map(({ name }) => name).join(', ')}`;
  const { type } = property;
  return `expected ${shown(expected)}, found ${foundText(type, found)} (${typeText(type)})`;
}

/** Texts in quotes, all else bare: so '1.0' is told from 1.0, and '' from null. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : JSON.stringify(value ?? null);

const bare: ReadonlySet<string> = new Set(['integer', 'decimal', 'double', 'json']);

function foundText(type: LogicalType, value: unknown): string {
  if (value === null) return 'null';
  if (type.name === 'boolean') return String(value === 1);
  return bare.has(type.name) ? String(value) : shown(value);
}

const rowTextMax = 200;

function rowText(row: Row): string {
  const text = `{${Object.entries(row)
    .map(([column, value]) => `${column}: ${shown(value)}`)
    .join(', ')}}`;
  return text.length > rowTextMax ? `${text.slice(0, rowTextMax)}…` : text;
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
  return [`blocked: expected ${wanted.join(', ') || 'nothing'}, found ${reasons.join(', ') || 'nothing'}`];
}

const compareCount = (what: string, expected: number, found: number): readonly string[] =>
  expected === found ? [] : [`${what}: expected ${expected}, found ${found}`];
