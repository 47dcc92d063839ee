import type { PageFailure } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { StreamEraser, SubjectColumn } from '../../model/forget.ts';
import { pathText } from '../../model/path.ts';
import type { MappingPlan, PropertyPlan, StreamPlan } from '../../model/plan.ts';
import { coerce, compileColumns } from './columns.ts';
import { stringifyExact } from './exact-json.ts';
import { isPageFailure, sealedPage } from './failures.ts';
import { compileForgetter, compileSubject, recordOf, subjectHash } from './forget.ts';
import { Invalid } from './invalid.ts';
import { compileKeys } from './keys.ts';
import { pagePacker } from './pack.ts';
import { compileReader, type ParsedPage } from './read-page.ts';
import { scalarText } from './scalars.ts';

export interface EraserSecrets {
  readonly piiKey?: string;
  readonly pageKey?: string;
}

/** For a stream that says whom its records are about, and somebody as its API names them. */
export function compileEraser(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  subject: string,
  { piiKey, pageKey }: EraserSecrets,
): StreamEraser {
  const wanted = storedSubject(stream, subject, piiKey);
  const subjectOf = compileSubject(stream, piiKey, true);
  const read = compileReader(stream);
  const keysOf = compileKeys(stream);
  const packer = pagePacker(pageKey);
  const full = `${stream.source}.${stream.name}`;
  const open = (body: Uint8Array, page: number): ParsedPage | PageFailure => {
    const bytes = packer.unpack(body, page);
    return bytes === undefined ? sealedPage(full, page) : read(bytes);
  };
  const ordinalsOf = ({ records }: ParsedPage): readonly number[] =>
    records.flatMap((record, ordinal) => (subjectOf?.(record)?.stored === wanted ? [ordinal] : []));
  return {
    stream,
    mappings,
    names: [subject, wanted],
    columns: mappings.flatMap((mapping) => subjectColumns(stream, mapping, wanted)),
    hash: (salt) => subjectHash(salt, wanted),
    find: (body, page) => {
      const parsed = open(body, page);
      if (isPageFailure(parsed)) return parsed;
      const ordinals = ordinalsOf(parsed);
      const keys = keysOf(parsed.records);
      if (isPageFailure(keys)) return keys;
      return {
        ordinals,
        keys: ordinals.map((ordinal) => keys[ordinal] ?? ''),
        texts: ordinals.flatMap((ordinal) => textsIn(parsed.records[ordinal])),
      };
    },
    erase: async (body, page, salt) => {
      const parsed = open(body, page);
      if (isPageFailure(parsed)) return parsed;
      const ordinals = ordinalsOf(parsed);
      const forgotten = { salt, hashes: { [full]: [subjectHash(salt, wanted)] } };
      compileForgetter(stream, forgotten, piiKey, true).bury(parsed);
      const keys = keysOf(parsed.records);
      if (isPageFailure(keys)) return keys;
      const packed = await packer.pack(Buffer.from(stringifyExact(parsed.response)), page);
      return { page, ordinals, body: packed, records: new Map(ordinals.map((at) => [at, keys[at] ?? ''])) };
    },
  };
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

const holdsSubject = ({ origin, type, transforms }: PropertyPlan, { subject }: StreamPlan): boolean =>
  origin.kind === 'path' &&
  origin.path.root === 'record' &&
  subject !== undefined &&
  pathText(origin.path) === pathText(subject) &&
  transforms.length === 0 &&
  (type.name === 'string' || type.name === 'integer');

function textsIn(value: unknown): string[] {
  const text = scalarText(value);
  if (text !== undefined) return typeof value === 'boolean' ? [] : [text];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(textsIn);
}
