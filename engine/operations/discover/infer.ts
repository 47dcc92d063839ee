import { type FoundProperty, pathBelow } from '../../model/catalog.ts';

type JsonRecord = { readonly [key: string]: unknown };

/** Levels of objects that become paths; what is deeper stays JSON. */
const depthMax = 4;
/** Properties of one stream; those that come later are left out. */
const propertiesMax = 2000;
/** Keys of one object; one with more is a dictionary, whose keys are data. */
const keysMax = 300;

/** What the values of one property had in common so far. */
interface Seen {
  readonly keys: readonly string[];
  types: Set<string>;
  values: number;
  isNull: boolean;
}

const instant = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/;
const wallClock = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$/;
const day = /^\d{4}-\d{2}-\d{2}$/;

function textType(text: string): string {
  if (Number.isNaN(Date.parse(text))) return 'string';
  if (instant.test(text)) return 'timestamp';
  if (wallClock.test(text)) return 'datetime';
  return day.test(text) ? 'date' : 'string';
}

function typeOfValue(value: unknown): string {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'double';
  return typeof value === 'string' ? textType(value) : 'json';
}

/** The type that takes values of all of these. */
export function commonType(types: Iterable<string>): string {
  const all = new Set(types);
  if (all.size === 0) return 'string';
  const [only] = all;
  if (all.size === 1 && only !== undefined) return only;
  if (all.has('json')) return 'json';
  const isNumber = [...all].every((type) => /^(integer|double|decimal\()/.test(type));
  return isNumber ? 'double' : 'string';
}

const isObject = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNested = (value: unknown, depth: number): value is JsonRecord => {
  if (!isObject(value) || depth >= depthMax) return false;
  const { length } = Object.keys(value);
  return length > 0 && length <= keysMax;
};

class Inference {
  readonly #seen = new Map<string, Seen>();

  add(value: JsonRecord, keys: readonly string[] = []): void {
    for (const [key, child] of Object.entries(value)) {
      const own = [...keys, key];
      if (isNested(child, own.length)) this.add(child, own);
      else this.#note(own, child);
    }
  }

  #note(keys: readonly string[], value: unknown): void {
    const path = pathBelow([], ...keys);
    const seen = this.#seen.get(path) ?? { keys, types: new Set(), values: 0, isNull: false };
    if (!this.#seen.has(path) && this.#seen.size >= propertiesMax) return;
    this.#seen.set(path, seen);
    // An empty text says nothing about a type.
    if (value === null || value === undefined || value === '') seen.isNull = true;
    else {
      seen.types.add(typeOfValue(value));
      seen.values += 1;
    }
  }

  /** Where some records have an object and others something else, the whole is JSON. */
  properties(records: number): readonly FoundProperty[] {
    const paths = [...this.#seen.keys()];
    return [...this.#seen].flatMap(([path, { keys, types, values, isNull }]): FoundProperty[] => {
      const isInner = keys.some(
        (_, at) => at > 0 && this.#seen.get(pathBelow([], ...keys.slice(0, at)))?.values,
      );
      const isOuter = paths.some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[`));
      if (isInner || (isOuter && values === 0)) return [];
      const type = isOuter ? 'json' : commonType(types);
      const nullable = isNull || values < records;
      return [{ id: path, name: path, path, type, nullable, seen: records === 0 ? 0 : values / records }];
    });
  }
}

/** The properties that records show. Nested objects become paths, lists stay JSON; no value is kept. */
export function inferProperties(records: readonly JsonRecord[]): readonly FoundProperty[] {
  const inference = new Inference();
  for (const record of records) inference.add(record);
  return inference.properties(records.length);
}
