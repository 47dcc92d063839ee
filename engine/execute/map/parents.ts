import type { PageFailure, ParentValues } from '../../model/batch.ts';
import { pathText } from '../../model/path.ts';
import type { ParentPlan } from '../../model/plan.ts';
import type { JsonValue } from '../../model/request-template.ts';
import { compileConditions } from './conditions.ts';
import { ExactNumber, parseExact } from './exact-json.ts';
import * as failures from './failures.ts';
import { isMarked } from './forget.ts';
import { compilePath, isObject, type JsonObject } from './paths.ts';

/** What the children of the records of a kept page are asked for with; each once. */
export type ParentReader = (body: Uint8Array) => readonly ParentValues[] | PageFailure;

/** Compiles how the records of a stream are read as parents of another one. `stream` is the child. */
export function compileParents(stream: string, parent: ParentPlan): ParentReader {
  const readRecords = compilePath(parent.records);
  const isWanted = compileConditions(parent.where);
  const readers = parent.values.map((path) => ({ path, text: pathText(path), read: compilePath(path) }));
  return (body) => {
    const records = readRecords(parseExact(new TextDecoder().decode(body)));
    const known = (Array.isArray(records) ? records : []).filter(
      (one): one is JsonObject => isObject(one) && !isMarked(one) && (isWanted?.(one, one, null) ?? true),
    );
    const found = new Map<string, ParentValues>();
    for (const [ordinal, record] of known.entries()) {
      const values = readers.map(({ text, read }) => [text, plain(read(record))] as const);
      const missing = values.findIndex(([, value]) => value === undefined);
      if (missing !== -1)
        return failures.noParentValue(stream, parent.stream, ordinal, readers[missing]?.text ?? '');
      found.set(JSON.stringify(values), Object.fromEntries(values) as ParentValues);
    }
    return [...found.values()];
  };
}

function plain(value: unknown): JsonValue | undefined {
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}
