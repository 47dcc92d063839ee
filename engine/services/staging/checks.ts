import { parseInstant } from '../../model/instant.ts';
import type { CheckPlan, LogicalType, MappingPlan } from '../../model/plan.ts';
import type { CheckOutcome } from '../../model/ports.ts';
import { durationText } from '../../model/units.ts';
import type { CurrentRows } from './current-rows.ts';
import { type Bound, type Handle, quote } from './handle.ts';
import { decodeText, visible } from './staged-table.ts';

/** An SQL condition that holds for the rows that violate a check, with its parameters. */
interface Condition {
  readonly sql: string;
  readonly bound: readonly Bound[];
}

type RangeCheck = Extract<CheckPlan, { kind: 'range' }>;
type FreshnessCheck = Extract<CheckPlan, { kind: 'freshness' }>;

const examplesMax = 3;

/** Checks what is about to be loaded; `row_count` and `freshness` look at all that is staged. */
export async function runCheck(
  handle: Handle,
  current: CurrentRows,
  check: CheckPlan,
  nowMs: number,
): Promise<CheckOutcome> {
  switch (check.kind) {
    case 'not_null':
      return violations(handle, current, { sql: `${quote(check.column)} IS NULL`, bound: [] });
    case 'range':
      return violations(handle, current, rangeCondition(check));
    case 'accepted_values':
      return violations(
        handle,
        current,
        notAccepted(check.column, typeOf(current.mapping, check.column), check.values),
      );
    case 'unique':
      return duplicates(handle, current, check.columns);
    case 'row_count':
      return rowCount(await current.countAll(), check);
    case 'freshness':
      return freshness(handle, current, check, nowMs);
  }
}

const typeOf = (mapping: MappingPlan, column: string): LogicalType['name'] =>
  mapping.properties.find(({ name }) => name === column)?.type.name ?? 'string';

const counted = (rows: number): string => rows.toLocaleString('en-US');

interface Example {
  readonly _record: string | Uint8Array;
  readonly _index: number | null;
}

async function outcome(
  bad: number,
  total: number,
  examples: () => Promise<readonly Example[]>,
): Promise<CheckOutcome> {
  const found = `${counted(bad)} of ${counted(total)} rows`;
  if (bad === 0) return { passed: true, found };
  const keys = (await examples()).map(
    ({ _record, _index }) => `${visible(decodeText(_record))}${_index === null ? '' : `[${_index}]`}`,
  );
  return { passed: false, found: `${found}, first: ${keys.join(', ')}` };
}

async function violations(
  handle: Handle,
  current: CurrentRows,
  { sql, bound }: Condition,
): Promise<CheckOutcome> {
  const { from, bound: scope } = current.pending();
  const counts = await handle.first<{ total: number; bad: number }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE ${sql}) AS bad ${from}`,
    ...bound,
    ...scope,
  );
  return outcome(counts?.bad ?? 0, counts?.total ?? 0, () =>
    handle.select(`SELECT _record, _index ${from} AND ${sql} LIMIT ${examplesMax}`, ...scope, ...bound),
  );
}

/** Rows that share their values with another one. NULLs are equal to nothing; accounts have their own keys. */
async function duplicates(
  handle: Handle,
  current: CurrentRows,
  columns: readonly string[],
): Promise<CheckOutcome> {
  const { from, bound } = current.pending();
  const names = columns.map(quote);
  const present = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const groups =
    `SELECT count(*) AS members, min(rowid) AS member ${from} AND ${present} ` +
    `GROUP BY ${['_account', ...names].join(', ')} HAVING count(*) > 1`;
  const { total = 0 } =
    (await handle.first<{ total: number }>(`SELECT count(*) AS total ${from}`, ...bound)) ?? {};
  const { bad = 0 } =
    (await handle.first<{ bad: number }>(
      `SELECT coalesce(sum(members), 0) AS bad FROM (${groups})`,
      ...bound,
    )) ?? {};
  return outcome(bad, total, () =>
    handle.select(
      `SELECT _record, _index FROM ${current.table} WHERE rowid IN ` +
        `(SELECT member FROM (${groups}) ORDER BY member LIMIT ${examplesMax}) ORDER BY rowid`,
      ...bound,
    ),
  );
}

function rangeCondition({ column, type, min, max }: RangeCheck): Condition {
  const below = min === undefined ? [] : [limited(quote(column), type.name, '<', min)];
  const above = max === undefined ? [] : [limited(quote(column), type.name, '>', max)];
  const conditions = [...below, ...above];
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(' OR ') || 'FALSE'})`,
    bound: conditions.flatMap((condition) => condition.bound),
  };
}

function limited(column: string, type: LogicalType['name'], sign: '<' | '>', limit: string): Condition {
  if (type === 'integer' || type === 'decimal') return exactBound(column, sign, limit);
  if (type === 'double') return { sql: `${column} ${sign} ?`, bound: [Number(limit)] };
  // Canonical texts of dates, times and instants compare like their values.
  const text = type === 'timestamp' ? (parseInstant(limit) ?? limit) : limit;
  return { sql: `${column} ${sign} ?`, bound: [text] };
}

/** Doubles decide, except near the limit: there the texts are compared exactly. */
function exactBound(column: string, sign: '<' | '>', limit: string): Condition {
  const real = Number(limit);
  const margin = Math.abs(real) * 1e-12;
  const outer = sign === '<' ? real + margin : real - margin;
  const inner = sign === '<' ? real - margin : real + margin;
  const equals = sign === '<' ? '<=' : '>=';
  const value = `CAST(${column} AS REAL)`;
  return {
    sql: `(${value} ${equals} ? AND (${value} ${sign} ? OR compare_decimals(${column}, ?) ${sign} 0))`,
    bound: [outer, inner, limit],
  };
}

/** NULL is no value; `not_null` is another check. */
function notAccepted(column: string, type: LogicalType['name'], values: readonly string[]): Condition {
  const name = quote(column);
  const places = values.map(() => '?').join(', ');
  if (type === 'integer' || type === 'decimal') {
    // The same number may be written with and without zeros at its end.
    const plain = `CASE WHEN instr(${name}, '.') > 0 THEN rtrim(rtrim(${name}, '0'), '.') ELSE ${name} END`;
    return { sql: `${plain} NOT IN (${places})`, bound: values.map(withoutZeros) };
  }
  return { sql: `${name} NOT IN (${places})`, bound: values.map((value) => stored(type, value)) };
}

const withoutZeros = (value: string): string => (value.includes('.') ? value.replace(/\.?0+$/, '') : value);

function stored(type: LogicalType['name'], value: string): Bound {
  if (type === 'boolean') return value === 'true' || value === '1' ? 1 : 0;
  return type === 'double' ? Number(value) : value;
}

function rowCount(
  rows: number,
  { min, max }: { readonly min?: number; readonly max?: number },
): CheckOutcome {
  const passed = (min === undefined || rows >= min) && (max === undefined || rows <= max);
  return { passed, found: `${counted(rows)} rows` };
}

async function freshness(
  handle: Handle,
  current: CurrentRows,
  check: FreshnessCheck,
  nowMs: number,
): Promise<CheckOutcome> {
  const sql = `SELECT max(${quote(check.column)}) AS newest FROM ${current.table}`;
  const { newest = null } = (await handle.first<{ newest: string | null }>(sql)) ?? {};
  if (newest === null) return { passed: false, found: 'there are no rows with a value' };
  // A date is the start of its day; a date and time without a zone is taken for UTC.
  const ageMs = nowMs - Date.parse(`${newest.slice(0, 10)}T${newest.slice(11, 19) || '00:00:00'}Z`);
  if (Number.isNaN(ageMs)) return { passed: false, found: `the newest value is no instant: ${newest}` };
  const age = ageMs < 0 ? 'in the future' : `${durationText(ageMs)} old`;
  return { passed: ageMs <= check.maxAgeMs, found: `the newest value is ${age}: ${newest}` };
}
