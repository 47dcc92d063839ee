import type * as config from '../model/config.ts';
import { isPathError, parsePath, pathText } from '../model/path.ts';
import type { Path } from '../model/plan.ts';
import {
  fieldsBelow,
  type JsonValue,
  mapTexts,
  type RequestTemplate,
  templateParts,
  wholePlaceholder,
} from '../model/request-template.ts';

/** `{{name}}` of a template: all that can be told of it. */
const inTemplate = /\{\{\{?\s*([^{}\s#/]+)\s*\}?\}\}/g;

/**
 * Puts the names of what is read into a request: `{fields}` is each path of a record that its key, its cursor or a mapping
 * reads, `{fields.properties}` each key below `properties`. In a list they are elements, elsewhere a list with commas.
 */
export function withFields(
  request: RequestTemplate,
  stream: config.Stream,
  readers: readonly config.Mapping[],
): RequestTemplate {
  const paths = pathsRead(stream, readers);
  const namesOf = (placeholder: string): readonly string[] | undefined => {
    const below = fieldsBelow(placeholder);
    return below === undefined ? undefined : namesBelow(paths, below);
  };
  const fill = (text: string): string =>
    templateParts(text)
      .map((part, at) => (at % 2 === 0 ? part : (namesOf(part)?.join(',') ?? `{${part}}`)))
      .join('');
  const elements = (element: JsonValue): readonly JsonValue[] => {
    const whole = typeof element === 'string' ? wholePlaceholder(element) : undefined;
    return (whole === undefined ? undefined : namesOf(whole)) ?? [mapTexts(element, fill, elements)];
  };
  const all = (texts: { readonly [name: string]: string }): { readonly [name: string]: string } =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text)]));
  return {
    method: request.method,
    path: fill(request.path),
    query: all(request.query),
    headers: all(request.headers),
    ...(request.body !== undefined && { body: mapTexts(request.body, fill, elements) }),
  };
}

/** Paths of a record that are read, as text, in the order of the project. */
function pathsRead(
  { primaryKey, cursor, subject, deletes = [] }: config.Stream,
  readers: readonly config.Mapping[],
): readonly Path[] {
  const own = [
    ...primaryKey,
    ...(cursor ? [cursor.field] : []),
    ...(subject === undefined ? [] : [subject]),
    ...deletes.flatMap(({ by, where = {} }) => (by === 'flag' ? Object.keys(where) : [])),
  ];
  const texts = [...own, ...readers.flatMap(textsOf)];
  return texts.flatMap((text) => {
    const path = parsePath(text);
    return isPathError(path) || path.root !== 'record' ? [] : [path];
  });
}

/** Of a mapping with `each`, what is read of the record: the array, and `$parent`. An API refuses to be asked for what is gone. */
function textsOf({ each, where = {}, properties }: config.Mapping): readonly string[] {
  const read = Object.values(properties).flatMap(({ from, removed, template }) => [
    ...(from === undefined || removed !== undefined ? [] : [from]),
    ...[...(template ?? '').matchAll(inTemplate)].map(([, path = '']) => path),
  ]);
  const all = [...Object.keys(where), ...read];
  if (each === undefined) return all;
  const ofRecord = all.filter((text) => text.startsWith('$parent.'));
  return [each, ...ofRecord.map((text) => text.slice('$parent.'.length))];
}

function namesBelow(paths: readonly Path[], below: string): readonly string[] {
  const names = paths.flatMap((path) => {
    if (below === '') return [pathText(keysOnly(path))];
    const [first, second] = path.segments;
    const isBelow = first !== undefined && 'key' in first && first.key === below;
    return isBelow && second !== undefined && 'key' in second ? [second.key] : [];
  });
  return [...new Set(names)];
}

/** Up to the first element of a list: an API is asked for the list. */
const keysOnly = ({ root, segments }: Path): Path => {
  const end = segments.findIndex((segment) => !('key' in segment));
  return { root, segments: end === -1 ? segments : segments.slice(0, end) };
};
