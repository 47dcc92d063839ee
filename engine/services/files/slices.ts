import type { FileAsk, FilePlace } from '../../model/ask.ts';
import type { BodyOrigin } from '../../model/body-plan.ts';
import { endlessRow } from './failures.ts';
import { csvRows, ndjsonRows, type RowEnds, type RowSyntax, rowEnds } from './row-ends.ts';

/** A part of a file, as the body of a response. */
export interface Slice {
  readonly body: Uint8Array;
  readonly line: number;
  /** Where the next part begins; absent at the end of the file. */
  readonly next?: FilePlace;
}

/** Bytes of a text file from a place on. */
export interface TextPiece {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

const syntaxOf = ({ csv }: FileAsk): RowSyntax => (csv === undefined ? ndjsonRows : csvRows(csv));

/** Whether the first row of the file says how its columns are called. */
const hasHeader = ({ csv }: FileAsk): boolean => csv !== undefined && csv.columns === undefined;

/**
 * As many whole rows as a page may have, with the header of the file before them. Undefined when the piece does not
 * even hold one.
 */
export function sliceOf(ask: FileAsk, place: FilePlace, { bytes, isLast }: TextPiece): Slice | undefined {
  const syntax = syntaxOf(ask);
  const isFirst = place.offset === 0;
  const leads = isFirst && hasHeader(ask);
  const found = rowEnds(bytes, syntax, ask.rows + Number(leads), isLast);
  if (found.bytes === 0 && bytes.length > 0) return undefined;
  const head = leads ? headOf(bytes, syntax, isLast) : Buffer.from(place.head ?? '', 'base64');
  const rows = bytes.subarray(0, found.bytes);
  const body = isFirst ? rows : Buffer.concat([head, rows]);
  const line = isFirst ? place.line : place.line - linesOf(head, syntax);
  const ends = isLast && found.bytes === bytes.length;
  return { body: new Uint8Array(body), line, ...(!ends && { next: behind(place, found, head) }) };
}

const headOf = (bytes: Buffer, syntax: RowSyntax, isLast: boolean): Buffer =>
  bytes.subarray(0, rowEnds(bytes, syntax, 1, isLast).bytes);

const linesOf = (head: Buffer, syntax: RowSyntax): number =>
  rowEnds(head, syntax, Number.POSITIVE_INFINITY, true).lines;

const behind = (place: FilePlace, found: RowEnds, head: Buffer): FilePlace => ({
  ...place,
  offset: place.offset + found.bytes,
  line: place.line + found.lines,
  ...(head.length > 0 && { head: head.toString('base64') }),
});

/** For a row that does not end within the bound. */
export const withoutEnd = (ask: FileAsk, place: FilePlace, piece: TextPiece, bytesMax: number): Error =>
  endlessRow(place.file, place.line, bytesMax, rowEnds(piece.bytes, syntaxOf(ask), 1, piece.isLast).isQuoted);

export const originOf = (place: FilePlace, line: number, modified: string | undefined): BodyOrigin => ({
  file: place.file,
  line,
  ...(modified !== undefined && { modified }),
});
