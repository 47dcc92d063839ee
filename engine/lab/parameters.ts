import type * as config from '../model/config.ts';
import {
  type JsonValue,
  type RequestTemplate,
  templateParts,
  textsIn,
  wholePlaceholder,
} from '../model/request-template.ts';
import { requestTemplate } from '../model/stream-request.ts';
import { badRequest } from './answer.ts';
import { escaped, matchJson, type Values } from './match-json.ts';

/** A request as the lab got it. */
export interface Received {
  readonly method: string;
  /** Below the base URL. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Absent where none was sent. */
  readonly body?: unknown;
}

/** How a stream is asked for: a template, and what else it answers to. */
export interface RequestShape {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly pathNames: readonly string[];
  /** Texts with placeholders, by parameter. */
  readonly query: ReadonlyMap<string, string>;
  readonly body?: JsonValue;
  readonly apiKey?: string;
  /** Placeholder of the token that leads to the next page. */
  readonly token: string;
}

const defaultTokenParam = 'page_token';
const defaultSizeParam = 'limit';

/** The shape of requests that a template makes. */
export function templateShape({ method, path, query, body }: RequestTemplate): RequestShape {
  const parts = templateParts(new URL(`http://lab${path}`).pathname.replace(/%7B|%7D/gi, braces));
  return {
    method,
    path: new RegExp(`^${parts.map((part, at) => (at % 2 === 0 ? escaped(part) : '([^/]+)')).join('')}$`),
    pathNames: parts.filter((_, at) => at % 2 === 1),
    query: new Map(Object.entries(query)),
    ...(body !== undefined && { body }),
    token: 'page.token',
  };
}

/** The shape of a stream's requests. `result` is where its records are if a job says their address. */
export function requestShape(
  stream: config.Stream,
  auth: config.Auth | undefined,
  result?: string,
): RequestShape {
  const declared = requestTemplate(stream);
  const template = result === undefined ? declared : resultTemplate(declared, result);
  const shape = templateShape(template);
  const more = stream.paginate === undefined ? [] : offered(stream.paginate, template);
  return {
    ...shape,
    query: new Map([...shape.query, ...more]),
    ...(auth?.type === 'api_key' && auth.query !== undefined && { apiKey: auth.query }),
    token: tokenName(stream.paginate),
  };
}

const resultTemplate = (declared: RequestTemplate, result: string): RequestTemplate => ({
  ...declared,
  path: result,
  query: { ...declared.query, job: '{job.result}', file: '{job.file}' },
});

const isLinked = ({ type }: config.Paginate): boolean => type === 'link_header' || type === 'next_url';

const tokenName = (paginate: config.Paginate | undefined): string =>
  paginate === undefined || isLinked(paginate)
    ? 'page.token'
    : `page.${paginate.param ?? Object.keys(paginate.tokens ?? {})[0] ?? 'token'}`;

/** What a paged stream answers to besides: a page size, and the token of the links that it gives. */
function offered(paginate: config.Paginate, { path, query, body }: RequestTemplate): [string, string][] {
  if (paginate.type === 'none') return [];
  const texts = [path, ...Object.values(query), ...textsIn(body)];
  const sized = texts.some((text) => text.includes('{page.size}'));
  return [
    ...(sized ? [] : [[paginate.sizeParam ?? defaultSizeParam, '{page.size}'] as [string, string]]),
    ...(isLinked(paginate)
      ? [[paginate.param ?? defaultTokenParam, '{page.token}'] as [string, string]]
      : []),
  ];
}

const braces = (encoded: string): string => decodeURIComponent(encoded);

/** A parameter that only stands for a value tells no streams apart; one with more text in it does, such as a query. */
function isMeantBy(text: string, given: string | null): boolean {
  if (templateParts(text).length === 1) return given === text;
  return given === null || wholePlaceholder(text) !== undefined || matchJson(text, given) !== undefined;
}

/** Whether a request can be meant for a stream: its path, and all that the stream declares. */
export function isMeant(shape: RequestShape, { method, path, query, body }: Received): boolean {
  if (method !== shape.method || !shape.path.test(path)) return false;
  const carries = [...shape.query].every(([name, text]) => isMeantBy(text, query.get(name)));
  return carries && (shape.body === undefined || matchJson(shape.body, body as JsonValue) !== undefined);
}

/**
 * The values of a request by the names of their placeholders.
 * @throws Refusal 400 for a parameter that is unknown, repeated or not as declared, and for another body
 */
export function readRequest(shape: RequestShape, received: Received): Values {
  const [, ...found] = shape.path.exec(received.path) ?? [];
  const inPath = shape.pathNames.map((name, at): [string, JsonValue] => [
    name,
    decodeURIComponent(found[at] ?? ''),
  ]);
  return new Map([...inPath, ...readQuery(shape, received.query), ...readBody(shape, received.body)]);
}

function readQuery(shape: RequestShape, query: URLSearchParams): Values {
  const names = [...query.keys()];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw badRequest(`Query parameter ${twice} is given twice.`);
  return new Map(
    [...query].flatMap(([name, value]) =>
      name === shape.apiKey ? [] : [...readParameter(name, shape.query.get(name), value)],
    ),
  );
}

function readParameter(name: string, text: string | undefined, value: string): Values {
  if (text === undefined) throw badRequest(`Query parameter ${name} is unknown.`);
  const read = matchJson(text, value);
  if (read === undefined) throw badRequest(`Query parameter ${name} must be ${text}, got ${value}.`);
  return read;
}

function readBody(shape: RequestShape, body: unknown): Values {
  if (shape.body === undefined) return new Map();
  const read = matchJson(shape.body, body as JsonValue);
  if (read !== undefined) return read;
  throw badRequest(`The body must be ${JSON.stringify(shape.body)}.`);
}

/** A whole number that a parameter gives. @throws Refusal 400 for anything else */
export function readInteger(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= min) return value;
  throw badRequest(
    `Query parameter ${name} must be a whole number of at least ${min}, got ${text || 'nothing'}.`,
  );
}

/** For people: the parameter that carries a placeholder. */
export const carrier = ({ query }: RequestShape, placeholder: string): string =>
  [...query].find(([, text]) => wholePlaceholder(text) === placeholder)?.[0] ?? `{${placeholder}}`;

/** Equal for streams that no request could tell apart. */
export const distinction = ({ method, path, query, body }: RequestShape): string => {
  const fixed = [...query].filter(([, text]) => wholePlaceholder(text) === undefined);
  return JSON.stringify([method, path.source, fixed.sort(), body ?? null]);
};
