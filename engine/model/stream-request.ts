import type * as config from './config.ts';
import type { JsonValue, RequestTemplate } from './request-template.ts';

const defaultSizeParam = 'limit';

/** Paths of the records of a stream: of one list, or of several. */
export const recordsPaths = ({ records = '' }: config.Stream): readonly string[] =>
  typeof records === 'string' ? [records] : Object.values(records);

/** The path of the records of a stream; of several lists, the first one's. */
export const recordsPath = (stream: config.Stream): string => recordsPaths(stream)[0] ?? '';

/** The request of a step of a job. */
export const jobTemplate = ({ method, path, query, headers, body }: config.JobStep): RequestTemplate => ({
  method: method ?? 'GET',
  path,
  query: Object.fromEntries(Object.entries(query ?? {}).map(([name, value]) => [name, String(value)])),
  headers: headers ?? {},
  ...(body !== undefined && { body: body as JsonValue }),
});

/** The names under which the pages of a listing are asked for: `{page.…}`. */
const pageValues: { readonly [type in config.Paginate['type']]?: string } = {
  page: 'number',
  offset: 'offset',
  keyset: 'key',
};

/** Tokens of a listing, by the names of their placeholders, with the paths where they stand. */
export const tokenPaths = ({ tokens, token, param }: config.Paginate): { readonly [name: string]: string } =>
  tokens ?? (token === undefined ? {} : { [param ?? 'token']: token });

/** A stream's request with a placeholder for each parameter that other settings name. */
export function requestTemplate({ request, cursor, paginate }: config.Stream): RequestTemplate {
  const declared = Object.entries(request.query ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    method: request.method ?? 'GET',
    path: request.path,
    query: {
      ...Object.fromEntries(declared),
      ...(cursor?.from !== undefined && { [cursor.from.query]: '{cursor.from}' }),
      ...(cursor?.to !== undefined && { [cursor.to.query]: '{cursor.to}' }),
      ...(paginate !== undefined && pagingParameters(paginate, request)),
    },
    headers: request.headers ?? {},
    ...(request.body !== undefined && { body: request.body as JsonValue }),
  };
}

function pagingParameters(
  paginate: config.Paginate,
  request: config.StreamRequest,
): { readonly [parameter: string]: string } {
  const { param, size, sizeParam } = paginate;
  // A size that the request places itself is not sent twice.
  const placed = sizeParam === undefined && JSON.stringify(request).includes('{page.size}');
  const value = pageValues[paginate.type];
  return {
    ...(size !== undefined && !placed && { [sizeParam ?? defaultSizeParam]: '{page.size}' }),
    ...(value !== undefined && param !== undefined && { [param]: `{page.${value}}` }),
    ...(paginate.type === 'cursor_token' && tokenParameters(paginate)),
  };
}

/** A token without a parameter of its own stands where the request says `{page.…}`. */
const tokenParameters = ({ param, tokens }: config.Paginate): { readonly [parameter: string]: string } => ({
  ...(param !== undefined && { [param]: `{page.${param}}` }),
  ...Object.fromEntries(Object.keys(tokens ?? {}).map((name) => [name, `{page.${name}}`])),
});
