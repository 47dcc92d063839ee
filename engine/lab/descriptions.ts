import { describedStream, describeOf } from '../model/catalog.ts';
import type * as config from '../model/config.ts';
import { describedName, filledText } from '../model/described-text.ts';
import { valueAt } from '../model/path.ts';
import { ByteSink } from './byte-sink.ts';
import { type DataFolders, findDataFile, readDataFile } from './data-file.ts';
import { labOwner } from './lab-accounts.ts';

const servedDescription = (describe: config.Describe): config.Stream => ({
  ...describedStream(describe),
  ...(describe.lab && { lab: describe.lab }),
});

/** Names of the properties of a stream that are described; undefined where the lab has no description of it. */
export async function describedNames(
  folders: DataFolders,
  source: string,
  name: string,
  { describe }: config.Stream,
): Promise<ReadonlySet<string> | undefined> {
  if (describe === undefined) return undefined;
  const owner = labOwner(source, describeOf(name));
  const stream = servedDescription(describe);
  if (findDataFile(folders, owner, stream) === undefined) return undefined;
  const described = await readDataFile(folders, owner, stream);
  const parts = describedName(describe.name);
  const nameAt = (position: number): string => {
    const sink = new ByteSink();
    described.write(sink, position);
    const description: unknown = JSON.parse(sink.written().toString());
    return filledText(parts, (path) => String(valueAt(description, path))) ?? '';
  };
  return new Set(Array.from({ length: described.size }, (_, position) => nameAt(position)));
}

/**
 * A source with the descriptions of its streams as streams of their own: they are served like any other, under the same limits
 * and credentials. Where there is no file nothing is served.
 */
export function withDescriptions(folders: DataFolders, source: config.Source): config.Source {
  const described = Object.entries(source.streams).flatMap(([name, { describe }]) => {
    if (describe === undefined) return [];
    const stream = servedDescription(describe);
    const isThere = findDataFile(folders, labOwner(source.name, describeOf(name)), stream) !== undefined;
    return isThere ? [[describeOf(name), stream] as const] : [];
  });
  return described.length === 0
    ? source
    : { ...source, streams: { ...source.streams, ...Object.fromEntries(described) } };
}
