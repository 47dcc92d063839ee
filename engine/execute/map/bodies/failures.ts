import type { PageFailure } from '../../../model/batch.ts';
import { cut } from '../invalid.ts';

type Failed = (code: string, summary: string, ...help: string[]) => PageFailure;

const failure: Failed = (code, summary, ...help) => ({ code, summary, help, transient: false });
const passing: Failed = (code, summary, ...help) => ({ code, summary, help, transient: true });

/** `place` says where: a stream, with file and line where that is known. */
export const unnamedColumn = (place: string, at: number): PageFailure =>
  failure(
    'ETL0531',
    `${place}: column ${at} of the header has no name`,
    'The first row names the columns; each name becomes a property of every record.',
    'If there is no header, name the columns: `csv: {header: [id, …]}`.',
  );

export const doubleColumn = (place: string, name: string): PageFailure =>
  failure(
    'ETL0531',
    `${place}: two columns are named ${JSON.stringify(name)}`,
    'One of them would hide the other.',
    'Name all columns yourself with `csv: {header: [id, …]}`; the first row is then read as data.',
  );

export const noKeyColumn = (place: string, column: string, columns: readonly string[]): PageFailure =>
  failure(
    'ETL0531',
    `${place}: the header has no column ${JSON.stringify(column)}, which is of the primary key`,
    `Its ${columns.length === 1 ? 'column is' : 'columns are'} ${shownNames(columns)}.`,
    'It may be a message instead of a table, or the table begins further down. Check `primaryKey`, and `csv.delimiter`.',
  );

export const noHeader = (place: string): PageFailure =>
  passing('ETL0531', `${place}: the CSV has no header row`, 'It holds nothing. The request is tried again.');

export const ragged = (place: string, found: number, expected: number): PageFailure =>
  failure(
    'ETL0532',
    `${place}: the row has ${found} ${found === 1 ? 'field' : 'fields'}, the header ${expected}`,
    'Its values would stand in other columns than they belong to; no record of this page is stored.',
    'A text with a delimiter or a line end must be quoted. Check `csv.delimiter` and `csv.quote`.',
  );

export const badQuote = (place: string, what: string): PageFailure =>
  failure(
    'ETL0533',
    `${place}: ${what}`,
    'A quoted field begins and ends with the quote, and doubles each quote in it (RFC 4180).',
    'Where quotes are plain characters, say `csv: {quote: ""}`.',
  );

export const cutQuote = (place: string): PageFailure =>
  passing(
    'ETL0503',
    `${place}: the CSV ends in the middle of a quoted field that begins here`,
    'The connection was closed early, or a quote is not closed. The request is tried again.',
    'Where quotes are plain characters, say `csv: {quote: ""}`.',
  );

export const cutRow = (place: string): PageFailure =>
  passing(
    'ETL0503',
    `${place}: the CSV ends in the middle of a row`,
    'Its last row has no line end, and nothing else tells that the response is whole.',
    'The connection was closed early or the API broke off. The request is tried again.',
  );

export const cutLine = (place: string): PageFailure =>
  passing(
    'ETL0503',
    `${place}: the NDJSON ends in the middle of a record`,
    'The connection was closed early or the API broke off. The request is tried again.',
  );

export const badLine = (place: string, what: string): PageFailure =>
  failure(
    'ETL0534',
    `${place}: ${what}`,
    'NDJSON has one JSON object a line; no record of this page is stored.',
    'If the response is one JSON document, leave `format: ndjson` out.',
  );

export const otherEncoding = (place: string, encoding: string): PageFailure =>
  failure(
    'ETL0505',
    `${place}: the response is not ${encoding.toUpperCase()}`,
    'Say how it is encoded: `csv: {encoding: windows-1252}` (or iso-8859-1, utf-16le).',
  );

export const notText = (place: string): PageFailure =>
  failure('ETL0505', `${place}: the response is not UTF-8`, 'NDJSON is UTF-8, as JSON is.');

export const otherCount = (
  place: string,
  found: number,
  said: string | undefined,
  header: string,
): PageFailure =>
  passing(
    'ETL0530',
    `${place}: the response has ${found} records, and ${said === undefined ? `no header \`${header}\`` : `\`${header}\` says ${JSON.stringify(said.slice(0, 40))}`}`,
    'It was cut short, or counts something else. The request is tried again.',
    'If the header counts something else, leave `rowCount` out.',
  );

export const damagedArchive = (place: string, kind: string, why: string): PageFailure =>
  passing(
    'ETL0535',
    `${place}: the ${kind} cannot be unpacked: ${why}`,
    'It was cut or altered on its way. The request is tried again.',
  );

export const lockedArchive = (place: string, entry: string): PageFailure =>
  failure(
    'ETL0535',
    `${place}: ${JSON.stringify(entry)} in the zip cannot be unpacked`,
    'It is encrypted, or compressed in a way that is neither stored nor deflated.',
  );

export const tooLarge = (place: string, bytesMax: number): PageFailure =>
  failure(
    'ETL0409',
    `${place}: the unpacked response is larger than ${bytesMax.toLocaleString('en')} bytes`,
    'It was not unpacked further, and nothing of it is stored.',
    'Ask for smaller pages, or raise the source’s `maxResponseBytes`.',
  );

const namesMax = 8;

const shownNames = (names: readonly string[]): string =>
  names
    .slice(0, namesMax)
    .map((name) => JSON.stringify(cut(name, 80)))
    .join(', ') + (names.length > namesMax ? ', …' : '');

export function otherEntries(
  place: string,
  found: readonly string[],
  names: readonly string[],
  glob?: string,
): PageFailure {
  const which = glob === undefined ? '' : ` that match \`${glob}\``;
  return failure(
    'ETL0536',
    `${place}: expected one file in the zip${which}, found ${found.length === 0 ? 'none' : found.length}`,
    names.length === 0 ? 'The archive is empty.' : `It holds ${shownNames(names)}.`,
    'Say which one is meant: `zip: {entry: "*.csv"}`.',
  );
}
