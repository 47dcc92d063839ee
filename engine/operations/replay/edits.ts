import { isDeepStrictEqual } from 'node:util';
import type { ProjectFiles, SourceDocument } from '../../model/project.ts';
import type { MappingEdit } from '../../model/replay.ts';

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objectIn = (value: unknown): Json => (isJson(value) ? value : {});

/** Keys of a mapping that say nothing about its rows. */
const silent: ReadonlySet<string> = new Set(['kind', 'name', 'description', 'tags', 'properties', 'load']);
/** Inherited keys that are named, at most. */
const inheritedMax = 5;

/** What the files of mappings say otherwise in the head than in the base, as they are written: formatting says nothing. */
export function mappingEdits(base: ProjectFiles, head: ProjectFiles): readonly MappingEdit[] {
  const [before, after] = [mappingsIn(base), mappingsIn(head)];
  const names = new Set([...after.keys(), ...before.keys()]);
  return [...names].map((name) => {
    const [then, now] = [before.get(name), after.get(name)];
    const keys = then && now ? editedKeys(objectIn(then.value), objectIn(now.value)) : [];
    return {
      mapping: name,
      state: stateOf(then, now, keys),
      keys,
      columns: keys.flatMap((key) => /^properties\.(.*)$/.exec(key)?.[1] ?? []),
      inherited: then && now ? inheritedEdits(name, objectIn(now.value), base, head) : [],
    };
  });
}

/** The files of the base with the mappings of the head: what changes then is what their own files change. */
export function withMappingsOf(head: ProjectFiles, base: ProjectFiles): ProjectFiles {
  const others = base.documents.filter((document) => !isOfMappings(document));
  const documents = [...others, ...head.documents.filter(isOfMappings)];
  return { ...base, documents: documents.sort((a, b) => (a.file < b.file ? -1 : 1)) };
}

/** Mappings, and what they are made of. */
const isOfMappings = ({ value }: SourceDocument): boolean =>
  ['mapping', 'properties', 'catalog'].includes(String(objectIn(value)['kind']));

const isMapping = ({ value }: SourceDocument): boolean => objectIn(value)['kind'] === 'mapping';

const mappingsIn = ({ documents }: ProjectFiles): ReadonlyMap<string, SourceDocument> =>
  new Map(
    documents.filter(isMapping).map((document) => [String(objectIn(document.value)['name']), document]),
  );

function stateOf(then: unknown, now: unknown, keys: readonly string[]): MappingEdit['state'] {
  if (then === undefined) return 'new';
  if (now === undefined) return 'removed';
  return keys.length === 0 ? 'same' : 'changed';
}

function editedKeys(then: Json, now: Json): readonly string[] {
  const own = differing(then, now).filter((key) => !silent.has(key));
  const load = differing(objectIn(then['load']), objectIn(now['load'])).map((key) => `load.${key}`);
  const [before, after] = [objectIn(then['properties']), objectIn(now['properties'])];
  const properties = differing(before, after)
    .filter((name) => !isDeepStrictEqual(undescribed(before[name]), undescribed(after[name])))
    .map((name) => `properties.${name}`);
  return [...own, ...load, ...properties];
}

const differing = (then: Json, now: Json): readonly string[] =>
  [...new Set([...Object.keys(then), ...Object.keys(now)])].filter(
    (key) => !isDeepStrictEqual(then[key], now[key]),
  );

/** A property but for what it says to readers. */
function undescribed(property: unknown): unknown {
  if (!isJson(property)) return property;
  const { description: _, ...said } = property;
  return said;
}

/** What of other files has changed that a mapping is made of. */
function inheritedEdits(
  name: string,
  mapping: Json,
  base: ProjectFiles,
  head: ProjectFiles,
): readonly string[] {
  const [source] = String(mapping['from']).split('.');
  const found = head.documents.flatMap((document) => {
    const now = objectIn(document.value);
    const then = objectIn(base.documents.find(({ file }) => file === document.file)?.value);
    if (isDeepStrictEqual(then, now)) return [];
    const keys = concerned(now, then, { name, source: source ?? '', from: String(mapping['from']) });
    return keys.map((key) => `${document.file}: \`${key}\``);
  });
  return found.length <= inheritedMax
    ? found
    : [...found.slice(0, inheritedMax), `${found.length - inheritedMax} more`];
}

interface Concern {
  readonly name: string;
  readonly source: string;
  readonly from: string;
}

/** Keys of a document that changed and can concern a mapping, down to where the difference is. */
function concerned(now: Json, then: Json, { name, source, from }: Concern): readonly string[] {
  const below = (...keys: readonly string[]): readonly string[] =>
    keys.flatMap((key) => deepest(key, then[key], now[key]));
  switch (now['kind']) {
    case 'project':
      return below('vars', 'defaults', 'environments', 'pii');
    case 'source': {
      if (now['name'] !== source) return [];
      const stream = from.slice(source.length + 1);
      const [before, after] = [objectIn(then['streams'])[stream], objectIn(now['streams'])[stream]];
      return [...below('redact', 'vars'), ...deepest(`streams.${stream}`, before, after)];
    }
    case 'overrides':
      return now['mapping'] === name ? below('overrides') : [];
    case 'mapping':
      return now['name'] !== name && now['from'] === from ? personalKeys(then, now) : [];
    default:
      return [];
  }
}

/** Another mapping of the same stream can take a value away from all of them. */
function personalKeys(then: Json, now: Json): readonly string[] {
  const [before, after] = [objectIn(then['properties']), objectIn(now['properties'])];
  return differing(before, after)
    .filter((key) => objectIn(before[key])['pii'] !== objectIn(after[key])['pii'])
    .map((key) => `properties.${key}.pii`);
}

/** The paths of what differs, as deep as both sides are objects. */
function deepest(path: string, then: unknown, now: unknown): readonly string[] {
  if (isDeepStrictEqual(then, now)) return [];
  if (!isJson(then) || !isJson(now)) return [path];
  return differing(then, now).flatMap((key) => deepest(`${path}.${key}`, then[key], now[key]));
}
