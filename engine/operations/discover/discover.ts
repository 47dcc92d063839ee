import type { FoundStream } from '../../model/catalog.ts';
import type * as config from '../../model/config.ts';
import type { PropertyChange } from './changes.ts';
import { generatedProperties } from './generate.ts';
import { mergeStream } from './merge.ts';

export type { PropertyChange } from './changes.ts';
export { inferProperties } from './infer.ts';
export { uniteAccounts } from './unite.ts';

export interface DiscoverInput {
  readonly source: string;
  /** As it is committed; absent the first time. */
  readonly before?: config.Catalog;
  readonly found: readonly FoundStream[];
  /** Day in UTC. */
  readonly today: string;
  /** Files that mappings use, by the stream that those read. */
  readonly used: ReadonlyMap<string, readonly string[]>;
  /** Whether properties that are archived or gone are let go. */
  readonly prune?: boolean;
}

export interface DiscoveredChanges {
  /** `source.stream`. */
  readonly stream: string;
  readonly by: config.CatalogStream['by'];
  readonly properties: number;
  readonly isNew: boolean;
  readonly changes: readonly PropertyChange[];
  readonly unknownTypes: readonly string[];
}

export interface Discovered {
  readonly catalog: config.Catalog;
  readonly streams: readonly DiscoveredChanges[];
  /** Files of properties, by their name. */
  readonly files: ReadonlyMap<string, config.Properties>;
}

const byKey = <Value>(entries: readonly (readonly [string, Value])[]): { [key: string]: Value } =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The catalog of a source with what was found now, and the files of properties that are made of it. Pure: where nothing has
 * changed the catalog is as it was, with its date. Streams that were not looked at stay as they are.
 */
export function discover({ source, before, found, today, used, prune = false }: DiscoverInput): Discovered {
  const merged = found.map((one) => ({ one, ...mergeStream(before?.streams[one.stream], one, today) }));
  const streams = byKey([
    ...Object.entries(before?.streams ?? {}),
    ...merged.map(({ one, stream }) => [one.stream, prune ? pruned(stream) : stream] as const),
  ]);
  const isSame = JSON.stringify(streams) === JSON.stringify(before?.streams);
  return {
    catalog: { kind: 'catalog', source, date: isSame ? (before?.date ?? today) : today, streams },
    streams: merged.map(({ one, stream, changes }) => ({
      stream: `${source}.${one.stream}`,
      by: one.by,
      properties: stream.properties.length,
      isNew: before?.streams[one.stream] === undefined,
      changes,
      unknownTypes: one.unknownTypes,
    })),
    files: filesOf(source, streams, used),
  };
}

const pruned = ({ by, properties }: config.CatalogStream): config.CatalogStream => ({
  by,
  properties: properties.filter(({ archived, removed }) => archived === undefined && removed === undefined),
});

function filesOf(
  source: string,
  streams: config.Catalog['streams'],
  used: DiscoverInput['used'],
): ReadonlyMap<string, config.Properties> {
  return new Map(
    Object.entries(streams).flatMap(([name, stream]) =>
      (used.get(`${source}.${name}`) ?? []).map((file): [string, config.Properties] => [
        file,
        { kind: 'properties', stream: `${source}.${name}`, properties: generatedProperties(stream) },
      ]),
    ),
  );
}
