import type * as config from '../model/config.ts';
import { badRequest } from './answer.ts';

/** Names of the query parameters that a stream answers to. */
export interface ParameterNames {
  /** Values that must be as declared, where they are given. */
  readonly fixed: ReadonlyMap<string, string>;
  readonly size?: string;
  /** Token, page number or offset. */
  readonly page?: string;
  readonly cursor?: string;
  /** The last cursor that is wanted. */
  readonly cursorTo?: string;
  readonly apiKey?: string;
}

const defaultSizeParam = 'limit';
const defaultTokenParam = 'page_token';

const given = <K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: string };

/** The parameters that a stream declares, by what they mean. */
export function parameterNames(stream: config.Stream, auth: config.Auth | undefined): ParameterNames {
  const paginate = stream.paginate ?? { type: 'none' };
  const paged = paginate.type !== 'none';
  const size = paged ? (paginate.sizeParam ?? defaultSizeParam) : undefined;
  const page = paged ? (paginate.param ?? defaultTokenParam) : undefined;
  const cursor = stream.cursor?.from.query;
  const cursorTo = stream.cursor?.to?.query;
  const declared = Object.entries(stream.request.query ?? {});
  const fixed = declared.filter(([name]) => ![size, page, cursor, cursorTo].includes(name));
  return {
    fixed: new Map(fixed.map(([name, value]) => [name, String(value)])),
    ...given('size', size),
    ...given('page', page),
    ...given('cursor', cursor),
    ...given('cursorTo', cursorTo),
    ...given('apiKey', auth?.type === 'api_key' ? auth.query : undefined),
  };
}

/** The parameters of a request by name. @throws Refusal 400 for one that is unknown, repeated or not as declared */
export function readParameters(query: URLSearchParams, names: ParameterNames): ReadonlyMap<string, string> {
  const free = [names.size, names.page, names.cursor, names.cursorTo, names.apiKey];
  const read = new Map<string, string>();
  for (const [name, value] of query) {
    if (read.has(name)) throw badRequest(`Query parameter ${name} is given twice.`);
    read.set(name, value);
    if (free.includes(name)) continue;
    const expected = names.fixed.get(name);
    if (expected === undefined) throw badRequest(`Query parameter ${name} is unknown.`);
    if (expected !== value) throw badRequest(`Query parameter ${name} must be ${expected}, got ${value}.`);
  }
  return read;
}

/** A whole number that a parameter gives. @throws Refusal 400 for anything else */
export function readInteger(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= min) return value;
  throw badRequest(
    `Query parameter ${name} must be a whole number of at least ${min}, got ${text || 'nothing'}.`,
  );
}

/** Whether a request carries all that the stream declares: of streams that share a path, it means this one. */
export const carriesAll = (query: URLSearchParams, { fixed }: ParameterNames): boolean =>
  [...fixed].every(([name, value]) => query.get(name) === value);

/** Equal for streams of one path that no request could tell apart. */
export const distinction = (path: string, { fixed }: ParameterNames): string =>
  JSON.stringify([path, [...fixed].sort()]);
