import { type AccountSource, accountStream, allAccounts, atAccount } from '../model/accounts.ts';
import { describedStream, describeOf } from '../model/catalog.ts';
import type * as config from '../model/config.ts';
import type { DescribePlan, DiscoveredStream } from '../model/describe-plan.ts';
import { describedName, describedText } from '../model/described-text.ts';
import { assert } from '../model/errors.ts';
import { knownPath } from '../model/path.ts';
import type { ExtractStep, Path, Plan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { withId } from './canonical.ts';
import { compileConditions } from './conditions.ts';
import { compileSource } from './source.ts';
import { compileStream } from './stream.ts';

export interface Discovery {
  /** Reads descriptions and records; nothing is mapped. */
  readonly plan: Plan;
  /** By the name of the stream, for each account. */
  readonly streams: ReadonlyMap<string, readonly DiscoveredStream[]>;
}

/** What is asked to learn of the properties of a source's streams. `plan` is one of the project. */
export function compileDiscovery(
  project: Project,
  { id: _, ...plan }: Plan,
  source: string,
  names: readonly string[],
): Discovery {
  const accounts = allAccounts(project).filter((one) => one.source.name === source);
  assert(accounts.length > 0, `the project has the source ${source}`);
  const streams = new Map(
    names.map((name) => [name, accounts.map((account) => discovered(account, name, project.mappings))]),
  );
  const listed = [...streams.values()]
    .flat()
    .flatMap(({ records, describe }) => [records, ...(describe === undefined ? [] : [describe.stream])]);
  const asked = accounts.map(({ account, source: owner }) => [
    atAccount(source, account),
    compileSource(owner, account),
  ]);
  const { staging, redis, tokenKey, pageKey } = plan;
  const needed = JSON.stringify({ asked, listed, staging, redis, tokenKey, pageKey });
  const body = {
    ...plan,
    // The warehouse is not asked for anything.
    references: plan.references.filter(({ reference }) => needed.includes(reference)),
    sources: { ...plan.sources, ...Object.fromEntries(asked) },
    steps: listed.map(listStep),
  };
  return { plan: withId(body), streams };
}

function discovered(
  account: AccountSource,
  name: string,
  readers: readonly config.Mapping[],
): DiscoveredStream {
  const { source } = account;
  const stream = source.streams[name];
  assert(stream, `${source.name} has the stream ${name}`);
  const own = readers.filter(({ from }) => from === `${source.name}.${name}`);
  return {
    records: compileStream(source, name, stream, own, account.account),
    ...(stream.describe && { describe: compileDescribe(account, name, stream.describe) }),
  };
}

const listStep = (stream: StreamPlan): ExtractStep => ({
  kind: 'extract',
  id: `extract ${accountStream(stream)}`,
  reason: 'properties are looked for',
  stream,
  mappings: [],
});

function compileDescribe(
  { account, source }: AccountSource,
  name: string,
  describe: config.Describe,
): DescribePlan {
  const path = (key: 'label' | 'type' | 'options' | 'archived' | 'nullable' | 'unit') => {
    const text = describe[key];
    return text === undefined ? {} : ({ [key]: knownPath(text) } as Partial<Record<typeof key, Path>>);
  };
  const { currency } = describe;
  // The redaction of a source is for records.
  const { redact: _, ...owner } = source;
  return {
    stream: compileStream(owner, describeOf(name), describedStream(describe), [], account),
    id: describedName(describe.id ?? describe.name),
    name: describedName(describe.name),
    ...path('label'),
    ...path('type'),
    types: typesOf(describe),
    ...(describe.path !== undefined && { path: describedText(describe.path) }),
    under: knownPath(describe.under ?? ''),
    custom: compileConditions(describe.custom ?? {}, false),
    multiple: compileConditions(describe.multiple ?? {}, false),
    separator: describe.separator ?? ';',
    ...path('options'),
    optionValue: knownPath(describe.optionValue ?? 'value'),
    optionLabel: knownPath(describe.optionLabel ?? 'label'),
    ...path('archived'),
    ...path('nullable'),
    ...path('unit'),
    ...(currency && {
      currency: { where: compileConditions(currency.where, false), from: describedText(currency.from) },
    }),
  };
}

const typesOf = ({ types = {} }: config.Describe): DescribePlan['types'] =>
  Object.fromEntries(
    Object.entries(types).map(([name, type]) => [name, typeof type === 'string' ? { type } : type]),
  );
