import type { PageFailure } from '../../../model/batch.ts';
import type { CsvPlan } from '../../../model/body-plan.ts';
import { type CsvFault, type CsvRow, CsvRows } from './csv-rows.ts';
import { bodyDecoder } from './encodings.ts';
import * as failures from './failures.ts';
import { notRecords } from './other-body.ts';
import type { Found, Source } from './source.ts';

/** Reads a CSV body to records: objects of texts, in which a field without a value is null. */
export function compileCsv(
  plan: CsvPlan,
  key: readonly string[],
): (body: Uint8Array, source: Source) => Found | PageFailure {
  const decode = bodyDecoder(plan.encoding);
  return (body, source) => {
    const text = decode(body, source);
    if (text === undefined) return failures.otherEncoding(source.place(), plan.encoding);
    return notRecords(source.stream, text) ?? recordsIn(text, plan, key, source);
  };
}

function recordsIn(text: string, plan: CsvPlan, key: readonly string[], source: Source): Found | PageFailure {
  const rows = new CsvRows(text, plan);
  const columns = source.origin?.columns ?? plan.columns ?? headerOf(rows, source);
  if ('transient' in columns) return columns;
  // Of a body without rows nothing else would tell that it is something else.
  const absent = key.find((column) => !columns.includes(column));
  if (absent !== undefined) return failures.noKeyColumn(source.place(), absent, columns);
  const { records, lastLine } = recordsOf(rows, columns, source);
  if ('transient' in records) return records;
  if (rows.fault !== undefined) return faultOf(rows.fault, source);
  // A field at the end may have been cut; a line end shows that it was not.
  const isOpen = source.unproven && records.length > 0 && !/[\r\n]$/.test(text);
  return isOpen ? failures.cutRow(source.place(lastLine)) : { records };
}

function headerOf(rows: CsvRows, source: Source): readonly string[] | PageFailure {
  const line = rows.line;
  const row = rows.next();
  if (rows.fault !== undefined) return faultOf(rows.fault, source);
  if (row === undefined)
    return { ...failures.noHeader(source.place()), transient: source.origin === undefined };
  const names = row.map((name) => name ?? '');
  const unnamed = names.findIndex((name) => name.trim() === '');
  if (unnamed >= 0) return failures.unnamedColumn(source.place(line), unnamed + 1);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  return double === undefined ? names : failures.doubleColumn(source.place(line), double);
}

interface Read {
  readonly records: object[] | PageFailure;
  readonly lastLine: number;
}

function recordsOf(rows: CsvRows, columns: readonly string[], source: Source): Read {
  const records: object[] = [];
  let lastLine = rows.line;
  for (let line = rows.line, row = rows.next(); row !== undefined; line = rows.line, row = rows.next()) {
    lastLine = line;
    if (row.length !== columns.length) {
      if (isEmptyLine(row)) continue;
      const isCut = source.unproven && rows.isAtEnd;
      const place = source.place(line);
      const failure = isCut ? failures.cutRow(place) : failures.ragged(place, row.length, columns.length);
      return { records: failure, lastLine };
    }
    records.push(source.located(recordOf(columns, row), line));
  }
  return { records, lastLine };
}

/** In a table of one column it is a row without a value. */
const isEmptyLine = (row: CsvRow): boolean => row.length === 1 && (row[0] === null || row[0] === '');

/** A column may be named `__proto__`: it is data like any other. */
const recordOf = (columns: readonly string[], row: CsvRow): object =>
  Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null]));

function faultOf({ kind, line }: CsvFault, source: Source): PageFailure {
  const place = source.place(line);
  if (kind === 'unclosed quote')
    return source.origin === undefined
      ? failures.cutQuote(place)
      : failures.badQuote(place, 'a quoted field that begins here is not closed');
  return failures.badQuote(
    place,
    kind === 'quote inside a field'
      ? 'a quote stands inside a field that is not quoted'
      : 'text follows a quoted field',
  );
}
