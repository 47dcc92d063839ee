import { createHmac } from 'node:crypto';
import type { Forgotten } from '../../model/forget.ts';
import { pathText } from '../../model/path.ts';
import type { Path, PathSegment, PrivacyPlan, StreamPlan } from '../../model/plan.ts';
import { recordCursor } from '../../model/stream-cursor.ts';
import { declaredName } from '../../model/sweep.ts';
import { compilePath, type JsonObject, type Reader } from './paths.ts';
import { compileReplacement } from './privacy.ts';
import { scalarText } from './scalars.ts';

/** Whom a record is about, in words and as it is stored. */
export interface Subject {
  readonly received: string;
  /** A token where `pii: hmac` makes one. */
  readonly stored: string;
}

/** Says whom a record is about; undefined where it says nothing. */
export type SubjectReader = (record: unknown) => Subject | undefined;

interface Buriable {
  readonly records: readonly JsonObject[];
  /** Records that are tombstones since they were received; absent when none is. */
  readonly forgotten?: number;
}

/** Finds the records of persons who were forgotten, and leaves a tombstone of each. */
export interface Forgetter {
  /** Changes the records in place, and counts them. */
  bury<P extends Buriable>(page: P): P;
  /** Whether a record was one, in this response or in a kept one. */
  isTombstone(record: JsonObject): boolean;
}

/** Tombstones bear it: only who knows the salt can make one, so that no API can pass a record off as one. */
const markKey = '$forgotten';

/** Whether a record was one for whoever has made it: of recordings, whose salt nobody has. */
export const isMarked = (record: JsonObject): boolean => Object.hasOwn(record, markKey);

const keyed = (salt: string, text: string): string => createHmac('sha256', salt).update(text).digest('hex');

/** The salted hash of a subject as it is stored. */
export const subjectHash = (salt: string, stored: string): string => keyed(salt, `subject ${stored}`);

/** `again`: of kept records, where tokens are made already. */
export function compileSubject(
  stream: StreamPlan,
  piiKey: string | undefined,
  again: boolean,
): SubjectReader | undefined {
  if (stream.subject === undefined) return undefined;
  const read = compilePath(stream.subject);
  const store = replacementAt(stream.privacy, stream.subject, piiKey, again);
  return (record) => {
    const value = read(record);
    const received = value === null ? undefined : scalarText(value);
    const stored = received === undefined ? undefined : scalarText(store(value));
    return received === undefined || received === '' || stored === undefined
      ? undefined
      : { received, stored };
  };
}

function replacementAt(
  privacy: readonly PrivacyPlan[],
  path: Path,
  piiKey: string | undefined,
  again: boolean,
): (value: unknown) => unknown {
  const rule = privacy.find((one) => reaches(one.path.segments, path.segments));
  return rule === undefined ? (value) => value : compileReplacement(rule, piiKey, again);
}

const reaches = (rule: readonly PathSegment[], path: readonly PathSegment[]): boolean =>
  rule.length === path.length &&
  rule.every((segment, at) => 'any' in segment || JSON.stringify(segment) === JSON.stringify(path[at]));

const nobody: Forgetter = { bury: (page) => page, isTombstone: () => false };

/** Compiles who is forgotten in a stream. */
export function compileForgetter(
  stream: StreamPlan,
  forgotten: Forgotten | undefined,
  piiKey: string | undefined,
  again = false,
): Forgetter {
  if (forgotten === undefined) return nobody;
  const { salt } = forgotten;
  const subjectOf = compileSubject(stream, piiKey, again);
  const hashes = new Set(forgotten.hashes[`${stream.source}.${declaredName(stream.name)}`]);
  const mark = keyed(salt, 'tombstone');
  const kept = keptPaths(stream);
  const isTombstone = (record: JsonObject): boolean => record[markKey] === mark;
  const buried = (record: JsonObject): boolean => {
    const subject = subjectOf?.(record);
    if (subject === undefined || isTombstone(record)) return false;
    const hash = subjectHash(salt, subject.stored);
    if (!hashes.has(hash)) return false;
    bury(record, { kept, subject, hash, mark });
    return true;
  };
  const isSilent = subjectOf === undefined || hashes.size === 0;
  return {
    bury: (page) => {
      if (isSilent) return page;
      const count = page.records.filter(buried).length;
      return count === 0 ? page : { ...page, forgotten: (page.forgotten ?? 0) + count };
    },
    isTombstone,
  };
}

interface KeptPath {
  readonly segments: readonly PathSegment[];
  readonly read: Reader;
  /** A cursor stays what it is, since pages are read by it. */
  readonly isCursor: boolean;
}

/** What the ledger recognises a record and its version by. */
function keptPaths(stream: StreamPlan): readonly KeptPath[] {
  const { primaryKey } = stream;
  const cursor = recordCursor(stream);
  const field = cursor && pathText(cursor.field);
  const unique = new Map(
    [...primaryKey, ...(cursor ? [cursor.field] : [])].map((path) => [pathText(path), path]),
  );
  return [...unique].map(([text, path]) => ({
    segments: path.segments,
    read: compilePath(path),
    isCursor: text === field,
  }));
}

interface Grave {
  readonly kept: readonly KeptPath[];
  readonly subject: Subject;
  readonly hash: string;
  readonly mark: string;
}

/** Leaves of a record its key and its cursor, in place; a key that names the subject becomes the salted hash. */
function bury(record: JsonObject, { kept, subject, hash, mark }: Grave): void {
  const values = kept.map(({ read, ...path }) => ({ ...path, value: read(record) }));
  const holder = record as Record<string, unknown>;
  for (const key of Object.keys(holder)) delete holder[key];
  holder[markKey] = mark;
  for (const { segments, isCursor, value } of values) {
    const named = !isCursor && [subject.received, subject.stored].includes(scalarText(value) ?? '');
    put(holder, segments, named ? hash : value);
  }
}

/** A record that has nothing but a value at a path. */
export function recordOf(path: Path, value: unknown): JsonObject {
  const record: Record<string, unknown> = {};
  put(record, path.segments, value);
  return record;
}

/** Objects stand for arrays as well: a path reads both alike. */
function put(
  holder: Record<string, unknown>,
  [first, ...rest]: readonly PathSegment[],
  value: unknown,
): void {
  if (first === undefined || 'any' in first || 'where' in first || value === undefined) return;
  const key = 'index' in first ? String(first.index) : first.key;
  const before = Object.hasOwn(holder, key) ? holder[key] : undefined;
  const inner = (before ?? {}) as Record<string, unknown>;
  if (rest.length > 0) put(inner, rest, value);
  // A key such as `__proto__` is data like any other.
  Object.defineProperty(holder, key, {
    value: rest.length > 0 ? inner : value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
