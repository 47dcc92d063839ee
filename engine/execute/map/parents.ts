import type { FoundParent, PageFailure, ParentValues } from '../../model/batch.ts';
import { pathText } from '../../model/path.ts';
import type { ParentPlan } from '../../model/plan.ts';
import type { JsonValue } from '../../model/request-template.ts';
import { compileConditions } from './conditions.ts';
import { ExactNumber, parseExact } from './exact-json.ts';
import * as failures from './failures.ts';
import { isMarked } from './forget.ts';
import { compilePath, isObject, type JsonObject } from './paths.ts';

/** What the children of the records of a kept page are asked for with; each once. */
export type ParentReader = (body: Uint8Array) => readonly FoundParent[] | PageFailure;

/** Compiles how the records of a stream are read as parents of another one. `stream` is the child. */
export function compileParents(stream: string, parent: ParentPlan): ParentReader {
  const lists = parent.records.map((path) => compilePath(path));
  const isWanted = compileConditions(parent.where);
  const valuesOf = compileParentValues(parent);
  const isParent = (entry: [number, unknown]): entry is [number, JsonObject] => {
    const [, one] = entry;
    return isObject(one) && !isMarked(one) && (isWanted?.(one, one, null) ?? true);
  };
  return (body) => {
    const response = parseExact(new TextDecoder().decode(body));
    const records = lists.flatMap((read) => arrayOf(read(response)));
    const found = new Map<string, FoundParent>();
    for (const [ordinal, record] of [...records.entries()].filter(isParent)) {
      const values = valuesOf(record);
      if (typeof values === 'string') return failures.noParentValue(stream, parent.stream, ordinal, values);
      const key = JSON.stringify(values);
      if (!found.has(key)) found.set(key, { ordinal, values });
    }
    return [...found.values()];
  };
}

/** Reads what a record is asked for with; gives the path where there is nothing. */
function compileParentValues({ values }: ParentPlan): (record: JsonObject) => ParentValues | string {
  const readers = values.map((path) => ({ text: pathText(path), read: compilePath(path) }));
  return (record) => {
    const found = readers.map(({ text, read }) => [text, parentValue(read(record))] as const);
    const missing = found.find(([, value]) => value === undefined);
    return missing === undefined ? (Object.fromEntries(found) as ParentValues) : missing[0];
  };
}

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A value as a request says it; undefined where it is none that can be said. */
export function parentValue(value: unknown): JsonValue | undefined {
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}
