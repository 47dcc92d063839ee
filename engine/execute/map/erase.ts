import { accountStream, streamName } from '../../model/accounts.ts';
import type { PageFailure } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { ErasedParents, FoundRecords, StreamEraser, SubjectColumn } from '../../model/forget.ts';
import { pathText } from '../../model/path.ts';
import type { MappingPlan, Path, PropertyPlan, StreamPlan } from '../../model/plan.ts';
import { coerce, compileColumns } from './columns.ts';
import { type ChildStream, type CompiledChild, compileChild } from './erase-children.ts';
import { stringifyExact } from './exact-json.ts';
import { isPageFailure, sealedPage } from './failures.ts';
import { compileForgetter, compileSubject, recordOf, subjectHash } from './forget.ts';
import { Invalid } from './invalid.ts';
import { compileKeys } from './keys.ts';
import { pagePacker } from './pack.ts';
import type { JsonObject } from './paths.ts';
import { compileReader, type ParsedPage } from './read-page.ts';
import { scalarText } from './scalars.ts';

export interface EraserSecrets {
  readonly piiKey?: string;
  readonly pageKey?: string;
}

/** A stream that says whom its records are about, as its pages are kept. */
interface KeptStreams {
  readonly stream: StreamPlan;
  /** The whole listing of it. */
  readonly sweep: StreamPlan;
  /** Lists primary keys that a sweep no longer found. */
  readonly gone: StreamPlan;
  /** Ranges of it that were read once more. */
  readonly backfill: StreamPlan;
  /** Streams that are asked for with its records. */
  readonly children: readonly ChildStream[];
}

/** Finds somebody, as their API names them, in everything that is kept of a stream. */
export function compileErasers(
  { stream, sweep, gone, backfill, children }: KeptStreams,
  readers: ReadonlyMap<string, readonly MappingPlan[]>,
  subject: string,
  secrets: EraserSecrets,
): readonly StreamEraser[] {
  const stored = storedSubject(stream, subject, secrets.piiKey);
  const mappings = readers.get(streamName(stream)) ?? [];
  const asking = children.map((child) => compileChild(child, stream, { stored, readers }, secrets));
  const person = { declared: streamName(stream), mappings, subject, stored, children: asking };
  const namesKey = keyNaming(stream, stored);
  const isTheirs = (found: string): boolean => found === stored;
  const columns = mappings.flatMap((mapping) => subjectColumns(stream, mapping, stored));
  const erasers = [stream, sweep, backfill].map((one) =>
    compileEraser({ ...person, stream: one, isTheirs, namesKey, columns }, secrets),
  );
  // Where keys name nobody, neither does a list of them.
  const [listed] = gone.primaryKey;
  if (!stream.primaryKey.some((path) => isSubject(path, stream)) || listed === undefined) return erasers;
  const list = { ...gone, subject: listed };
  return [
    ...erasers,
    compileEraser({ ...person, stream: list, isTheirs: namesKey, namesKey, columns: [] }, secrets),
  ];
}

const isSubject = (path: Path, { subject }: StreamPlan): boolean =>
  subject !== undefined && pathText(path) === pathText(subject);

/** Whether a primary key, as `compileKeys` writes it, is one of somebody's. */
function keyNaming(stream: StreamPlan, stored: string): (key: string) => boolean {
  const at = stream.primaryKey.findIndex((path) => isSubject(path, stream));
  if (at === -1) return () => false;
  if (stream.primaryKey.length === 1) return (key) => key === stored;
  return (key) => partsOf(key)[at] === stored;
}

function partsOf(key: string): readonly unknown[] {
  try {
    return JSON.parse(key) as readonly unknown[];
  } catch {
    return [];
  }
}

type Known = 'declared' | 'stream' | 'mappings' | 'columns' | 'namesKey';

interface Sought extends Pick<StreamEraser, Known> {
  readonly subject: string;
  readonly stored: string;
  readonly children: readonly CompiledChild[];
  /** Whether what a record says of its subject, as it is stored, is said of the person. */
  readonly isTheirs: (stored: string) => boolean;
}

function compileEraser(
  { declared, stream, mappings, columns, namesKey, subject, stored, isTheirs, children }: Sought,
  { piiKey, pageKey }: EraserSecrets,
): StreamEraser {
  const subjectOf = compileSubject(stream, piiKey, true);
  const read = compileReader(stream);
  const keysOf = compileKeys(stream);
  const packer = pagePacker(pageKey);
  const open = (body: Uint8Array, page: number): ParsedPage | PageFailure => {
    const bytes = packer.unpack(body, page);
    return bytes === undefined ? sealedPage(accountStream(stream), page) : read(bytes);
  };
  const theirs = ({ records }: ParsedPage): ReadonlyMap<number, string> =>
    new Map(
      records.flatMap((record, ordinal): readonly [number, string][] => {
        const found = subjectOf?.(record)?.stored;
        return found !== undefined && isTheirs(found) ? [[ordinal, found]] : [];
      }),
    );
  const find = (parsed: ParsedPage | PageFailure): FoundRecords | PageFailure =>
    isPageFailure(parsed) ? parsed : foundIn(parsed, [...theirs(parsed).keys()], { keysOf, children });
  const bury = (parsed: ParsedPage, salt: string): readonly number[] => {
    const found = theirs(parsed);
    const hashes = [...new Set(found.values())].map((one) => subjectHash(salt, one));
    compileForgetter(stream, { salt, hashes: { [declared]: hashes } }, piiKey, true).bury(parsed);
    return [...found.keys()];
  };
  return {
    ...{ declared, stream, mappings, columns, namesKey, children },
    names: [subject, stored],
    hash: (salt) => subjectHash(salt, stored),
    find: (body, page) => find(open(body, page)),
    erase: async (body, page, salt) => {
      const parsed = open(body, page);
      if (isPageFailure(parsed)) return parsed;
      const parents = parentsIn(
        children,
        [...theirs(parsed).keys()].map((at) => parsed.records[at]),
      );
      const ordinals = bury(parsed, salt);
      const keys = keysOf(parsed.records);
      if (isPageFailure(keys)) return keys;
      const packed = await packer.pack(Buffer.from(stringifyExact(parsed.response)), page);
      const records = new Map(ordinals.map((at) => [at, keys[at] ?? '']));
      return { page, ordinals, body: packed, records, parents };
    },
    isAbout: (record) => isTheirs(subjectOf?.(record)?.stored ?? ''),
    findIn: (body) => find(read(Buffer.from(body))),
    eraseIn: (body, salt, change) => {
      const parsed = read(Buffer.from(body));
      if (isPageFailure(parsed)) return parsed;
      bury(parsed, salt);
      return stringifyExact(changedAround(parsed.response, new Set<unknown>(parsed.records), change));
    },
  };
}

/** What streams ask for with records. */
const parentsIn = (
  children: readonly CompiledChild[],
  records: readonly (JsonObject | undefined)[],
): readonly ErasedParents[] =>
  children.map(({ stream, valuesOf }) => ({
    stream,
    values: records.flatMap((record) => (record === undefined ? [] : [valuesOf(record)])),
  }));

interface FoundWith {
  readonly keysOf: ReturnType<typeof compileKeys>;
  readonly children: readonly CompiledChild[];
}

function foundIn(
  { records }: ParsedPage,
  ordinals: readonly number[],
  { keysOf, children }: FoundWith,
): FoundRecords | PageFailure {
  const keys = keysOf(records);
  if (isPageFailure(keys)) return keys;
  const theirs = ordinals.map((ordinal) => records[ordinal]);
  return {
    ordinals,
    keys: ordinals.map((ordinal) => keys[ordinal] ?? ''),
    texts: theirs.flatMap(textsIn),
    parents: parentsIn(children, theirs),
  };
}

/** A response with other texts and numbers around its records. */
function changedAround(
  value: unknown,
  records: ReadonlySet<unknown>,
  change: (text: string) => string,
): unknown {
  if (records.has(value)) return value;
  const text = scalarText(value);
  if (text !== undefined) {
    const changed = typeof value === 'boolean' ? text : change(text);
    return changed === text ? value : changed;
  }
  if (Array.isArray(value)) return value.map((one) => changedAround(one, records, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, changedAround(child, records, change)]),
  );
}

function storedSubject(stream: StreamPlan, subject: string, piiKey: string | undefined): string {
  assert(stream.subject, `${stream.source}.${stream.name} says whom its records are about`);
  const found = compileSubject(stream, piiKey, false)?.(recordOf(stream.subject, subject));
  return found?.stored ?? subject;
}

/** Only where the value is the subject itself: what is changed on its way may be the same for several persons. */
function subjectColumns(stream: StreamPlan, mapping: MappingPlan, stored: string): readonly SubjectColumn[] {
  const { subject } = stream;
  if (subject === undefined) return [];
  const columns = compileColumns(mapping);
  const record = recordOf(subject, stored);
  return mapping.properties.flatMap((property, at): SubjectColumn[] => {
    const column = columns[at];
    if (column === undefined || !holdsSubject(property, stream)) return [];
    const value = coerce(column, column.read(record, record, null));
    const same = !(value instanceof Invalid) && String(value) === stored;
    return same ? [{ mapping, column: property.name, value }] : [];
  });
}

const holdsSubject = ({ origin, type, transforms }: PropertyPlan, stream: StreamPlan): boolean =>
  origin.kind === 'path' &&
  origin.path.root === 'record' &&
  isSubject(origin.path, stream) &&
  transforms.length === 0 &&
  (type.name === 'string' || type.name === 'integer');

function textsIn(value: unknown): string[] {
  const text = scalarText(value);
  if (text !== undefined) return typeof value === 'boolean' ? [] : [text];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(textsIn);
}
