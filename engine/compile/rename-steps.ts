import { namedAccounts } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { MappingPlan, RenameStep } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { asBefore, type MappingRename, type Renamed, type StreamRename } from '../model/renames.ts';
import type { StateSnapshot, WarehouseTable } from '../model/snapshot.ts';
import { contractOf, evolve } from './evolution.ts';
import { compileMapping } from './mapping.ts';
import type { Streams } from './parents-first.ts';
import { renameStatements } from './rename-sql.ts';
import { type FoundRenames, type MappingNames, projectBefore, tablesAsBefore } from './renames.ts';

/** What renames are compiled of. */
export interface RenameContext {
  readonly project: Project;
  readonly snapshot: StateSnapshot;
  readonly found: FoundRenames;
  /** As they are once the names are changed. */
  readonly tables: readonly WarehouseTable[];
}

/** Renames come first: what is prepared, mapped or read after them finds what was kept under the old names. */
export function renameSteps(
  context: RenameContext,
  mappings: readonly MappingPlan[],
  streams: Streams,
): readonly RenameStep[] {
  return [
    ...context.found.streams.flatMap((rename) => streamStep(rename, streams)),
    ...context.project.mappings.flatMap((declared, at) => mappingStep(context, declared, mappings[at])),
  ];
}

function streamStep(rename: StreamRename, streams: Streams): readonly RenameStep[] {
  const { source, from, to } = rename;
  const own = streams.get(`${source}.${to}`) ?? [];
  const [stream] = own;
  const reason = `the stream was ${from} before: its position, pages and Blockers go on as ${to}, and nothing is read again`;
  return [
    {
      kind: 'rename',
      id: `rename ${source}.${from} to ${to}`,
      reason,
      rename,
      ...(stream && { stream: asBefore(stream, rename) }),
      ...namedAccounts(own),
    },
  ];
}

function mappingStep(
  { project, snapshot, found, tables }: RenameContext,
  declared: config.Mapping,
  mapping: MappingPlan | undefined,
): readonly RenameStep[] {
  const own = found.mappings.find((one) => one.mapping === declared);
  const isMoved = found.streams.some(({ source, to }) => declared.from === `${source}.${to}`);
  if (mapping === undefined || (own === undefined && !isMoved)) return [];
  const names: MappingNames = own ?? {
    mapping: declared,
    stagedColumns: [],
    schema: mapping.schema,
    tables: [],
    columns: [],
  };
  const before = projectBefore(project, names, found.streams);
  const was = evolve(
    compileMapping(before.project, before.mapping, []).mapping,
    contractOf(declared),
    project.warehouse.type ?? 'duckdb',
    tablesAsBefore(tables, names),
  ).mapping;
  const isPure = snapshot.mappingHashes.get(was.name) === was.hash;
  const rename: MappingRename = {
    what: 'mapping',
    from: was.name,
    to: mapping.name,
    columns: isPure ? names.stagedColumns : [],
    ...(isPure && { hash: { from: was.hash, to: mapping.hash } }),
    statements: renameStatements(project, tables, names, { from: was.name, to: mapping.name }),
  };
  if (own === undefined && !isPure) return [];
  return [{ kind: 'rename', id: `rename ${mapping.name}`, reason: reasonOf(names, rename, isPure), rename }];
}

function reasonOf(names: MappingNames, { from, to }: Renamed, isPure: boolean): string {
  const columns = new Map([...names.stagedColumns, ...names.columns].map((one) => [one.to, one.from]));
  const what = [
    ...(from === to ? [] : [`the mapping was ${from} before`]),
    ...[...columns].map(([now, was]) => `the column ${now} was ${was} before`),
    ...names.tables.map((one) => `the table ${names.schema}.${one.from} becomes ${one.to}`),
  ];
  const rows = isPure ? 'its rows stay, and nothing is read or mapped again' : 'what it has loaded stays';
  return [...(what.length === 0 ? ['its stream has another name'] : what), rows].join('; ');
}

/** The state once names are changed: what was known under the old ones is known under the new. */
export function stateAfter(snapshot: StateSnapshot, { streams, mappings }: FoundRenames): StateSnapshot {
  if (streams.length + mappings.length === 0) return snapshot;
  const streamNow = (full: string): string => {
    const found = streams.find(
      ({ source, from }) =>
        /^(?:[~@]|$)/.test(full.slice(`${source}.${from}`.length)) && full.startsWith(`${source}.${from}`),
    );
    return found === undefined
      ? full
      : `${found.source}.${found.to}${full.slice(found.source.length + 1 + found.from.length)}`;
  };
  const staged = mappings.flatMap((one) => one.staged ?? []);
  const mappingNow = (name: string): string => staged.find(({ from }) => from === name)?.to ?? name;
  const keyed = <T>(map: ReadonlyMap<string, T>, now: (key: string) => string): ReadonlyMap<string, T> =>
    new Map([...map].map(([key, value]) => [now(key), value]));
  return {
    ...snapshot,
    mappingHashes: keyed(snapshot.mappingHashes, mappingNow),
    keptPages: keyed(snapshot.keptPages, streamNow),
    shapes: keyed(snapshot.shapes, streamNow),
    overridden: keyed(snapshot.overridden, mappingNow),
    loadedMappings: new Set([...snapshot.loadedMappings].map(mappingNow)),
    behind: keyed(snapshot.behind, mappingNow),
  };
}

/** The hashes that mappings have once nothing but their names has changed. */
export function stateWith(snapshot: StateSnapshot, steps: readonly RenameStep[]): StateSnapshot {
  const hashes = new Map(snapshot.mappingHashes);
  for (const { rename } of steps)
    if (rename.what === 'mapping' && rename.hash !== undefined) hashes.set(rename.to, rename.hash.to);
  return { ...snapshot, mappingHashes: hashes };
}
