import { createHash } from 'node:crypto';
import { accountColumn, metaColumns } from '../../model/columns.ts';
import type { MappingPlan } from '../../model/plan.ts';
import type { Sample } from '../../model/ports.ts';
import type { RecordedOutcome } from '../../model/recording.ts';
import type { RunReport } from '../../model/run-report.ts';
import type { WarehouseColumn } from '../../model/snapshot.ts';

/** Rows that an outcome holds in full; of the others the hash tells. */
const sampleMax = 200;

type Row = RecordedOutcome['sample'][number];

/** What a replay has made of a mapping. Columns of ours change from run to run, and are left out. */
export function outcomeOf(
  mapping: MappingPlan,
  { tables, blocked }: RunReport,
  columns: readonly WarehouseColumn[],
  sample: Sample,
): RecordedOutcome {
  const { name, schema, table } = mapping;
  const counts = tables.find((one) => one.mapping === name);
  const own = columns.filter((column) => !isOurs(column.name));
  const rows = sample.rows.map((row): Row => {
    const values = new Map(sample.columns.map((column, at) => [column, row[at] ?? null]));
    return Object.fromEntries(own.map((column) => [column.name, values.get(column.name) ?? null]));
  });
  const ordered = rows
    .map((row) => ({ row, key: JSON.stringify([...keyOf(mapping, row), ...Object.values(row)]) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
  return {
    mapping: name,
    table: `${schema}.${table}`,
    columns: Object.fromEntries(own.map((column) => [column.name, column.type])),
    rows: sample.total,
    filtered: counts?.filtered ?? 0,
    deduplicated: counts?.deduplicated ?? 0,
    nulled: counts?.nulled ?? 0,
    deleted: counts?.deleted ?? 0,
    blocked: counts?.blocked ?? 0,
    blockers: blocked
      .filter((one) => one.mapping === name)
      .map(({ record, property, code }) => ({ record, property, code })),
    hash: hashOf(ordered),
    sample: ordered.slice(0, sampleMax),
  };
}

const isOurs = (column: string): boolean =>
  [accountColumn, ...metaColumns].some((own) => own === column.toLowerCase());

const keyOf = ({ key }: MappingPlan, row: Row): readonly (string | null)[] =>
  key.filter((column) => !isOurs(column)).map((column) => padded(row[column] ?? null));

/** Whole numbers of one length sort as people read them. */
const padded = (value: string | null): string | null =>
  value !== null && /^\d{1,40}$/.test(value) ? value.padStart(40, '0') : value;

function hashOf(rows: readonly Row[]): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  return hash.digest('hex');
}

/** Differences of rows that are told one by one. */
const rowsShownMax = 10;

/** How an outcome differs from what is expected, a line each; empty when it does not. */
export function compareOutcomes(
  mapping: MappingPlan,
  expected: RecordedOutcome,
  found: RecordedOutcome,
): readonly string[] {
  const lines = [
    ...compareColumns(expected.columns, found.columns),
    ...counted.flatMap((name) =>
      expected[name] === found[name] ? [] : [`${name}: expected ${expected[name]}, found ${found[name]}`],
    ),
    ...compareBlockers(expected, found),
    ...compareSamples(mapping, expected.sample, found.sample),
  ];
  if (lines.length > 0 || expected.hash === found.hash) return lines;
  return [
    `rows behind the first ${found.sample.length} differ: expected hash ${expected.hash.slice(0, 12)}…, found ${found.hash.slice(0, 12)}…`,
  ];
}

const counted = ['table', 'rows', 'filtered', 'deduplicated', 'nulled', 'deleted', 'blocked'] as const;

type Columns = RecordedOutcome['columns'];

function compareColumns(expected: Columns, found: Columns): readonly string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return names.flatMap((name) => {
    const [before, now] = [expected[name], found[name]];
    if (before === now) return [];
    if (now === undefined) return [`column ${name}: expected ${before}, found none`];
    return [`column ${name}: expected ${before ?? 'none'}, found ${now}`];
  });
}

function compareBlockers(expected: RecordedOutcome, found: RecordedOutcome): readonly string[] {
  const text = ({ record, property, code }: RecordedOutcome['blockers'][number]): string =>
    `record ${record}, ${property} (${code})`;
  const [before, now] = [expected.blockers.map(text), found.blockers.map(text)];
  return [
    ...before.filter((one) => !now.includes(one)).map((one) => `blocked before and not now: ${one}`),
    ...now.filter((one) => !before.includes(one)).map((one) => `blocked now and not before: ${one}`),
  ].slice(0, rowsShownMax);
}

function compareSamples(
  mapping: MappingPlan,
  expected: readonly Row[],
  found: readonly Row[],
): readonly string[] {
  const keyed = (rows: readonly Row[]): ReadonlyMap<string, Row> =>
    new Map(rows.map((row) => [keyText(mapping, row), row]));
  const [before, now] = [keyed(expected), keyed(found)];
  const lines = [...new Set([...before.keys(), ...now.keys()])].flatMap((key) =>
    compareRow(key, before.get(key), now.get(key)),
  );
  const more = lines.length - rowsShownMax;
  return more <= 0 ? lines : [...lines.slice(0, rowsShownMax), `… and ${more} more`];
}

function compareRow(key: string, before: Row | undefined, now: Row | undefined): readonly string[] {
  if (now === undefined) return [`row ${key}: expected, not found`];
  if (before === undefined) return [`row ${key}: found, not expected`];
  // A column that came or went is told once.
  return Object.keys(before).flatMap((column) =>
    !(column in now) || before[column] === now[column]
      ? []
      : [`row ${key}, ${column}: expected ${shown(before[column])}, found ${shown(now[column])}`],
  );
}

/** Where all versions are kept the key alone tells no row. */
const keyText = ({ key, strategy }: MappingPlan, row: Row): string => {
  const columns = key.filter((column) => !isOurs(column));
  const named = strategy === undefined && columns.length > 0 ? columns : Object.keys(row);
  return named.map((column) => `${column}=${row[column] ?? 'null'}`).join(' ');
};

const shown = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'null' : `'${value}'`;
