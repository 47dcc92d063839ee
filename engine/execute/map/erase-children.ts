import { streamName } from '../../model/accounts.ts';
import type { PageFailure, ParentValues } from '../../model/batch.ts';
import type { ChildEraser, ErasedParent } from '../../model/forget.ts';
import { pathText } from '../../model/path.ts';
import type { MappingPlan, Path, StreamPlan } from '../../model/plan.ts';
import { declaredName } from '../../model/sweep.ts';
import { stringifyExact } from './exact-json.ts';
import { isPageFailure } from './failures.ts';
import { pagePacker } from './pack.ts';
import { parentValue } from './parents.ts';
import { compilePath, isObject, type JsonObject } from './paths.ts';
import { compileReader, type ParsedPage } from './read-page.ts';
import { scalarText } from './scalars.ts';

/** A stream that is asked for with values of records, and where these have them. */
export interface ChildStream {
  readonly stream: StreamPlan;
  readonly says: readonly { readonly own: string; readonly of: Path }[];
}

export interface CompiledChild extends ChildEraser {
  /** What a record is asked for with, as far as it says it. */
  valuesOf(record: JsonObject): ParentValues;
}

interface Person {
  /** As it is stored. */
  readonly stored: string;
  /** Mappings by the stream that they read. */
  readonly readers: ReadonlyMap<string, readonly MappingPlan[]>;
}

/** Where a record has what its request said of its parent. */
const parentKey = '_parent';

/** Compiles how a person is found in a stream that was asked for with their records; these are of `parents`. */
export function compileChild(
  { stream, says }: ChildStream,
  parents: StreamPlan,
  { stored, readers }: Person,
  { pageKey }: { readonly pageKey?: string },
): CompiledChild {
  const packer = pagePacker(pageKey);
  const read = compileReader(stream);
  const isKeyed = isMadeOfParents(
    stream,
    readers.get(streamName({ ...stream, name: declaredName(stream.name) })) ?? [],
  );
  // Of a stream with a subject the records themselves are erased.
  const isKept = isKeyed || stream.subject !== undefined;
  const erased = (parsed: ParsedPage | PageFailure, parent: ErasedParent): string | undefined =>
    isKept || isPageFailure(parsed) || !hideParents(parsed.records, parent)
      ? undefined
      : stringifyExact(parsed.response);
  const paths = says.map(({ own, of }) => ({ own, read: compilePath(of) }));
  const named = says.filter(
    ({ of }) => parents.subject !== undefined && pathText(of) === pathText(parents.subject),
  );
  return {
    stream,
    isKeyed: isKeyed && stream.subject === undefined,
    ...(named.length > 0 && { named: Object.fromEntries(named.map(({ own }) => [own, stored])) }),
    valuesOf: (record) =>
      Object.fromEntries(
        paths.flatMap(({ own, read: find }) => {
          const value = parentValue(find(record));
          return value === undefined ? [] : [[own, value] as const];
        }),
      ),
    erase: async (body, page, parent) => {
      const bytes = packer.unpack(body, page);
      const left = bytes && erased(read(bytes), parent);
      return left === undefined ? undefined : packer.pack(Buffer.from(left), page);
    },
    eraseIn: (body, parent) => erased(read(Buffer.from(body)), parent),
  };
}

/** Whether its primary key, or what a mapping makes of its records, has something of the parents. */
const isMadeOfParents = ({ primaryKey }: StreamPlan, mappings: readonly MappingPlan[]): boolean =>
  JSON.stringify([primaryKey, mappings.map(({ where, properties }) => [where, properties])]).includes(
    parentKey,
  );

/** Changes the records in place; says whether there was something to hide. */
function hideParents(records: readonly JsonObject[], { isTheirs, instead }: ErasedParent): boolean {
  let found = false;
  for (const record of records as readonly Record<string, unknown>[]) {
    const parent = record[parentKey];
    if (!isObject(parent)) continue;
    const texts = Object.entries(parent).map(([name, value]) => [name, scalarText(value) ?? ''] as const);
    if (!isTheirs(Object.fromEntries(texts))) continue;
    record[parentKey] = Object.fromEntries(texts.map(([name]) => [name, instead]));
    found = true;
  }
  return found;
}
