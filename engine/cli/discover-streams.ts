import { compileDescriptions, keptResponse, list, pageRecords, planDiscovery } from '../engine.ts';
import type { ReceivedPage } from '../model/batch.ts';
import type { FoundProperty, FoundStream } from '../model/catalog.ts';
import type { DescribePlan, DiscoveredStream } from '../model/describe-plan.ts';
import { assert, RefusedError } from '../model/errors.ts';
import { knownPath, valueAt } from '../model/path.ts';
import type { ExtractStep, Plan, StreamPlan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { inferProperties, uniteAccounts } from '../operations/discover/discover.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';
import { startLabProcess } from './in-lab.ts';
import { missingReferences } from './missing-references.ts';
import { silentProgress } from './progress.ts';
import { referencesOf } from './references-of.ts';
import type { Databases } from './state.ts';
import { closeServices, wire } from './wire.ts';

/** Kept pages that are looked at, and pages of descriptions that are asked for. */
const keptPagesMax = 20;
const describePagesMax = 200;
/** Of what is only sampled, no key is needed: nothing of it is stored. */
const noKey = '-';

type Record = { readonly [key: string]: unknown };
type Services = Awaited<ReturnType<typeof wire>>;

export interface Asking {
  readonly project: Project;
  /** One of the project, without mappings. */
  readonly plan: Plan;
  readonly documents: readonly SourceDocument[];
  readonly databases: Databases;
  readonly source: string;
  readonly streams: readonly string[];
  readonly lab: boolean;
  readonly env: string | undefined;
  readonly signal: AbortSignal;
}

/** Asks a source for the properties of its streams, or infers them from records. Nothing is staged. */
export async function askForProperties(asking: Asking): Promise<readonly FoundStream[]> {
  const { project, source, streams } = asking;
  const discovery = planDiscovery(project, asking.plan, source, streams);
  const kept = new Map<DiscoveredStream, readonly Record[]>();
  const all = [...discovery.streams.values()].flat();
  for (const stream of all) kept.set(stream, await keptRecords(asking, stream.records));
  const isAsked = all.some((one) => one.describe !== undefined || kept.get(one)?.length === 0);
  const work = async (services: Services | undefined): Promise<readonly FoundStream[]> => {
    const way = { plan: discovery.plan, services };
    const found: FoundStream[] = [];
    for (const [name, accounts] of discovery.streams) {
      const own: FoundStream[] = [];
      for (const stream of accounts) own.push(await foundOf(name, stream, kept.get(stream) ?? [], way));
      found.push(...[uniteAccounts(own)].flatMap((one) => one ?? []));
    }
    return found;
  };
  return isAsked ? withServices(asking, discovery.plan, work) : work(undefined);
}

async function withServices<T>(
  { project, documents, databases, lab: inLab, env, signal }: Asking,
  plan: Plan,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const lab = inLab ? await startLabProcess(project.folder, env) : undefined;
  try {
    const services = await wire({
      ...{ project, plan, databases, runId: 'discover', metrics: noMetrics, signal },
      artifacts: { plan: () => {}, step: () => {}, report: () => {} },
      progress: () => silentProgress,
      ...(lab && { lab: lab.url }),
    });
    try {
      const missing = missingReferences(plan, services.references, documents);
      if (missing.length > 0) throw new RefusedError('invalid', missing);
      return await work(services);
    } finally {
      await closeServices(services);
    }
  } finally {
    await lab?.close();
  }
}

/** Records of the first pages of the newest window that staging keeps. */
async function keptRecords(
  { project, plan, databases, lab }: Asking,
  stream: StreamPlan,
): Promise<readonly Record[]> {
  const { staging, state } = databases;
  if (!(await staging.exists())) return [];
  await staging.migrate();
  const key =
    plan.pageKey === undefined ? undefined : referencesOf(project.folder, lab).resolve(plan.pageKey);
  const pages = await state.runs.exchanges(stream, keptPagesMax);
  return pages.flatMap(({ body, id }) => recordsIn(stream, keptResponse(body, id, key)));
}

function recordsIn(stream: StreamPlan, text: string | undefined): readonly Record[] {
  if (text === undefined) return [];
  const page = pageRecords(stream, noKey, Buffer.from(text));
  // A page of an older declaration has no records where they are looked for now.
  return 'transient' in page ? [] : page.records;
}

interface Way {
  readonly plan: Plan;
  readonly services: Services | undefined;
}

async function foundOf(
  name: string,
  { records, describe }: DiscoveredStream,
  kept: readonly Record[],
  way: Way,
): Promise<FoundStream> {
  if (describe !== undefined) {
    const { properties, unknownTypes } = described(
      describe,
      await listed(describe.stream, describePagesMax, way),
    );
    const seen = kept.length === 0 ? properties : properties.map((one) => withShare(one, kept));
    return { stream: name, by: 'describe', properties: seen, unknownTypes };
  }
  const sample = kept.length > 0 ? kept : await sampled(records, way);
  return { stream: name, by: 'records', properties: inferProperties(sample), unknownTypes: [] };
}

/** With the share of records that have a value for it. */
function withShare(property: FoundProperty, kept: readonly Record[]): FoundProperty {
  const path = knownPath(property.path);
  const values = kept.map((record) => valueAt(record, path));
  const count = values.filter((value) => value !== undefined && value !== null && value !== '').length;
  return { ...property, seen: count / kept.length };
}

/** One page; none of a stream whose requests follow from records that are not kept yet. */
const sampled = async (records: StreamPlan, way: Way): Promise<readonly Record[]> =>
  records.parent === undefined && records.job === undefined ? listed(records, 1, way) : [];

async function listed(
  stream: StreamPlan,
  pagesMax: number,
  { plan, services }: Way,
): Promise<readonly Record[]> {
  assert(services, 'where something is asked there is what asks');
  const key = plan.pageKey === undefined ? undefined : services.references.resolve(plan.pageKey);
  const found: Record[] = [];
  let pages = 0;
  for await (const page of list(plan, stepOf(plan, stream), services)) {
    found.push(...recordsIn(stream, await responseOf(page, key)));
    pages += 1;
    if (pages >= pagesMax) break;
  }
  return found;
}

const responseOf = async (
  { id, mapped }: ReceivedPage,
  key: string | undefined,
): Promise<string | undefined> => keptResponse((await mapped).body, id, key);

function stepOf({ steps }: Plan, { name, account }: StreamPlan): ExtractStep {
  const step = steps.find(
    (one): one is ExtractStep =>
      one.kind === 'extract' && one.stream.name === name && one.stream.account === account,
  );
  assert(step, `the plan reads ${name}`);
  return step;
}

/** Each property once, by its id: the last description counts. */
function described(
  plan: DescribePlan,
  descriptions: readonly Record[],
): Pick<FoundStream, 'properties' | 'unknownTypes'> {
  const read = compileDescriptions(plan);
  const found = descriptions.flatMap((one) => read(one) ?? []);
  const properties = new Map(found.map(({ property }) => [property.id, property]));
  const unknown = found.flatMap(({ unknownType }) => unknownType ?? []);
  return { properties: [...properties.values()], unknownTypes: [...new Set(unknown)].sort() };
}
