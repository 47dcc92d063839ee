import { allAccounts } from '../model/accounts.ts';
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
        return { stream, sweep: swept.stream, gone: swept.gone, backfill: backfillStream(stream) };
      }),
  );
