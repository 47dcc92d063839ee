import { createHash } from 'node:crypto';
import type { LogicalType } from '../../engine/model/plan.ts';
import type { Warehouse } from '../../engine/model/ports.ts';

/** What a column is read as: warehouses write the same value as different texts. */
export type ColumnKind = LogicalType['name'];

type Canonical = (text: string) => string;

const booleans: { readonly [text: string]: string } = { t: 'true', f: 'false', '1': 'true', '0': 'false' };

/** `-007.10` as `-7.1`; equal numbers have equal texts. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  if (whole === '' && fraction === '') {
    if (!/^-?0*\.?0*$/.test(text)) throw new Error(`${text} is no decimal`);
    return '0';
  }
  return `${sign}${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Time of day to the microsecond. */
const clockTime = (text: string): string => {
  const [, time, fraction = ''] = /^(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (time === undefined || /[1-9]/.test(fraction.slice(6))) throw new Error(`${text} is no time`);
  return `${time}.${fraction.slice(0, 6).padEnd(6, '0')}`;
};

const civil: Canonical = (text) => {
  const [day = '', time = ''] = text.split(/[ T]/);
  return `${day}T${clockTime(time)}`;
};

/** Warehouses are asked in UTC: any other offset is a mistake. */
const instant: Canonical = (text) => {
  const [, local = '', offset] = /^(.*?) ?(Z|[+-]\d\d(?::?\d\d)?)$/.exec(text) ?? [];
  if (offset === undefined || !/^(?:Z|\+00(?::?00)?)$/.test(offset)) throw new Error(`${text} is not in UTC`);
  return `${civil(local)}Z`;
};

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}

/** Hexadecimal, of `\x00AB` (PostgreSQL), of `00AB` (Snowflake), and of DuckDB's text, where printable bytes stand as they are. */
const binary =
  (isEscaped: boolean): Canonical =>
  (text) => {
    if (!isEscaped) return text.replace(/^\\x/, '').toLowerCase();
    const bytes = text.replace(/\\x([0-9A-F]{2})|(.)/gs, (_, hex: string | undefined, plain: string) =>
      hex === undefined ? plain.charCodeAt(0).toString(16).padStart(2, '0') : hex.toLowerCase(),
    );
    return bytes;
  };

const asIs: Canonical = (text) => text;

/** One text for each value, whichever warehouse wrote it. */
function canonicalValue(kind: ColumnKind, text: string | null, escapesBytes: boolean): string | null {
  if (text === null) return null;
  const forms: { readonly [kind in ColumnKind]: Canonical } = {
    string: asIs,
    integer: decimal,
    decimal,
    double: (value) => String(Number(value)),
    boolean: (value) => booleans[value.toLowerCase()] ?? value.toLowerCase(),
    date: asIs,
    time: clockTime,
    timestamp: instant,
    datetime: civil,
    json: (value) => JSON.stringify(sorted(JSON.parse(value))),
    binary: binary(escapesBytes),
  };
  return forms[kind](text);
}

export type CanonicalRow = readonly (string | null)[];

/** Columns that differ from run to run, wherever they are. */
const varying = new Set(['_run', '_page', '_loaded_at']);
const own: { readonly [column: string]: ColumnKind } = {
  _deleted_at: 'timestamp',
  _valid_from: 'timestamp',
  _valid_to: 'timestamp',
  _is_current: 'boolean',
};

export interface CanonicalTable {
  readonly columns: readonly string[];
  readonly rows: readonly CanonicalRow[];
  readonly sha256: string;
}

/** A whole table: columns in order, one text for each value, rows in the order of their texts. */
export async function canonicalTable(
  warehouse: Warehouse,
  { schema, table }: { readonly schema: string; readonly table: string },
  kinds: { readonly [column: string]: ColumnKind },
  escapesBytes: boolean,
): Promise<CanonicalTable> {
  const sample = await warehouse.sample(schema, table, 10_000_000);
  const names = sample.columns.map((name) => name.toLowerCase());
  const kept = names.flatMap((name, at) => (varying.has(name) ? [] : [at]));
  const columns = kept.map((at) => names[at] as string);
  const rows = sample.rows
    .map((row) =>
      kept.map((at, place) => {
        const name = columns[place] as string;
        if (name === '_deleted_at') return row[at] === null ? null : 'deleted';
        return canonicalValue(kinds[name] ?? own[name] ?? 'string', row[at] ?? null, escapesBytes);
      }),
    )
    .map((row) => JSON.stringify(row))
    .sort();
  const sha256 = createHash('sha256')
    .update([JSON.stringify(columns), ...rows].join('\n'))
    .digest('hex');
  return { columns, rows: rows.map((row) => JSON.parse(row) as CanonicalRow), sha256 };
}
