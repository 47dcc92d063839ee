import { CsvError, type InfoRecord, parse } from 'csv-parse/sync';
import type { Collection } from './collection.ts';
import { labError, messageOf } from './complain.ts';
import type { CursorKey } from './cursor.ts';
import type { CursorReader } from './cursor-reader.ts';
import { PackedRecords } from './packed.ts';

const batchRecords = 4096;

/** Turns rows into JSON texts, a batch of them at a time into bytes: half a million rows would crowd the heap. */
class Rows {
  private readonly pieces: Buffer[] = [];
  private batch: string[] = [];
  private end = 0;
  private readonly bounds: number[] = [];
  private readonly keys: CursorKey[] = [];
  private readonly file: string;
  private readonly cursor: CursorReader | undefined;

  constructor(file: string, cursor: CursorReader | undefined) {
    this.file = file;
    this.cursor = cursor;
  }

  add(header: readonly string[], row: readonly string[], line: number): void {
    const json = `{${header.map((name, column) => `${name}:${JSON.stringify(row[column])}`).join(',')}}`;
    if (this.cursor !== undefined)
      this.keys.push(this.cursor(JSON.parse(json), json, `${this.file}:${line}`));
    const length = Buffer.byteLength(json);
    this.bounds.push(this.end, this.end + length);
    this.end += length;
    this.batch.push(json);
    if (this.batch.length === batchRecords) this.flush();
  }

  collection(): Collection {
    this.flush();
    return new PackedRecords(Buffer.concat(this.pieces), this.bounds, this.keys);
  }

  private flush(): void {
    this.pieces.push(Buffer.from(this.batch.join('')));
    this.batch = [];
  }
}

function checkHeader(names: readonly string[], file: string): readonly string[] {
  const unnamed = names.findIndex((name) => name.trim() === '');
  if (unnamed >= 0) throw labError('badCsv', `${file}:1: column ${unnamed + 1} has no name`, headerHelp);
  const twice = names.find((name, column) => names.indexOf(name) !== column);
  if (twice !== undefined)
    throw labError('badCsv', `${file}:1: two columns are named "${twice}"`, headerHelp);
  return names.map((name) => JSON.stringify(name));
}

const headerHelp = 'The first line names the columns; each name becomes a property of every record.';

function csvError(thrown: unknown, file: string): unknown {
  if (!(thrown instanceof CsvError)) return thrown;
  const line = (thrown as CsvError & { readonly lines?: number }).lines;
  const place = line === undefined ? file : `${file}:${line}`;
  return labError(
    'badCsv',
    `${place}: ${messageOf(thrown)}`,
    'Write comma-separated values with a header line.',
  );
}

/**
 * Reads CSV: comma-separated, with a header line. Every record is an object of texts; an empty field is `""`.
 * @throws TerminalError naming file and line
 */
export function readCsv(bytes: Buffer, file: string, cursor?: CursorReader): Collection {
  const rows = new Rows(file, cursor);
  let header: readonly string[] | undefined;
  const take = (row: readonly string[], { lines }: InfoRecord): null => {
    if (header === undefined) header = checkHeader(row, file);
    else rows.add(header, row, lines);
    // Nothing is handed back, so that the parser keeps nothing.
    return null;
  };
  try {
    parse(bytes, { on_record: take, skip_empty_lines: true });
  } catch (thrown) {
    throw csvError(thrown, file);
  }
  if (header === undefined) throw labError('badCsv', `${file} has no header line`, headerHelp);
  return rows.collection();
}
