import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ConnectorFiles, SourceDocument } from '../model/project.ts';
import { codeFolders } from '../model/source-kind.ts';
import { readDocument } from './document.ts';
import { readText } from './read-text.ts';

export interface ReadConnectors {
  readonly connectors: ConnectorFiles;
  readonly diagnostics: readonly Diagnostic[];
}

/** What sources name as their connectors. */
function namedBy(documents: readonly SourceDocument[]): ReadonlySet<unknown> {
  const sources = documents.map(
    ({ value }) => value as { readonly kind?: unknown; readonly connector?: unknown } | null,
  );
  return new Set(sources.filter((one) => one?.kind === 'source').map((one) => one?.connector));
}

/** Reads the packaged connectors that the documents name. Those in the project's folder are documents themselves. */
export async function readConnectors(
  assetsFolder: string,
  documents: readonly SourceDocument[],
): Promise<ReadConnectors> {
  const folder = join(assetsFolder, 'connectors');
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const packaged = entries
    .filter((entry) => entry.isDirectory() && !codeFolders.includes(entry.name))
    .map(({ name }) => name)
    .sort();
  const named = namedBy(documents);
  const found = new Map<string, SourceDocument>();
  const diagnostics: Diagnostic[] = [];
  for (const name of packaged.filter((one) => named.has(one))) {
    // Its places name the package, not where it is installed: plans are the same on every machine.
    const file = `sluice-etl/connectors/${name}/connector.yml`;
    const document = await readConnector(join(folder, name, 'connector.yml'), file);
    if ('file' in document) found.set(name, document);
    else diagnostics.push(...document);
  }
  return { connectors: { folder, packaged, documents: found }, diagnostics };
}

/** `connector.yml` of a folder; `file` is how places name it. */
export async function readConnector(
  path: string,
  file: string,
): Promise<SourceDocument | readonly Diagnostic[]> {
  const text = await readText(path, file);
  return typeof text === 'string' ? readDocument(file, text) : [text];
}
