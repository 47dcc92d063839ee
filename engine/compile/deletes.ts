import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import type { DeletesPlan, DeletingStream, SweepPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { goneOf } from '../model/sweep.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import { compileConditions } from './conditions.ts';
import { compileSweep } from './sweep.ts';

/** How rows leave the table of a mapping; undefined where none does. */
export function compileDeletes(
  project: Project,
  mapping: config.Mapping,
  stream: config.Stream | undefined,
): DeletesPlan | undefined {
  const { strategy, children, deletes: how = 'hard', threshold = '50%' } = mapping.load;
  if (strategy === 'append') return undefined;
  const isReplaced = strategy === 'replace';
  const replaces = isReplaced || children === 'replace';
  const ways = stream?.deletes ?? [];
  if (ways.length === 0 && !replaces) return undefined;
  const sweep = sweepOf(project, mapping, ways);
  return {
    how,
    children: replaces,
    flags: ways.flatMap(flagOf),
    streams: [
      ...ways.flatMap((way) => listedBy(mapping, way, stream?.cursor)),
      ...(sweep || isReplaced ? [listedByUs(mapping)] : []),
    ],
    ...(sweep && { sweep }),
    ...(isReplaced && { listing: { threshold: parsePercent(threshold) } }),
  };
}

/** Conditions that a record meets which is gone. */
const flagOf = ({ by, where = {} }: config.Deletes): DeletesPlan['flags'] =>
  by === 'flag' ? [compileConditions(where, false)] : [];

/** Another stream of the source that lists what is gone. */
function listedBy(
  { from }: config.Mapping,
  { by, stream, key = [], at, precision, where = {} }: config.Deletes,
  cursor: config.Cursor | undefined,
): readonly DeletingStream[] {
  if (by !== 'stream') return [];
  return [
    {
      stream: `${from.split('.')[0]}.${stream}`,
      key: key.map((path) => knownPath(path)),
      ...(at !== undefined &&
        cursor && {
          at: {
            ...{ field: knownPath(at), type: cursor.type ?? 'timestamp', format: cursor.format ?? 'iso' },
            ...(precision !== undefined && { precisionMs: parseDuration(precision) }),
          },
        }),
      where: compileConditions(where, false),
    },
  ];
}

/** What a listing lacks is listed by a stream of our own. */
const listedByUs = ({ from }: config.Mapping): DeletingStream => ({
  stream: goneOf(from),
  key: [knownPath('record')],
  where: [],
});

function sweepOf(
  project: Project,
  { from }: config.Mapping,
  ways: readonly config.Deletes[],
): SweepPlan | undefined {
  const [source, name = ''] = from.split('.');
  const declared = project.sources.find((one) => one.name === source);
  const way = ways.find(({ by }) => by === 'sweep');
  return way && declared && compileSweep(declared, name, way);
}

/**
 * What of it decides the staged rows. Whether rows are removed or kept as deleted, and how many may go, is decided later: the
 * staged ones are the same.
 */
export function decisiveDeletes({ how: _, sweep, listing, ...learned }: DeletesPlan): readonly unknown[] {
  return [listing === undefined ? learned : { ...learned, listed: true }, sweep?.stream];
}
