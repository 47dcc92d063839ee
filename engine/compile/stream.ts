import { defaultAccount } from '../model/accounts.ts';
import { cursorText } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import { parseInstant } from '../model/instant.ts';
import { knownPath, pathText } from '../model/path.ts';
import type {
  CursorPlan,
  JobPlan,
  JobStepPlan,
  PaginatePlan,
  PagingRules,
  ParentPlan,
  Path,
  PrivacyPlan,
  StreamPlan,
  StreamShape,
  TokenPaging,
} from '../model/plan.ts';
import { type JsonValue, placeholdersOf, type RequestTemplate } from '../model/request-template.ts';
import {
  jobTemplate,
  recordsPath,
  recordsPaths,
  requestTemplate,
  tokenPaths,
} from '../model/stream-request.ts';
import { parseDuration } from '../model/units.ts';
import { acceptOf, compileAsk, compileBody } from './body.ts';
import { canonical, sha256 } from './canonical.ts';
import { compileConditions } from './conditions.ts';
import { withFields } from './fields.ts';
import { compileCache, compileLookups } from './lookups.ts';
import { compileTransform } from './transforms.ts';

/** A stream with all that its mappings ask of it. */
export function compileStream(
  source: config.Source,
  name: string,
  stream: config.Stream,
  readers: readonly config.Mapping[],
  account = defaultAccount,
): StreamPlan {
  const request = withFields(acceptingOf(source, stream), stream, readers);
  const cursor = stream.cursor && compileCursor(stream.cursor, [request, ...jobRequests(stream)]);
  return {
    source: source.name,
    account,
    name,
    request,
    partitions: partitionsOf(stream.partitions),
    ...(stream.job && { job: compileJob(stream.job, (one) => withFields(one, stream, readers)) }),
    ...(stream.parent && {
      parent: compileParent(source, stream.parent, [request, ...jobRequests(stream)], cursor),
    }),
    records: knownPath(recordsPath(stream)),
    ...listsOf(stream),
    ...compileBody(source, stream),
    ...compileAsk(source, stream),
    primaryKey: stream.primaryKey.map((path) => knownPath(path)),
    ...(stream.subject !== undefined && { subject: knownPath(stream.subject) }),
    paginate: compilePaginate(stream.paginate),
    // A stream with parents stands somewhere else with each of them.
    ...(cursor && stream.parent === undefined && { cursor }),
    pagesMax: stream.pagesMax ?? 100_000,
    weight: stream.weight ?? 1,
    priority: stream.priority ?? 'normal',
    ...(stream.cache && { cache: compileCache(stream.cache) }),
    lookups: compileLookups(stream.lookups),
    shape: shapeOf(source, stream),
    privacy: compilePrivacy(source.redact ?? [], readers),
  };
}

/** The request, asking for the format of the stream. */
function acceptingOf(source: config.Source, stream: config.Stream): RequestTemplate {
  const template = requestTemplate(stream);
  return { ...template, headers: { ...acceptOf(source, stream), ...template.headers } };
}

/** What a position depends on. Headers and limits may change while a window is open, and `lookback` between windows. */
const shapeOf = (
  source: config.Source,
  {
    request,
    records,
    primaryKey,
    cursor,
    paginate,
    lookups,
    partitions,
    parent,
    job,
    ...stream
  }: config.Stream,
): StreamShape => {
  const { field, type, format, start, from } = cursor ?? {};
  const asked = [
    source.baseUrl,
    request.path,
    request.query,
    records,
    primaryKey,
    field,
    type,
    format,
    start,
    from,
    ...(request.method === undefined ? [] : [request.method]),
    ...(request.body === undefined ? [] : [request.body]),
    ...(partitions === undefined ? [] : [partitions]),
    ...(job === undefined ? [] : [job]),
    ...(parent === undefined ? [] : [parent.stream, parent.where]),
    ...(stream.format === undefined ? [] : [stream.format, stream.csv ?? null]),
    // Records that are kept lack what a new lookup would have brought.
    ...Object.entries(lookups ?? {}).map(([name, { path, query, take }]) => [name, path, query, take]),
  ];
  return { asked: sha256(canonical(asked)), paging: sha256(canonical(paginate ?? null)) };
};

function compilePaginate(paginate: config.Paginate | undefined): PaginatePlan {
  if (paginate === undefined) return { type: 'none' };
  const rules = pagingRules(paginate);
  switch (paginate.type) {
    case 'none':
    case 'offset':
      return { type: paginate.type, ...rules };
    case 'link_header':
      return { type: 'link_header', rel: paginate.rel ?? 'next', ...rules };
    case 'next_url':
      return { type: 'next_url', path: knownPath(paginate.path ?? ''), ...rules };
    case 'cursor_token':
      return { type: 'cursor_token', tokens: compileTokens(paginate), ...keepOf(paginate), ...rules };
    case 'keyset':
      return { type: 'keyset', key: knownPath(paginate.key ?? ''), ...startOf(paginate), ...rules };
    case 'page':
      return { type: 'page', start: Number(paginate.start ?? 1), ...rules };
  }
}

const keepOf = ({ keep }: config.Paginate) => (keep === undefined ? {} : { keep });

const startOf = ({ start }: config.Paginate) => (start === undefined ? {} : { start });

function compileTokens(paginate: config.Paginate): TokenPaging['tokens'] {
  const { header } = paginate;
  const name = paginate.param ?? 'token';
  return [
    ...(header === undefined ? [] : [{ name, from: { header: header.toLowerCase() } }]),
    ...Object.entries(tokenPaths(paginate)).map(([token, path]) => ({
      name: token,
      from: { path: knownPath(path) },
    })),
  ];
}

const pagingRules = ({ size, total, more, stop, recordsMax }: config.Paginate): PagingRules => ({
  ...(size !== undefined && { size }),
  ...(total !== undefined && { total: knownPath(total) }),
  ...(more !== undefined && { more: knownPath(more) }),
  ...(stop?.short === true && { short: true }),
  ...(stop?.status !== undefined && { pastEnd: stop.status }),
  ...(recordsMax !== undefined && { recordsMax }),
});

function compileCursor(cursor: config.Cursor, requests: readonly RequestTemplate[]): CursorPlan {
  const type = cursor.type ?? 'timestamp';
  return {
    field: knownPath(cursor.field),
    type,
    format: cursor.format ?? 'iso',
    ...(cursor.start !== undefined && { start: startText(type, cursor.start) }),
    lookbackMs: parseDuration(cursor.lookback ?? '0s'),
    ends: requests.some((one) => placeholdersOf(one).includes('cursor.to')),
    ...(cursor.step !== undefined && { stepMs: parseDuration(cursor.step) }),
  };
}

const listsOf = ({ records = '' }: config.Stream): Pick<StreamPlan, 'lists'> =>
  typeof records === 'string'
    ? {}
    : { lists: Object.entries(records).map(([name, path]) => ({ name, path: knownPath(path) })) };

const jobRequests = ({ job }: config.Stream): readonly RequestTemplate[] =>
  job === undefined ? [] : [job.create, job.poll, ...(job.locate ? [job.locate] : [])].map(jobTemplate);

type Fields = (request: RequestTemplate) => RequestTemplate;

const compileJobStep = (step: config.JobStep, fields: Fields): JobStepPlan => ({
  request: fields(jobTemplate(step)),
  take: Object.entries(step.take ?? {}).map(([name, path]) => ({ name, path: knownPath(path) })),
});

const compileJob = ({ create, poll, locate }: config.Job, fields: Fields): JobPlan => ({
  create: compileJobStep(create, fields),
  poll: {
    ...compileJobStep(poll, fields),
    status: knownPath(poll.status),
    done: poll.done,
    failed: poll.failed ?? [],
    empty: poll.empty ?? [],
    everyMs: parseDuration(poll.every ?? '30s'),
    withinMs: parseDuration(poll.within ?? '2h'),
  },
  ...(locate && { locate: compileJobStep(locate, fields) }),
});

/** The parents of a stream, as its requests name them. */
function compileParent(
  { streams }: config.Source,
  { stream, where, batch, parallel, which, gone }: config.Parent,
  requests: readonly RequestTemplate[],
  cursor: CursorPlan | undefined,
): ParentPlan {
  const named = new Set(requests.flatMap(placeholdersOf).filter((name) => name.startsWith('parent.')));
  return {
    stream,
    records:
      streams[stream] === undefined ? [] : recordsPaths(streams[stream]).map((path) => knownPath(path)),
    values: [...named].map((name) => knownPath(name.replace('parent.', ''))),
    where: compileConditions(where ?? {}, false),
    batch: batch ?? 1,
    parallel: parallel ?? 4,
    ...(which === 'all' && { all: true }),
    ...(cursor && { cursor }),
    ...((cursor !== undefined || which === 'all') && { kept: true }),
    ...(gone !== undefined && { gone }),
  };
}

/** Every combination of the values. */
function partitionsOf(declared: config.Stream['partitions']): StreamPlan['partitions'] {
  let sets: StreamPlan['partitions'] = [{}];
  for (const [name, values] of Object.entries(declared ?? {}))
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value as JsonValue })));
  return sets;
}

function startText(type: CursorPlan['type'], start: string | number): string {
  const value = type === 'timestamp' ? parseInstant(String(start)) : String(start);
  assert(value, `cursor.start is a ${type}, got ${start}`);
  return cursorText(type, value);
}

/** What `redact` and `pii` keep from being stored, each path once. */
function compilePrivacy(
  redact: readonly string[],
  readers: readonly config.Mapping[],
): readonly PrivacyPlan[] {
  const rules = new Map<string, PrivacyPlan>();
  const dropped = redact.map(
    (path): PrivacyPlan => ({ path: knownPath(path), action: 'drop', transforms: [] }),
  );
  for (const rule of [...dropped, ...readers.flatMap(privateIn)])
    rules.set(pathText(rule.path), rules.get(pathText(rule.path)) ?? rule);
  return [...rules.values()];
}

/** The personal data of a mapping, wherever it stands or has stood. */
const privateIn = ({ each, properties }: config.Mapping): readonly PrivacyPlan[] =>
  Object.values(properties).flatMap(({ pii, piiKeep, from, previously = [], transform = [] }) => {
    if (pii === undefined || from === undefined) return [];
    const rule = {
      action: pii,
      ...(piiKeep !== undefined && { keep: piiKeep }),
      transforms: transform.map(compileTransform),
    };
    return [from, ...previously].map((path) => ({ path: absolute(path, each), ...rule }));
  });

/** The path from the record, with `[*]` for the elements of `each`. */
function absolute(from: string, each: string | undefined): Path {
  const path = knownPath(from, each !== undefined);
  if (path.root !== 'element' || each === undefined) return path;
  return { root: 'record', segments: [...knownPath(each).segments, { any: 'element' }, ...path.segments] };
}
