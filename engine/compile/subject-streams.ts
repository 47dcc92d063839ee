import { allAccounts } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { MappingPlan, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { backfillStream } from './backfill.ts';
import { compileStream } from './stream.ts';
import { sweptStreams } from './sweep.ts';

/** A stream whose records name persons, as its pages are kept. */
export interface SubjectStream {
  readonly stream: StreamPlan;
  readonly sweep: StreamPlan;
  readonly gone: StreamPlan;
  /** Ranges of it that were read once more. */
  readonly backfill: StreamPlan;
  /** Streams that keep a position for each of its records. */
  readonly children: readonly StreamPlan[];
}

/** All streams of a project that say whom their records are about, whether or not a mapping reads them now. */
export const subjectStreams = (
  project: Project,
  mappings: Readonly<Record<string, MappingPlan>>,
): readonly SubjectStream[] =>
  allAccounts(project).flatMap(({ account, source }) =>
    Object.entries(source.streams)
      .filter(([, { subject }]) => subject !== undefined)
      .map(([name, declared]) => {
        const readers = project.mappings.filter(({ from }) => from === `${source.name}.${name}`);
        const stream = compileStream(source, name, declared, readers, account);
        const [kind] = readers.flatMap((reader) => mappings[reader.name]?.versionedBy ?? []);
        const swept = sweptStreams(stream, kind);
        const backfill = backfillStream(stream);
        const children = childrenOf(source, name, account);
        return { stream, sweep: swept.stream, gone: swept.gone, backfill, children };
      }),
  );

const childrenOf = (source: config.Source, name: string, account: string): readonly StreamPlan[] =>
  Object.entries(source.streams)
    .filter(([, { parent }]) => parent?.stream === name)
    .map(([child, declared]) => compileStream(source, child, declared, [], account))
    .filter(({ parent }) => parent?.kept);
