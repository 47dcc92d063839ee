import type { TableAsk } from '../../model/ask.ts';
import { parameterMark, type TableColumn, type TableDriver } from './driver.ts';
import { localTime, noColumn } from './failures.ts';

export interface Statement {
  readonly sql: string;
  readonly values: readonly string[];
}

/** What is read: a table, or a query in its place. */
export const sourceSql = (ask: TableAsk, { quote }: TableDriver): string =>
  ask.query === undefined
    ? (ask.table ?? '').split('.').map(quote).join('.')
    : `(${ask.query.trim().replace(/;$/, '')}) AS asked`;

/** How people call it. */
export const nameOf = (ask: TableAsk): string => (ask.query === undefined ? (ask.table ?? '') : 'the query');

/** Columns that pages follow: the cursor, then the key. @throws TerminalError for one that is not there. */
export function orderOf(ask: TableAsk, columns: readonly TableColumn[]): readonly TableColumn[] {
  const names = [...new Set([...(ask.cursor ? [ask.cursor.column] : []), ...ask.key])];
  const order = names.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = columns.map((column) => column.name);
    throw noColumn(nameOf(ask), name, known);
  });
  const [first] = order;
  if (ask.cursor?.type === 'timestamp' && first?.isLocalTime) throw localTime(nameOf(ask), first.name);
  return order;
}

/** Looks for a row that no page would have. */
export const missingSql = (ask: TableAsk, order: readonly TableColumn[], driver: TableDriver): string =>
  `SELECT 1 FROM ${sourceSql(ask, driver)} WHERE ${order.map(({ name }) => `${driver.quote(name)} IS NULL`).join(' OR ')} LIMIT 1`;

/** A page: the rows behind those before, in order. */
export function pageStatement(
  ask: TableAsk,
  columns: readonly TableColumn[],
  order: readonly TableColumn[],
  driver: TableDriver,
): Statement {
  const names = order.map(({ name, order: by }) => by ?? driver.quote(name));
  const [cursor] = order;
  const conditions: string[] = [];
  const values: string[] = [];
  const bound = (sign: string, value: string | undefined): void => {
    if (value === undefined || cursor === undefined) return;
    conditions.push(`${names[0]} ${sign} ${cursor.parameter}`);
    values.push(value);
  };
  bound('>=', ask.from);
  bound('<', ask.to);
  if (ask.after !== undefined) {
    const after = behind(names, order, ask.after);
    conditions.push(after.sql);
    values.push(...after.values);
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}`;
  const selected = columns.map(({ select }) => select).join(', ');
  return {
    sql: `SELECT ${selected} FROM ${sourceSql(ask, driver)}${where} ORDER BY ${names.join(', ')} LIMIT ${ask.rows}`,
    values,
  };
}

/** `(a, b) > (x, y)`, written so that every database finds an index for it. */
function behind(
  names: readonly string[],
  order: readonly TableColumn[],
  after: readonly string[],
): Statement {
  const values: string[] = [];
  const parameter = (at: number): string => {
    values.push(after[at] ?? '');
    return order[at]?.parameter ?? parameterMark;
  };
  const first = `${names[0]} >= ${parameter(0)}`;
  const steps = names.map((name, at) => {
    const same = names.slice(0, at).map((one, before) => `${one} = ${parameter(before)}`);
    return `(${[...same, `${name} > ${parameter(at)}`].join(' AND ')})`;
  });
  return { sql: `${first} AND (${steps.join(' OR ')})`, values };
}
