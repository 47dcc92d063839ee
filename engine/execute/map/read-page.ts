import { hash } from 'node:crypto';
import { accountStream } from '../../model/accounts.ts';
import type { PageFacts, PageFailure } from '../../model/batch.ts';
import type { BodyFacts } from '../../model/body-plan.ts';
import { emptyResponse } from '../../model/path.ts';
import type { PaginatePlan, Path, StreamPlan, TokenPaging } from '../../model/plan.ts';
import { recordCursor } from '../../model/stream-cursor.ts';
import type { Decoder } from './bodies/decode.ts';
import { type Cursors, compileCursors } from './cursors.ts';
import { isStackOverflow, parseExact } from './exact-json.ts';
import * as failures from './failures.ts';
import { outOfOrder } from './key-order.ts';
import { compilePath, type JsonObject, type Reader } from './paths.ts';
import { compileRecords } from './records.ts';
import { decimalOf, scalarText } from './scalars.ts';

/** A response that has been read. Mapping it changes it, so it can be mapped once. */
export interface ParsedPage {
  readonly facts: PageFacts;
  /** The whole response, as parsed. */
  readonly response: unknown;
  /** Its records: parts of `response`. */
  readonly records: readonly JsonObject[];
  /** Normalised cursor of each record; null in a stream without a cursor. */
  readonly cursors: readonly (string | null)[];
  readonly body: Uint8Array;
  /** How many records became tombstones; absent when none did. */
  readonly forgotten?: number;
  /** The response as it came, where that was gzip. */
  readonly zipped?: Uint8Array;
  /** Whether its records were given what their request said. */
  readonly widened?: true;
}

/** Normalised cursors: the first of the window, and the first behind it. */
export interface PageBounds {
  readonly from?: string;
  readonly to?: string;
  /** What each record is given, such as its parent. */
  readonly beside?: JsonObject;
}

/** Reads one response. Records behind the window are dropped from it. */
export type PageReader = (body: Uint8Array, window?: PageBounds & BodyFacts) => ParsedPage | PageFailure;

/** Compiles what of a stream decides how its responses are read: as JSON, unless `decode` makes them so. */
export function compileReader(stream: StreamPlan, decode: Decoder | undefined = undefined): PageReader {
  const name = accountStream(stream);
  const recordsIn = compileRecords(stream);
  const readCursors = compileCursors(name, recordCursor(stream));
  const readPaging = compilePaging(name, stream.paginate);
  const parse: Decode =
    decode ?? ((body, { nothing }) => (nothing ? emptyPage(stream.records) : parseBody(name, body)));
  const mark: typeof marked = decode === undefined ? marked : (beside) => beside;
  return (received, { from, to, beside, ...facts } = {}) => {
    const parsed = parse(received, facts);
    if ('transient' in parsed) return parsed;
    const { response, body = received, unproven } = parsed;
    const records = recordsIn.read(response);
    if ('transient' in records) return records;
    const widened = widen(records, mark(beside, facts), recordsIn.widens);
    const cursors = readCursors(records);
    if ('transient' in cursors) return cursors;
    const paging = readPaging(response, records);
    if ('transient' in paging) return paging;
    const found = {
      records: records.length,
      ...paging,
      bodyHash: hash('sha256', body),
      ...windowFacts(cursors, from),
      ...(unproven && { unproven }),
    };
    const beyond = dropBehind(records, cursors, to);
    recordsIn.prune(response, records);
    return { facts: { ...found, ...beyond }, response, records, cursors, body, ...widened };
  };
}

/** Records of a JSON file have no lines, and yet a file. */
const marked = (beside: JsonObject | undefined, { origin }: BodyFacts): JsonObject | undefined =>
  origin === undefined
    ? beside
    : {
        ...beside,
        _file: origin.file,
        ...(origin.modified !== undefined && { _modified: origin.modified }),
      };

function emptyPage(records: Path): Parsed {
  const response = emptyResponse(records);
  return { response, body: Buffer.from(JSON.stringify(response)) };
}

/** Gives each record what its request said. `already`: they were given something when they were read. */
function widen(
  records: readonly JsonObject[],
  beside: JsonObject | undefined,
  already: boolean,
): Pick<ParsedPage, 'widened'> {
  if (beside !== undefined) for (const record of records) Object.assign(record, beside);
  return beside !== undefined || already ? { widened: true } : {};
}

type Decode = (body: Uint8Array, facts: BodyFacts) => Parsed | PageFailure;

/** `body` is absent where it is what was received. */
interface Parsed {
  readonly response: unknown;
  readonly body?: Uint8Array;
  readonly unproven?: true;
}

// A byte order mark is skipped; what is not UTF-8 throws instead of becoming U+FFFD.
const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

function parseBody(stream: string, body: Uint8Array): Parsed | PageFailure {
  const text = decode(body);
  if (text === undefined) return failures.notUtf8(stream);
  try {
    return { response: parseExact(text) };
  } catch (error) {
    if (isStackOverflow(error)) return failures.tooDeep(stream);
    if (!(error instanceof SyntaxError)) throw error;
    return text.trim() === '' ? failures.emptyBody(stream) : failures.notJson(stream, text);
  }
}

function windowFacts(cursors: Cursors, from: string | undefined): Pick<PageFacts, 'cursorMax' | 'outside'> {
  let greatest = '';
  let outside = 0;
  for (const cursor of cursors) {
    if (cursor === null) continue;
    if (cursor > greatest) greatest = cursor;
    if (from !== undefined && cursor < from) outside += 1;
  }
  return greatest === '' ? { outside } : { cursorMax: greatest, outside };
}

/** Takes records behind the window out of the response. Says how many there were. */
function dropBehind(
  records: JsonObject[],
  cursors: Cursors,
  to: string | undefined,
): Pick<PageFacts, 'beyond'> {
  if (to === undefined) return {};
  const before = records.length;
  for (let at = before - 1; at >= 0; at -= 1) {
    if ((cursors[at] ?? '') < to) continue;
    records.splice(at, 1);
    cursors.splice(at, 1);
  }
  return before === records.length ? {} : { beyond: before - records.length };
}

type Paging = Pick<PageFacts, 'next' | 'tokens' | 'total' | 'more'>;

type ReadPaging = (response: unknown, records: readonly JsonObject[]) => Paging | PageFailure;

/** Compiles what the next page is asked for with, and what is said of the listing. */
function compilePaging(stream: string, plan: PaginatePlan): ReadPaging {
  const onward = compileOnward(stream, plan);
  const [total, more] = [plan.total, plan.more].map((path) => path && compilePath(path));
  return (response, records) => {
    const found = onward(response, records);
    if ('transient' in found) return found;
    return {
      ...found,
      ...(total && totalIn(response, total)),
      ...(more && saidOf(more(response))),
    };
  };
}

function compileOnward(stream: string, plan: PaginatePlan): ReadPaging {
  switch (plan.type) {
    case 'next_url': {
      const read = compileText(stream, plan.path);
      return (response) => {
        const next = read(response);
        return next === undefined ? {} : typeof next === 'string' ? { next } : next;
      };
    }
    case 'cursor_token':
      return compileTokens(stream, plan);
    case 'keyset':
      return compileLastKey(stream, plan.key);
    default:
      return () => ({});
  }
}

const saidOf = (value: unknown): Paging => (value === undefined ? {} : { more: isTrue(value) });

const isTrue = (value: unknown): boolean => ![null, false, '', 0, 'false', '0'].includes(value as string);

function compileTokens(stream: string, { tokens }: TokenPaging): ReadPaging {
  const readers = tokens.flatMap(({ name, from }) =>
    from.path === undefined ? [] : [{ name, read: compileText(stream, from.path) }],
  );
  return (response) => {
    const found: Record<string, string> = {};
    for (const { name, read } of readers) {
      const token = read(response);
      if (typeof token === 'object') return token;
      if (token !== undefined) found[name] = token;
    }
    return Object.keys(found).length === 0 ? {} : { tokens: found };
  };
}

/** The key of the last record. Keys must ascend, since what is not in order would be left out. */
function compileLastKey(stream: string, path: Path): ReadPaging {
  const read = compilePath(path);
  return (_, records) => {
    const keys = records.map((record) => scalarText(read(record)) ?? '');
    const without = keys.indexOf('');
    if (without !== -1) return failures.noKey(stream, path, without, read(records[without]));
    const behind = outOfOrder(keys);
    if (behind !== undefined)
      return failures.notAscending(stream, path, behind, keys[behind - 1], keys[behind]);
    const last = keys.at(-1);
    return last === undefined ? {} : { tokens: { key: last } };
  };
}

function compileText(stream: string, path: Path): (response: unknown) => string | PageFailure | undefined {
  const read = compilePath(path);
  return (response) => {
    const value = read(response);
    if (value === undefined || value === null || value === '' || value === false) return undefined;
    const text = value === true ? undefined : scalarText(value);
    return text === undefined ? failures.noToken(stream, path, value) : text;
  };
}

/** A total that is no whole number is none: APIs write `-1` or `"many"` there. */
function totalIn(response: unknown, read: Reader): Paging {
  const value = read(response);
  const total = decimalOf(value) === undefined ? Number.NaN : Number(String(value));
  return Number.isSafeInteger(total) && total >= 0 ? { total } : {};
}
