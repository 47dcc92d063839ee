import { allAccounts, streamName } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import { pathText } from '../model/path.ts';
import type { MappingPlan, Path, PathSegment, StreamPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import type { StateSnapshot } from '../model/snapshot.ts';
import { declaredName } from '../model/sweep.ts';
import { backfillStream } from './backfill.ts';
import { leftStreams } from './left-accounts.ts';
import { compileStream } from './stream.ts';
import { sweptStreams } from './sweep.ts';

/** A stream whose records name persons, as its pages are kept. */
export interface SubjectStream {
  readonly stream: StreamPlan;
  readonly sweep: StreamPlan;
  readonly gone: StreamPlan;
  /** Ranges of it that were read once more. */
  readonly backfill: StreamPlan;
  readonly children: readonly ChildStream[];
}

/** A stream that is asked for with values of the records of another one, or of a stream between. */
export interface ChildStream {
  readonly stream: StreamPlan;
  /** What its requests say, by the names that it has there, and where the records have it. */
  readonly says: readonly { readonly own: string; readonly of: Path }[];
}

/**
 * All streams of a project that say whom their records are about, whether or not a mapping reads them now; also of accounts that
 * their source no longer names, while pages of them are kept.
 */
export function subjectStreams(
  project: Project,
  mappings: Readonly<Record<string, MappingPlan>>,
  keptPages: StateSnapshot['keptPages'],
): readonly SubjectStream[] {
  const found = declaredStreams(project, mappings);
  const ofLeft = leftStreams(
    found.flatMap(({ stream, sweep, gone, backfill }) => [stream, sweep, gone, backfill]),
    { keptPages },
  );
  const left = new Map<string, SubjectStream>();
  for (const kept of ofLeft) {
    const like = found.find(({ stream }) => isOf(stream, kept));
    if (like !== undefined)
      left.set(`${streamName(like.stream)}@${kept.account}`, ofAccount(like, kept.account));
  }
  return [...found, ...left.values()];
}

/** Whether pages of `kept` are of a stream, of a sweep of it, or of what that has found gone. */
const isOf = (stream: StreamPlan, kept: StreamPlan): boolean =>
  stream.source === kept.source && stream.name === declaredName(kept.name);

const ofAccount = (
  { stream, sweep, gone, backfill, children }: SubjectStream,
  account: string,
): SubjectStream => ({
  stream: { ...stream, account },
  sweep: { ...sweep, account },
  gone: { ...gone, account },
  backfill: { ...backfill, account },
  children: children.map(({ stream: child, says }) => ({ stream: { ...child, account }, says })),
});

const declaredStreams = (
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

/** Those that are read for its records, with their sweeps, and whatever is read for these with the same values. */
function childrenOf(source: config.Source, name: string, account: string): readonly ChildStream[] {
  return directChildren(source, name, account).flatMap((stream) =>
    withBelow(
      source,
      stream,
      (stream.parent?.values ?? []).map((of) => ({ own: pathText(of), of })),
    ),
  );
}

const directChildren = (source: config.Source, name: string, account: string): readonly StreamPlan[] =>
  Object.entries(source.streams)
    .filter(([, { parent }]) => parent?.stream === name)
    .map(([child, declared]) => compileStream(source, child, declared, [], account));

/** Streams are never read for each other: this ends. */
function withBelow(
  source: config.Source,
  stream: StreamPlan,
  says: ChildStream['says'],
): readonly ChildStream[] {
  const below = directChildren(source, stream.name, stream.account).flatMap((child) => {
    const handedOn = (child.parent?.values ?? []).flatMap((path) => {
      const said = says.find(({ own }) => isParentValue(path, own));
      return said === undefined ? [] : [{ own: pathText(path), of: said.of }];
    });
    return handedOn.length === 0 ? [] : withBelow(source, child, handedOn);
  });
  return [{ stream, says }, { stream: sweptStreams(stream, undefined).stream, says }, ...below];
}

/** Whether a path is what a record says of its own parent. */
const isParentValue = ({ segments: [first, second, ...rest] }: Path, own: string): boolean =>
  rest.length === 0 && keyOf(first) === '_parent' && keyOf(second) === own;

const keyOf = (segment: PathSegment | undefined): string | undefined =>
  segment !== undefined && 'key' in segment ? segment.key : undefined;
