import type { CheckPlan, LogicalType, MappingPlan } from '../../model/plan.ts';
import type { CheckOutcome } from '../../model/ports.ts';
import { durationText } from '../../model/units.ts';
import { canonicalBound, isOfType } from './check-values.ts';
import type { CurrentRows } from './current-rows.ts';
import type { Condition } from './handle.ts';
import { pageOrder, visible } from './staged-table.ts';

type RangeCheck = Extract<CheckPlan, { kind: 'range' }>;
type FreshnessCheck = Extract<CheckPlan, { kind: 'freshness' }>;

const examplesMax = 3;

/** A text with U+0000 is a BLOB in SQLite. */
const plain = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString();

/** Checks what is about to be loaded; `row_count` and `freshness` look at all that is staged. */
export async function runCheck(current: CurrentRows, check: CheckPlan, nowMs: number): Promise<CheckOutcome> {
  switch (check.kind) {
    case 'not_null':
      return violations(current, { sql: `${current.table.column(check.column)} IS NULL`, bound: [] });
    case 'range':
      return violations(current, rangeCondition(current, check));
    case 'accepted_values':
      return violations(current, notAccepted(current, check.column, check.values));
    case 'unique':
      return duplicates(current, check.columns);
    case 'row_count':
      return rowCount(await current.countAll(), check);
    case 'freshness':
      return freshness(current, check, nowMs);
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
    ({ _record, _index }) => `${visible(plain(_record))}${_index === null ? '' : `[${_index}]`}`,
  );
  return { passed: false, found: `${found}, first: ${keys.join(', ')}` };
}

async function violations(current: CurrentRows, { sql, bound }: Condition): Promise<CheckOutcome> {
  const { from, bound: scope } = current.pending();
  const counts = await current.handle.first<{ total: number; bad: number }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE ${sql}) AS bad ${from}`,
    ...bound,
    ...scope,
  );
  return outcome(counts?.bad ?? 0, counts?.total ?? 0, () =>
    current.handle.select(
      `SELECT _record, _index ${from} AND ${sql} ${pageOrder} LIMIT ${examplesMax}`,
      ...scope,
      ...bound,
    ),
  );
}

/** Rows that share their values with another one. NULLs are equal to nothing; accounts have their own keys. */
async function duplicates(current: CurrentRows, columns: readonly string[]): Promise<CheckOutcome> {
  const { from, bound } = current.pending();
  const { row } = current.dialect;
  const names = columns.map((column) => current.table.column(column));
  const present = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const groups =
    `SELECT count(*) AS members, min(${row}) AS member ${from} AND ${present} ` +
    `GROUP BY ${['_account', ...names].join(', ')} HAVING count(*) > 1`;
  const { total = 0 } =
    (await current.handle.first<{ total: number }>(`SELECT count(*) AS total ${from}`, ...bound)) ?? {};
  const { bad = 0 } =
    (await current.handle.first<{ bad: number }>(
      `SELECT CAST(coalesce(sum(members), 0) AS BIGINT) AS bad FROM (${groups}) AS doubled`,
      ...bound,
    )) ?? {};
  return outcome(bad, total, () =>
    current.handle.select(
      `SELECT _record, _index FROM ${current.table.name} WHERE ${row} IN ` +
        `(SELECT member FROM (${groups}) AS doubled ORDER BY member LIMIT ${examplesMax}) ${pageOrder}`,
      ...bound,
    ),
  );
}

function rangeCondition(current: CurrentRows, { column, type, min, max }: RangeCheck): Condition {
  const name = current.table.column(column);
  const beyond = (sign: '<' | '>', bound: string | undefined): readonly Condition[] =>
    bound === undefined
      ? []
      : [current.dialect.beyond(name, type.name, sign, canonicalBound(type.name, bound))];
  const conditions = [...beyond('<', min), ...beyond('>', max)];
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(' OR ') || 'FALSE'})`,
    bound: conditions.flatMap((condition) => condition.bound),
  };
}

/** NULL is no value; `not_null` is another check. */
function notAccepted(current: CurrentRows, column: string, values: readonly string[]): Condition {
  const name = current.table.column(column);
  const type = typeOf(current.mapping, column);
  const possible = values.filter((value) => isOfType(type, value));
  if (possible.length === 0) return { sql: `${name} IS NOT NULL`, bound: [] };
  return current.dialect.unlisted(name, type, possible);
}

function rowCount(
  rows: number,
  { min, max }: { readonly min?: number; readonly max?: number },
): CheckOutcome {
  const passed = (min === undefined || rows >= min) && (max === undefined || rows <= max);
  return { passed, found: `${counted(rows)} rows` };
}

async function freshness(current: CurrentRows, check: FreshnessCheck, nowMs: number): Promise<CheckOutcome> {
  const name = current.table.column(check.column);
  const sql = `SELECT ${current.dialect.text(`max(${name})`, typeOf(current.mapping, check.column))} AS newest FROM ${current.table.name}`;
  const { newest = null } = (await current.handle.first<{ newest: string | null }>(sql)) ?? {};
  if (newest === null) return { passed: false, found: 'there are no rows with a value' };
  // A date is the start of its day; a date and time without a zone is taken for UTC.
  const ageMs = nowMs - Date.parse(`${newest.slice(0, 10)}T${newest.slice(11, 19) || '00:00:00'}Z`);
  if (Number.isNaN(ageMs)) return { passed: false, found: `the newest value is no instant: ${newest}` };
  const age = ageMs < 0 ? 'in the future' : `${durationText(ageMs)} old`;
  return { passed: ageMs <= check.maxAgeMs, found: `the newest value is ${age}: ${newest}` };
}
