import { accountsOf, allAccounts, atAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { MappingPlan, Plan, SourcePlan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { compileBudget } from './budget.ts';
import { parentsFirst, type Streams } from './parents-first.ts';
import { compileSource } from './source.ts';
import { deletingStreams } from './state-steps.ts';
import { compileStream } from './stream.ts';

/** The sources that are asked for something, each as its accounts have it. */
export const sourcesOf = (project: Project, streams: Streams): Plan['sources'] =>
  Object.fromEntries(
    allAccounts(project)
      .filter(({ source }) => [...streams.values()].flat().some((stream) => stream.source === source.name))
      .map(({ account, source }): [string, SourcePlan] => [
        atAccount(source.name, account),
        compileSource(source, account),
      ]),
  );

/**
 * The streams that mappings read or learn of deletes from, and the parents of these, by `source.stream`, in the order of the
 * project: each as every account of its source has it.
 */
export function streamsOf(project: Project, mappings: readonly MappingPlan[]): Streams {
  const streams = new Map<string, readonly StreamPlan[]>();
  for (const source of project.sources) {
    const wanted = withParents(source, (full) => isRead(project, mappings, full));
    for (const name of Object.keys(source.streams)) {
      const full = `${source.name}.${name}`;
      const readers = project.mappings.filter((mapping) => mapping.from === full);
      if (wanted.has(name)) streams.set(full, accountStreams(project, source, name, readers));
    }
  }
  return parentsFirst(streams);
}

const isRead = (project: Project, mappings: readonly MappingPlan[], full: string): boolean =>
  project.mappings.some(({ from }) => from === full) ||
  mappings.some((mapping) => deletingStreams(mapping).includes(full));

/** Streams of a source that are read, and those for whose records they are read: without them there would be nothing to ask for. */
function withParents(
  { name, streams }: config.Source,
  isReadItself: (full: string) => boolean,
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const stream of Object.keys(streams).filter((one) => isReadItself(`${name}.${one}`)))
    for (
      let at: string | undefined = stream;
      at !== undefined && !wanted.has(at);
      at = streams[at]?.parent?.stream
    )
      wanted.add(at);
  return wanted;
}

const accountStreams = (
  project: Project,
  source: config.Source,
  name: string,
  readers: readonly config.Mapping[],
): readonly StreamPlan[] =>
  accountsOf(project, source).flatMap(({ account, source: own }) => {
    const stream = own.streams[name];
    return stream === undefined ? [] : [compileStream(own, name, stream, readers, account)];
  });

/** How many accounts of its source share the budget of a stream. */
export function sharing(project: Project, { source, account }: StreamPlan): number {
  const all = allAccounts(project).filter((one) => one.source.name === source);
  const domains = all.map((one) => ({ ...one, domain: compileBudget(one.source, one.account).domain }));
  const own = domains.find((one) => one.account === account)?.domain;
  return domains.filter(({ domain }) => domain === own).length;
}
