import { accountStream } from '../../model/accounts.ts';
import type { PageFailure } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { Path, StreamPlan } from '../../model/plan.ts';
import { noPrimaryKey } from './failures.ts';
import { compilePath, type JsonObject, type Reader } from './paths.ts';
import { isStorable, scalarText } from './scalars.ts';

/** The primary key of each record, as text: one value as it is, several as a JSON array. */
export function compileKeys(
  stream: StreamPlan,
): (records: readonly JsonObject[]) => readonly string[] | PageFailure {
  const name = accountStream(stream);
  const parts = stream.primaryKey.map((path): readonly [Path, Reader] => [path, compilePath(path)]);
  return (records) => {
    const keys: string[] = [];
    for (const [ordinal, record] of records.entries()) {
      const texts = parts.map(([, read]) => keyText(read(record)));
      const empty = texts.indexOf('');
      if (empty !== -1) return failure(name, ordinal, record, parts[empty]);
      keys.push(texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts));
    }
    return keys;
  };
}

function failure(
  stream: string,
  ordinal: number,
  record: JsonObject,
  part: readonly [Path, Reader] | undefined,
): PageFailure {
  assert(part, 'a key that is empty has a path');
  const [path, read] = part;
  return noPrimaryKey(stream, ordinal, path, record, read(record));
}

/** Empty where there is no key value. */
const keyText = (value: unknown): string => storable(scalarText(value) ?? '');

/** It is for people to find the record by; columns that hold the value itself refuse such text. */
const storable = (text: string): string =>
  isStorable(text) ? text : text.replaceAll('\0', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD');
