import { describedStream, describeOf } from '../model/catalog.ts';
import type * as config from '../model/config.ts';
import { type DataFolders, findDataFile } from './data-file.ts';
import { labOwner } from './lab-accounts.ts';

/**
 * A source with the descriptions of its streams as streams of their own: they are served like any other, under the same limits
 * and credentials. Where there is no file nothing is served.
 */
export function withDescriptions(folders: DataFolders, source: config.Source): config.Source {
  const described = Object.entries(source.streams).flatMap(([name, { describe }]) => {
    if (describe === undefined) return [];
    const stream = { ...describedStream(describe), ...(describe.lab && { lab: describe.lab }) };
    const isThere = findDataFile(folders, labOwner(source.name, describeOf(name)), stream) !== undefined;
    return isThere ? [[describeOf(name), stream] as const] : [];
  });
  return described.length === 0
    ? source
    : { ...source, streams: { ...source.streams, ...Object.fromEntries(described) } };
}
