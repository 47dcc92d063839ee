import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type * as config from '../model/config.ts';
import { windows1252 } from '../model/windows-1252.ts';
import { ByteSink } from './byte-sink.ts';
import type { Listing, View } from './collection.ts';
import { labError } from './complain.ts';
import { rawProperties } from './raw-json.ts';

const compress = promisify(gzip);

/** Bodies of a stream that are not JSON. */
export interface Written {
  readonly type: string;
  /** A whole response with the records of places `from` up to, not including, `to`. */
  make(view: View, from: number, to: number): Buffer;
}

/** How a stream's bodies are written; undefined where they are JSON. */
export function writtenAs(owner: string, stream: config.Stream, listing: Listing): Written | undefined {
  const { format = 'json' } = stream;
  if (format === 'json') return undefined;
  if (format === 'ndjson') return { type: 'application/x-ndjson', make: ndjson };
  return {
    type: format === 'csv' ? 'text/csv' : 'text/tab-separated-values',
    make: new CsvBodies(owner, stream, listing).make,
  };
}

/** A body as a gzip file, where the lab packs the stream. */
export const packed = async (body: Buffer, stream: config.Stream): Promise<Buffer> =>
  stream.lab?.packed === 'gzip' ? compress(body) : body;

function recordAt(view: View, place: number): Buffer {
  const sink = new ByteSink();
  view.write(sink, place);
  return sink.written();
}

const lineFeed = 10;

function ndjson(view: View, from: number, to: number): Buffer {
  const sink = new ByteSink();
  for (let place = from; place < to; place += 1) {
    view.write(sink, place);
    sink.byte(lineFeed);
  }
  return sink.written();
}

/** Makes CSV with a header of all columns that any record has. */
class CsvBodies {
  private readonly owner: string;
  private readonly listing: Listing;
  private readonly options: config.CsvSettings;
  private readonly delimiter: string;
  private readonly quote: string;
  private columns: readonly string[] | undefined;

  constructor(owner: string, { format, csv = {} }: config.Stream, listing: Listing) {
    this.owner = owner;
    this.listing = listing;
    this.options = csv;
    this.delimiter = csv.delimiter ?? (format === 'tsv' ? '\t' : ',');
    this.quote = csv.quote ?? (format === 'tsv' ? '' : '"');
    this.columns = Array.isArray(csv.header) ? csv.header : undefined;
  }

  readonly make = (view: View, from: number, to: number): Buffer => {
    const columns = this.columns ?? this.allColumns();
    this.columns = columns;
    const lines = Array.isArray(this.options.header) ? [] : [columns.map((name) => this.field(name))];
    for (let place = from; place < to; place += 1) {
      const record = rawProperties(recordAt(view, place).toString());
      lines.push(columns.map((name) => this.value(record.get(name))));
    }
    return this.encoded(lines.map((fields) => `${fields.join(this.delimiter)}\r\n`).join(''));
  };

  private allColumns(): readonly string[] {
    const names = new Set<string>();
    const all = this.listing.select({ values: new Map() });
    for (let place = 0; place < all.size; place += 1)
      for (const name of rawProperties(recordAt(all, place).toString()).keys()) names.add(name);
    return [...names];
  }

  /** Numbers and booleans as they stand in the JSON; objects and arrays as JSON. */
  private value(raw: string | undefined): string {
    if (raw === undefined || raw === 'null') return this.options.nullValue ?? '';
    return this.field(raw.startsWith('"') ? (JSON.parse(raw) as string) : raw);
  }

  private field(text: string): string {
    const { quote, delimiter } = this;
    const isPlain = ![delimiter, '\n', '\r', quote || '\n'].some((special) => text.includes(special));
    if (isPlain && text !== (this.options.nullValue ?? '')) return text;
    if (quote !== '') return quote + text.replaceAll(quote, quote + quote) + quote;
    if (isPlain) return text;
    throw this.unwritable(`a text with a delimiter or a line end, and nothing is quoted`);
  }

  private encoded(text: string): Buffer {
    const { encoding = 'utf-8' } = this.options;
    if (encoding === 'utf-8') return Buffer.from(text);
    if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
    const bytes = Array.from(text, (character) => byteOf(encoding, character));
    if (bytes.includes(undefined)) throw this.unwritable(`a character that ${encoding} does not have`);
    return Buffer.from(bytes as number[]);
  }

  private unwritable(what: string): Error {
    return labError('cannotServe', `${this.owner} has ${what}`, 'Change its data, or `csv` of the stream.');
  }
}

const inWindows1252 = new Map(
  Array.from({ length: 256 }, (_, byte) => [windows1252[byte - 0x80] ?? String.fromCharCode(byte), byte]),
);

function byteOf(encoding: 'iso-8859-1' | 'windows-1252', character: string): number | undefined {
  if (encoding === 'windows-1252') return inWindows1252.get(character);
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? code : undefined;
}
