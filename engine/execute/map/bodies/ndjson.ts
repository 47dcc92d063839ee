import type { PageFailure } from '../../../model/batch.ts';
import { isStackOverflow, parseExact } from '../exact-json.ts';
import { kindOf, markup, tooDeep } from '../failures.ts';
import { jsonFault } from '../json-fault.ts';
import { isObject } from '../paths.ts';
import { textDecoder } from './encodings.ts';
import * as failures from './failures.ts';
import type { Found, Source } from './source.ts';

const decode = textDecoder('utf-8');

/** Reads NDJSON: one JSON object a line. Empty lines are left out. */
export function readNdjson(body: Uint8Array, source: Source): Found | PageFailure {
  const text = decode(body);
  if (text === undefined) return failures.notText(source.place());
  if (text.trimStart().startsWith('<')) return markup(source.stream, text.trimStart(), 'NDJSON');
  const records: object[] = [];
  for (const { json, line, isLast } of linesOf(text)) {
    if (json.trim() === '') continue;
    const record = recordIn(json, line, isLast, source);
    if ('failure' in record) return record.failure;
    records.push(source.located(record.value, line));
  }
  return { records };
}

interface TextLine {
  readonly json: string;
  readonly line: number;
  readonly isLast: boolean;
}

function* linesOf(text: string): Iterable<TextLine> {
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const isLast = found < 0;
    const end = isLast ? text.length : found;
    line += 1;
    yield { json: text.slice(at, end), line, isLast };
    at = end + 1;
  }
}

type Line = { readonly value: object } | { readonly failure: PageFailure };

function recordIn(json: string, line: number, isLast: boolean, source: Source): Line {
  try {
    const value = parseExact(json);
    if (isObject(value)) return { value };
    return { failure: failures.badLine(source.place(line), `the line is ${kindOf(value)}, not an object`) };
  } catch (error) {
    if (isStackOverflow(error)) return { failure: tooDeep(source.stream) };
    if (!(error instanceof SyntaxError)) throw error;
    return { failure: unreadable(json, line, isLast, source) };
  }
}

function unreadable(json: string, line: number, isLast: boolean, source: Source): PageFailure {
  const { kind, at } = jsonFault(json);
  if (kind === 'cut short' && isLast && source.origin === undefined)
    return failures.cutLine(source.place(line));
  const what =
    kind === 'cut short' ? 'the JSON goes on behind the line' : `the JSON is malformed at column ${at + 1}`;
  return failures.badLine(source.place(line), what);
}
