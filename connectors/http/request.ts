import type { ApiRequest, RequestPlace } from '../../engine/model/batch.ts';
import { assert } from '../../engine/model/errors.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';
import {
  type JsonValue,
  type RequestTemplate,
  wholePlaceholder,
} from '../../engine/model/request-template.ts';
import { recordCursor } from '../../engine/model/stream-cursor.ts';
import { cursorParameter, endParameter } from './cursor.ts';
import { filledJson, filledText, type Values } from './template.ts';

/** The request that a stream declares, filled with the values of a place in its listing. */
export function requestAt(stream: StreamPlan, source: SourcePlan, at: RequestPlace): ApiRequest {
  const { method, path, query, headers, body } = templateAt(stream, at);
  const values = valuesAt(stream, at);
  // What a job says may be a whole URL.
  const encode = wholePlaceholder(path) === undefined ? encodeURIComponent : asItIs;
  const filledPath = filledText(path, values, encode);
  assert(filledPath, `the path ${path} of ${stream.source}.${stream.name} has all its values`);
  const base = source.baseUrl.replace(/\/$/, '');
  const url = URL.canParse(filledPath) ? new URL(filledPath) : new URL(base + filledPath);
  for (const [name, text] of Object.entries(query)) {
    const value = goesAlong(stream, at, name) ? filledText(text, values) : undefined;
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const sent = filledHeaders({ ...source.headers, ...headers }, values);
  if (body === undefined) return { method, url: url.href, headers: sent, at };
  const type = hasContentType(sent) ? {} : { 'content-type': 'application/json' };
  const each = (at.parent?.values ?? []).map(
    (one): Values =>
      (name) =>
        one[name.replace('parent.', '')],
  );
  const json = JSON.stringify(filledJson(body, values, each));
  return { method, url: url.href, headers: { ...sent, ...type }, body: json, at };
}

const asItIs = (value: string): string => value;

function templateAt({ job, request }: StreamPlan, at: RequestPlace): RequestTemplate {
  const step = at.job?.step ?? 'download';
  if (job === undefined || step === 'download') return request;
  const plan = job[step];
  assert(plan, `the job has the step ${step}`);
  return plan.request;
}

/** Some APIs want nothing but the token for the next page. */
function goesAlong({ paginate, request }: StreamPlan, { page }: RequestPlace, name: string): boolean {
  if (paginate.type !== 'cursor_token' || paginate.keep === undefined) return true;
  if (Object.keys(page).length === 0) return true;
  return paginate.keep.includes(name) || request.query[name]?.includes('{page.') === true;
}

function filledHeaders(
  headers: { readonly [header: string]: string },
  values: Values,
): { readonly [header: string]: string } {
  const filled = Object.entries(headers).map(([name, text]) => [name, filledText(text, values)]);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

const hasContentType = (headers: ApiRequest['headers']): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');

function valuesAt(stream: StreamPlan, at: RequestPlace): Values {
  const { account, paginate, partitions } = stream;
  return (name) => {
    const [space, key = ''] = name.split(/\.(.*)/s);
    switch (space) {
      case 'account':
        return account;
      case 'cursor':
        return cursorValueAt(stream, at, key);
      case 'page':
        return key === 'size' ? paginate.size : at.page[key];
      case 'job':
        return at.job?.values[key];
      case 'parent':
        return parentValue(stream, at, key);
      default:
        return partitions[at.partition ?? 0]?.[key];
    }
  };
}

/** Of several parents at once, a list. */
function parentValue({ parent }: StreamPlan, at: RequestPlace, path: string): JsonValue | undefined {
  const values = (at.parent?.values ?? []).map((one) => one[path] ?? null);
  return parent?.batch === 1 ? values[0] : values;
}

function cursorValueAt(stream: StreamPlan, at: RequestPlace, key: string): JsonValue | undefined {
  const cursor = recordCursor(stream);
  const bound = key === 'to' ? at.to : at.from;
  if (cursor === undefined || bound === undefined) return undefined;
  const text = key === 'to' ? endParameter(cursor, bound) : cursorParameter(cursor, bound);
  const isNumber = cursor.type === 'integer' || cursor.format === 'epoch' || cursor.format === 'epoch_ms';
  return isNumber && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
